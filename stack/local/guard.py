"""What keeps others away from the engine's AWS API, which can run any code as this user: web pages and other users.

The engine itself answers everybody, whatever the origin and without any signature. A web page can look for its port;
a name that a page controls can lead to 127.0.0.1 (DNS rebinding); and every user of the machine can connect to it. So
nothing that comes from a browser passes, nor anything for another host, nor anything without the stack's token.
"""

from __future__ import annotations

import json
import secrets
from typing import Any, Final
from urllib.parse import parse_qsl

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

# The session token of AWS credentials, in a signed request and in the query of a presigned one.
TOKEN_HEADER: Final = "X-Amz-Security-Token"  # noqa: S105 - its name

_HEADER: Final = TOKEN_HEADER.lower().encode()
# Browsers set these, and no page can leave them out: Origin (RFC 6454, section 7; Fetch, section 3.2), and the fetch
# metadata (W3C Fetch Metadata, section 2).
_ORIGIN: Final = b"origin"
_FETCH_METADATA: Final = b"sec-fetch-"
# A longer query is not searched for the token.
_MAX_QUERY_BYTES: Final = 16 * 1024


class Guard:
    """An ASGI application that passes requests with the stack's token on to the engine, and refuses all others.

    Parameters
    ----------
    engine : ASGIFramework
    port : int
        The port that requests must name in `Host`.
    token : str
        The session token that they must have.
    """

    def __init__(self, engine: ASGIFramework, port: int, token: str) -> None:
        self._engine = engine
        self._hosts = frozenset(f"{name}:{port}".encode() for name in ("127.0.0.1", "localhost", "[::1]"))
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Handle an ASGI connection."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": None})
        elif (reason := self.refusal(scope)) is None:
            await self._engine(scope, receive, send)
        else:
            await _refuse(send, reason)

    def refusal(self, scope: Any) -> str | None:
        """Why a request is refused, as a sentence for whoever sent it; None if it may pass."""
        headers: list[tuple[bytes, bytes]] = [(name.lower(), value) for name, value in scope["headers"]]
        if any(name == _ORIGIN or name.startswith(_FETCH_METADATA) for name, _ in headers):
            return "The local AWS API takes no requests from browsers."
        hosts = [value.lower() for name, value in headers if name == b"host"]
        # A target with an authority of its own would count instead of Host (RFC 9112, section 3.2.2).
        if len(hosts) != 1 or hosts[0] not in self._hosts or not scope["raw_path"].startswith(b"/"):
            return "The local AWS API answers only requests that are addressed to 127.0.0.1 or localhost with its port."
        given = [value for name, value in headers if name == _HEADER] or _tokens_in(scope["query_string"])
        if len(given) != 1 or not secrets.compare_digest(given[0], self._token):
            return "The local AWS API needs the credentials of its stack, which `python -m stack` and the loader use."
        return None


def _tokens_in(query: bytes) -> list[bytes]:
    """The session tokens in the query of a presigned request; signature version 2 writes the name in lower case."""
    if len(query) > _MAX_QUERY_BYTES or _HEADER not in query.lower():
        return []
    try:
        return [value for name, value in parse_qsl(query, max_num_fields=100) if name.lower() == _HEADER]
    except ValueError:
        return []


async def _refuse(send: ASGISendCallable, reason: str) -> None:
    # AWS's form of an error in JSON, so that SDKs show the sentence. Without CORS headers: a page must not read it.
    body = json.dumps({"__type": "AccessDeniedException", "message": reason}).encode()
    headers = (
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        # The body is not read; a connection that goes on would take it for the next request.
        (b"connection", b"close"),
    )
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
