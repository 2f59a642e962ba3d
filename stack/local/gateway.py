"""The local API's short address: requests to its port go to the deployed REST API, all others to the guard."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

from chalicelib.api import media_types, problem_types
from chalicelib.api.answer_headers import EXPOSED, NO_STORE
from chalicelib.api.routes import MCP_PATH
from stack.aws import LOOPBACK
from stack.local.sign_in import SIGN_IN_PATH
from stack.local.state import read_json

KEY_SET_PATH = "/.well-known/jwks.json"
# Part of the path by which the engine takes a request to a deployed REST API.
FUNCTION_PATH = "/_user_request_"

# What a REST API makes of the headers of a Lambda's answer: it renames some, and drops others (API Gateway Developer
# Guide, "Amazon API Gateway important notes for REST APIs"). The engine passes them on.
RENAMED = (
    b"authorization", b"connection", b"content-md5", b"date", b"max-forwards", b"server", b"user-agent",
    b"www-authenticate",
)  # fmt: skip
DROPPED = (
    b"expect", b"host", b"proxy-authenticate", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"via",
)  # fmt: skip
# On the gateway's own answers, which are not changed.
ERROR_TYPE = b"x-amzn-errortype"

# What a page of another site, or one that was led here by its name, gets of the server for assistants.
_FOREIGN = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": -32600, "message": "The local server answers only clients and pages of this machine."},
    }
).encode()

# A request's target is a path, or an address with one (RFC 9112, section 3.2). Anything else would not be a path below
# the REST API, and the engine would take it for a request to one of its own services.
_TARGET = re.compile(rb"(https?://[^/]*)?(?P<path>/.*)?", re.DOTALL | re.IGNORECASE)


class Gateway:
    """An ASGI application in front of the engine.

    Parameters
    ----------
    engine : ASGIFramework
        The engine's own application.
    guard : ASGIFramework
        The engine as others may use it: what serves all other ports.
    api_port : int
        Requests to this port are for the API.
    api_record : Path
        The JSON file that names the REST API and its stage, once one is deployed.
    key_set : dict
        The token issuer's public keys (RFC 7517), served beside the API.
    sign_in : ASGIFramework
        What exchanges one-time codes for tokens, at `SIGN_IN_PATH` beside the API.
    failure : callable
        Why nothing can be acknowledged at present; None if it can.
    """

    def __init__(
        self,
        engine: ASGIFramework,
        guard: ASGIFramework,
        api_port: int,
        api_record: Path,
        key_set: dict[str, Any],
        sign_in: ASGIFramework,
        failure: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._guard = guard
        self._api_port = api_port
        self._api_record = api_record
        self._key_set = json.dumps(key_set).encode()
        self._sign_in = sign_in
        self._failure = failure

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Handle an ASGI connection."""
        if scope["type"] == "lifespan":
            await self._engine(scope, receive, send)
        elif (scope["server"] or ("", None))[1] != self._api_port:
            await self._guard(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": None})
        elif scope["path"] == KEY_SET_PATH:
            await _answer(send, 200, "application/json", self._key_set)
        elif scope["path"] == SIGN_IN_PATH:
            await self._sign_in(scope, receive, send)
        else:
            await self._forward(scope, receive, send)

    async def _forward(self, scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        base_url = f"http://127.0.0.1:{self._api_port}"
        if (failure := self._failure()) is not None:
            document = problem_types.UNAVAILABLE.document(base_url, f"The local engine answers nothing: {failure}.")
            await _answer(send, 503, media_types.PROBLEM, json.dumps(document).encode(), ((b"retry-after", b"1"),))
            return
        api = read_json(self._api_record)
        if api is None:
            await _answer(send, 503, media_types.PROBLEM, not_deployed(base_url), ((b"retry-after", b"1"),))
            return
        target = _TARGET.fullmatch(scope["raw_path"])
        if target is None:
            document = problem_types.BAD_REQUEST.document(base_url, "The request's target is not a path.")
            await _answer(send, 400, media_types.PROBLEM, json.dumps(document).encode())
            return
        # AWS passes the path to Lambda percent-encoded: decoded, a "%2F" in a list's name would split it.
        requested = (target["path"] or b"/").decode("latin-1")
        if requested.partition("?")[0] == MCP_PATH and not is_of_this_machine(scope["headers"]):
            await _answer(send, 403, media_types.JSON, _FOREIGN)
            return
        path = f"/restapis/{api['id']}/{api['stage']}{FUNCTION_PATH}{requested}"
        # The engine also routes by Host: a client's name for this machine must not select a service.
        host = f"127.0.0.1:{self._api_port}".encode()
        headers = [(name, host if name == b"host" else value) for name, value in scope["headers"]]
        forwarded: Any = {**scope, "path": path, "raw_path": path.encode(), "headers": headers}

        async def send_on(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _headers(scope["method"], message["status"], message["headers"])}
            await send(message)

        await self._engine(forwarded, receive, send_on)


def is_of_this_machine(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request names this machine as its host, and comes from no page of another.

    A name that a page controls can lead to 127.0.0.1 (DNS rebinding), and assistants often run beside a browser.
    """
    given = [(name.lower(), value.decode("latin-1")) for name, value in headers]
    hosts = [f"//{value}" for name, value in given if name == b"host"]
    origins = [value for name, value in given if name == b"origin"]
    return len(hosts) == 1 and all(_is_loopback(address) for address in [*hosts, *origins])


def _is_loopback(address: str) -> bool:
    try:
        return urlsplit(address).hostname in LOOPBACK
    except ValueError:
        return False


def _headers(method: str, status: int, given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer that the engine gave, or refused to give."""
    names = {name.lower() for name, _ in given}
    headers = given if ERROR_TYPE in names else [renamed for pair in given for renamed in _passed_on(*pair)]
    if method == "HEAD" or status == 304:
        # The engine counts the empty body, but Content-Length would be that of a GET (RFC 9110, 8.6).
        headers = [pair for pair in headers if pair[0].lower() != b"content-length"]
    if not any(name.lower() == b"cache-control" for name, _ in headers):
        # A refusal of the engine's own, which no template describes.
        headers = [*headers, (b"cache-control", NO_STORE.encode())]
    return headers


def _passed_on(name: bytes, value: bytes) -> list[tuple[bytes, bytes]]:
    """A header of a Lambda's answer as the gateway passes it on, if it does."""
    lower = name.lower()
    if lower in DROPPED:
        return []
    return [(b"x-amzn-remapped-" + lower if lower in RENAMED else name, value)]


def not_deployed(base_url: str) -> bytes:
    """The problem document (RFC 9457) for requests that come before the API is deployed."""
    return json.dumps(problem_types.UNAVAILABLE.document(base_url, "The API is being deployed.")).encode()


async def _answer(
    send: ASGISendCallable, status: int, media_type: str, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    described = (
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", NO_STORE.encode()),
        (b"access-control-allow-origin", b"*"),
        (b"access-control-expose-headers", ",".join(EXPOSED).encode()),
        (b"x-content-type-options", b"nosniff"),
        *headers,
    )
    await send({"type": "http.response.start", "status": status, "headers": described})
    await send({"type": "http.response.body", "body": body, "more_body": False})
