"""The API's client in tests: its verbs, over a kept-alive connection, and what its answers are checked for."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import quote

import requests

from chalicelib.api.problem_types import TYPES
from tests.support import conformance
from tests.support.waiting import PATIENCE_SECONDS, eventually

PROBLEM: Final = "application/problem+json"
MERGE_PATCH: Final = "application/merge-patch+json"
NOTHING: Final = object()


class Verbs:
    """The API's methods; each header is a keyword, such as ``if_match='"1"'`` or ``idempotency_key="a"``."""

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        raise NotImplementedError

    def request(self, method: str, path: str, content: object = NOTHING, **headers: str | list[str] | None) -> Any:
        """`content` becomes JSON, bytes are sent as they are. A header of None is left out.

        A list is a header in several lines; only in process.
        """
        sent: dict[str, Any] = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        body = None
        if content is not NOTHING:
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            if "content_type" not in headers:
                sent["content-type"] = "application/json"
        return self.send(method, path, body, sent)

    def get(self, path: str, **headers: str | list[str] | None) -> Any:
        return self.request("GET", path, **headers)

    def head(self, path: str, **headers: str | list[str] | None) -> Any:
        return self.request("HEAD", path, **headers)

    def post(self, path: str, content: object = NOTHING, **headers: str | list[str] | None) -> Any:
        return self.request("POST", path, content, **headers)

    def put(self, path: str, content: object = NOTHING, **headers: str | list[str] | None) -> Any:
        return self.request("PUT", path, content, **headers)

    def patch(self, path: str, content: object = NOTHING, **headers: str | list[str] | None) -> Any:
        return self.request("PATCH", path, content, **headers)

    def delete(self, path: str, **headers: str | list[str] | None) -> Any:
        return self.request("DELETE", path, **headers)

    @property
    def seen(self) -> Seen:
        """The same client, whose writes of a todo return only when lists and counts show them."""
        return Seen(self)

    def create(self, title: str = "Buy milk", **fields: Any) -> dict[str, Any]:
        """A todo of these fields, as the API answers it."""
        created = self.post("/todos", {"title": title, **fields})
        assert created.status_code == 201, created.text
        todo: dict[str, Any] = created.json()
        return todo

    def created_and_seen(self, title: str = "Buy milk", **fields: Any) -> dict[str, Any]:
        """A todo of these fields that the views show already."""
        created = self.seen.post("/todos", {"title": title, **fields})
        assert created.status_code == 201, created.text
        todo: dict[str, Any] = created.json()
        return todo

    def events(self, todo_id: str) -> list[dict[str, Any]]:
        """The whole history of a todo, page by page."""
        return [event for page in self.pages(f"/todos/{todo_id}/events?limit=200") for event in page]

    def pages(self, path: str) -> list[list[Any]]:
        """Every page of a collection, following its links to the end."""
        pages = []
        while path:
            answer = self.get(path)
            assert answer.status_code == 200, answer.text
            pages.append(answer.json())
            path = next_path(answer)
            assert len(pages) < 1000, "the links lead round in a circle"
        return pages

    def rows(self, path: str) -> list[Any]:
        return [row for page in self.pages(path) for row in page]

    def titles(self, path: str) -> list[str]:
        return [row["title"] for row in self.rows(path)]

    def stats(self) -> dict[str, int]:
        answer = self.get("/stats")
        assert answer.status_code == 200, answer.text
        counts: dict[str, int] = answer.json()
        return counts

    def lists(self) -> dict[str, tuple[int, int, int]]:
        """The (total, open, completed) of each list."""
        return {row["list"]: (row["total"], row["open"], row["completed"]) for row in self.rows("/lists?limit=200")}


class Seen(Verbs):
    """Writes each todo, and waits until the views have it."""

    def __init__(self, writer: Verbs) -> None:
        self._writer = writer

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        answer = self._writer.send(method, path, body, {"prefer": "wait=10", **headers})
        assert answer.status_code < 300, answer.text
        # The service waits for so long and no longer, but the machine can be busy with other things.
        if "Preference-Applied" not in answer.headers:
            eventually(lambda: self._is_seen(path, answer))
        return answer

    def _is_seen(self, path: str, answer: Any) -> bool:
        versions = {row["id"]: row["version"] for row in self._writer.rows("/todos")}
        if answer.status_code == 204:
            return path.split("/")[2] not in versions
        written = answer.json()
        return bool(versions.get(written["id"], 0) >= written["version"])


class Client(Verbs):
    """One owner, over HTTP, on a connection that is kept alive."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url
        self.token = token
        # How many seconds it waits for an answer; or two numbers, for the connection and for the answer.
        self.patience: float | tuple[float, float] = PATIENCE_SECONDS
        self._session = requests.Session()
        # Neither a proxy nor a .netrc of the machine has a part in this.
        self._session.trust_env = False

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> requests.Response:
        answer = self.answer_to(method, path, body, headers)
        conformance.check(method, path, answer.status_code, answer.headers, answer.text)
        return answer

    def answer_to(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> requests.Response:
        """Send a request; the answer may be none of the contract's."""
        known = {"authorization": f"Bearer {self.token}"} if self.token is not None else {}
        return self._session.request(
            method, self.url + path, data=body, headers={**known, **headers}, timeout=self.patience
        )

    def another(self) -> Client:
        """The same owner on a connection of its own, for a thread of its own."""
        return Client(self.url, self.token)

    def options(self, path: str, **headers: str | list[str] | None) -> Any:
        return self.request("OPTIONS", path, **headers)


def next_path(answer: Any) -> str:
    """The path of the next page, as the `Link` header has it; empty after the last."""
    link = answer.headers.get("Link")
    if link is None:
        return ""
    target, relation = str(link).split(">")
    assert relation == '; rel="next"', link
    return "/" + target.removeprefix("<").split("/", 3)[3]


def list_path(name: str) -> str:
    return f"/lists/{quote(name, safe='')}/todos"


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The problem document of an answer that must be one, of this status (RFC 9457)."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    kind = TYPES[problem_name(document)]
    assert (document["title"], document["status"]) == (kind.title, kind.status)
    assert document["detail"]
    return document


def problem_name(document: dict[str, Any]) -> str:
    """The last part of a problem's type, which must be the absolute address of its page."""
    found = re.fullmatch(r"https?://[^/]+(?:/[^/]+)?/problems/([a-z-]+)", document["type"])
    assert found is not None, document["type"]
    return found[1]


def pointers(answer: Any) -> set[str]:
    """Where bad input is bad, by the answer's own words."""
    return {error["pointer"] for error in problem(answer, 400)["errors"]}
