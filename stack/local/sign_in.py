"""Signing in to the page of the local stack: a link has a code that works once, and no token.

`up` and `open` make a code, of which only a hash is stored. The page exchanges it at `SIGN_IN_PATH`, which the gateway
of the local stack answers itself: no deployed stage has that path. The code is behind the link's `#`, so that no
browser sends it with the address, and no log has it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections import deque
from pathlib import Path
from typing import Any, Final

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from chalicelib.api import media_types, problem_types
from chalicelib.api.answer_headers import NO_STORE
from chalicelib.api.problem_types import ProblemType
from stack.local.issuer import Issuer
from stack.local.state import make_private, read_json, write_json
from stack.settings import DEFAULT_SCOPE, TOKEN_SECONDS

SIGN_IN_PATH: Final = "/sign-in"
CODE_SECONDS: Final = 600
# The `client` of the events that the page makes.
CLIENT: Final = "page"

# Of codes that never were, in so many seconds: a code cannot be guessed, and nobody needs more tries.
MAX_FAILURES: Final = 10
FAILURES_SECONDS: Final = 60.0
MAX_BODY_BYTES: Final = 1024
# So long it is remembered that a code was used or has expired.
_KEPT_SECONDS: Final = 24 * 3600


def make_link(url: str, codes: Path, owner: str) -> str:
    """The page's address with a new code.

    Parameters
    ----------
    url : str
        The API's, without a slash at its end.
    codes : Path
        The directory of the codes; only this user can read it.
    owner : str
        Whose todos it opens.
    """
    make_private(codes)
    _forget_old(codes)
    code = secrets.token_urlsafe(24)
    write_json(_path(codes, code), {"owner": owner, "expires_at": time.time() + CODE_SECONDS})
    return f"{url}/#{SIGN_IN_PATH}/{code}"


class Refused(Exception):
    """A code that is not exchanged; its message says why, and what to do."""


def exchange(codes: Path, code: str) -> str:
    """The owner whose todos a code opens. It works once, whoever else tries at the same time.

    Raises
    ------
    Refused
    """
    path = _path(codes, code)
    used = path.with_suffix(".used")
    stored = read_json(path)
    if stored is None:
        if used.exists():
            raise Refused("The link was used before, and each works once. `make open` makes another.")
        raise Refused("There is no such link. `make open` makes one.")
    if time.time() >= stored["expires_at"]:
        raise Refused("The link has expired: it is valid for ten minutes. `make open` makes another.")
    try:
        path.rename(used)
    except FileNotFoundError:
        raise Refused("The link was used before, and each works once. `make open` makes another.") from None
    owner: str = stored["owner"]
    return owner


class SignIn:
    """The ASGI application at `SIGN_IN_PATH`: `{"code": …}` for an access token (as in RFC 6749, section 5.1).

    A page of another origin cannot use it: it would have to ask first for sending JSON, and gets no permission.

    Parameters
    ----------
    codes : Path
        As `make_link` takes it.
    issuer : Issuer
    port : int
        The API's.
    """

    def __init__(self, codes: Path, issuer: Issuer, port: int) -> None:
        self._codes = codes
        self._issuer = issuer
        self._base_url = f"http://127.0.0.1:{port}"
        self._origins = {self._base_url, f"http://localhost:{port}"}
        self._failures: deque[float] = deque(maxlen=MAX_FAILURES)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answer a request."""
        assert scope["type"] == "http"
        headers = {name.lower(): value for name, value in scope["headers"]}
        body = await _body(receive)
        if scope["method"] != "POST":
            status, document = self._problem(problem_types.METHOD_NOT_ALLOWED, "This path answers POST.")
        elif headers.get(b"origin", self._base_url.encode()).decode("latin-1") not in self._origins:
            status, document = self._problem(problem_types.FORBIDDEN, "Only the page of this service signs in here.")
        elif headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
            status, document = self._problem(problem_types.UNSUPPORTED_MEDIA_TYPE, "Send application/json.")
        else:
            status, document = self._exchange(body)
        await _answer(send, status, document)

    def _exchange(self, body: bytes | None) -> tuple[int, dict[str, Any]]:
        if self._is_exhausted():
            detail = "Too many wrong links were tried. Wait a minute, and try again."
            return self._problem(problem_types.TOO_MANY_REQUESTS, detail)
        code = _code_in(body)
        if code is None:
            return self._problem(problem_types.BAD_REQUEST, 'Send {"code": …} with the code of the link.')
        try:
            owner = exchange(self._codes, code)
        except Refused as refusal:
            self._failures.append(time.monotonic())
            return self._problem(problem_types.BAD_REQUEST, str(refusal))
        token = self._issuer.token(owner, client=CLIENT)
        return 200, {
            "access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": DEFAULT_SCOPE,
        }  # fmt: skip

    def _is_exhausted(self) -> bool:
        return len(self._failures) == MAX_FAILURES and time.monotonic() - self._failures[0] < FAILURES_SECONDS

    def _problem(self, kind: ProblemType, detail: str) -> tuple[int, dict[str, Any]]:
        return kind.status, kind.document(self._base_url, detail)


def _path(codes: Path, code: str) -> Path:
    return codes / f"{hashlib.sha256(code.encode()).hexdigest()}.json"


def _forget_old(codes: Path) -> None:
    for path in codes.iterdir():
        if path.stat().st_mtime < time.time() - _KEPT_SECONDS:
            path.unlink(missing_ok=True)


def _code_in(body: bytes | None) -> str | None:
    try:
        code = json.loads(body or b"")["code"]
        return code if isinstance(code, str) and code.isascii() else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


async def _body(receive: ASGIReceiveCallable) -> bytes | None:
    """The request's body; None if it is too long."""
    found, is_long, more = b"", False, True
    while more:
        message: Any = await receive()
        if message["type"] != "http.request":
            return None
        found, more = found + message.get("body", b""), message.get("more_body", False)
        is_long = is_long or len(found) > MAX_BODY_BYTES
        if is_long:
            found = b""
    return None if is_long else found


async def _answer(send: ASGISendCallable, status: int, document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    headers = [
        (b"content-type", (media_types.JSON if status == 200 else media_types.PROBLEM).encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", NO_STORE.encode()),
        (b"x-content-type-options", b"nosniff"),
        *([(b"allow", b"POST")] if status == 405 else []),
        *([(b"retry-after", str(int(FAILURES_SECONDS)).encode())] if status == 429 else []),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
