"""The HTTP client of the checks. It repeats nothing and follows nothing: what the gateway sends is what counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError

from stack.smoke.outcome import CheckFailed, expect

PROBLEM: Final = "application/problem+json"
_SECONDS: Final = urllib3.Timeout(connect=5, read=35)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer, as they were sent; the names of headers as they came."""

    method: str
    target: str
    sent: Mapping[str, str]
    body: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    answer: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request; the names of headers in lower case."""

    asked: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """The body's JSON value.

        Raises
        ------
        CheckFailed
            It is none.
        """
        try:
            return json.loads(self.content)
        except ValueError:
            raise CheckFailed(f"{self} is not JSON") from None

    def expect(self, *statuses: int) -> Answer:
        """This answer, if it has one of the statuses; a check that fails otherwise."""
        expect(self.status in statuses, f"{self} instead of {' or '.join(map(str, statuses))}")
        return self

    def expect_problem(self, status: int) -> Any:
        """The problem document (RFC 9457), with the headers that every error of the API has."""
        self.expect(status)
        media_type = self.headers.get("content-type", "no type")
        expect(media_type == PROBLEM, f"{self} is of type {media_type}, not {PROBLEM}")
        for name, value in (("access-control-allow-origin", "*"), ("cache-control", "no-store")):
            expect(self.headers.get(name) == value, f"{self} has {name}: {self.headers.get(name)}, not {value}")
        document = self.json()
        expect(document.get("status") == status, f"{self} says another status in its body")
        kind = str(document.get("type"))
        expect(kind.startswith(("http://", "https://")), f"the type {kind!r} is not an absolute URL")
        return document

    def __str__(self) -> str:
        shown = self.content[:200].decode(errors="replace")
        return f"{self.asked} answered {self.status} {shown}".rstrip()


class Client:
    """The API at a URL.

    Parameters
    ----------
    url : str
        Without a slash at its end.
    token : str, optional
        Sent with each request.
    heard : callable, optional
        Called with each exchange, except for those of `quiet`.
    """

    def __init__(self, url: str, token: str | None, heard: Callable[[Exchange], None] | None = None) -> None:
        self.url = url
        self._token = token
        self._heard = heard
        self._http = urllib3.PoolManager(num_pools=1, maxsize=4, retries=False, timeout=_SECONDS)

    @property
    def quiet(self) -> Client:
        """The same, for requests whose number depends on time: they are not recorded."""
        return Client(self.url, self._token)

    def request(self, method: str, path: str, content: object = None, **headers: str) -> Answer:
        """Send a request.

        Parameters
        ----------
        content
            Bytes are sent as they are, anything else but None as JSON.
        headers : str
            By their names, with ``_`` for ``-``.

        Raises
        ------
        CheckFailed
            There is no answer.
        """
        body = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
        sent = {} if content is None else {"content-type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self._token is not None:
            sent.setdefault("authorization", f"Bearer {self._token}")
        try:
            answer = self._http.request(
                method, self.url + path, body=body or None, headers=sent, redirect=False, decode_content=False
            )
        except HTTPError as error:
            raise CheckFailed(f"{method} {path} has no answer: {error}") from error
        if self._heard is not None:
            lines = tuple(answer.headers.items())
            self._heard(Exchange(method, path, sent, body, answer.status, lines, answer.data))
        lower = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(f"{method} {path}", answer.status, lower, answer.data)

    def get(self, path: str, **headers: str) -> Answer:
        """Send a GET."""
        return self.request("GET", path, **headers)

    def post(self, path: str, content: object = None, **headers: str) -> Answer:
        """Send a POST."""
        return self.request("POST", path, content, **headers)

    def patch(self, path: str, content: object, **headers: str) -> Answer:
        """Send a PATCH."""
        return self.request("PATCH", path, content, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        """Send a DELETE."""
        return self.request("DELETE", path, **headers)
