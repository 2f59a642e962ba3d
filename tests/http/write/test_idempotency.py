"""An Idempotency-Key makes a write happen once: each repeat gets the first answer, whatever happened since."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.support.client import Client, list_path, problem
from tests.support.waiting import at_once

Write = Callable[[Client], Any]


class Case:
    """A keyed write on a todo that has been prepared for it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.path = ""

    def prepare(self, name: str) -> Write:
        key = f"key-{uuid.uuid4()}"
        if name == "POST":
            return lambda client: self._noting(client.post("/todos", {"title": "x"}, idempotency_key=key))
        if name == "POST to a list":
            return lambda client: self._noting(client.post(list_path("a/b"), {"title": "x"}, idempotency_key=key))
        if name == "PUT that creates":
            self.path = f"/todos/{uuid.uuid4()}"
            return lambda client: client.put(self.path, {"title": "x"}, if_none_match="*", idempotency_key=key)
        todo = self.client.create("First")
        self.path = path = f"/todos/{todo['id']}"
        if name in ("PUT that restores", "restore"):
            self.client.delete(path)
        if name == "revert":
            self.client.patch(path, {"title": "Second"})
        writes: dict[str, Write] = {
            "PUT that restores": lambda c: c.put(path, {"title": "x"}, if_none_match="*", idempotency_key=key),
            "PUT that replaces": lambda c: c.put(path, {"title": "x"}, if_match='"1"', idempotency_key=key),
            "PATCH": lambda c: c.patch(path, {"title": "x"}, idempotency_key=key),
            "PATCH with If-Match": lambda c: c.patch(path, {"title": "x"}, if_match='"1"', idempotency_key=key),
            "PATCH that changes nothing": lambda c: c.patch(path, {"title": "First"}, idempotency_key=key),
            "DELETE": lambda c: c.delete(path, idempotency_key=key),
            "DELETE with If-Match": lambda c: c.delete(path, if_match='"1"', idempotency_key=key),
            "restore": lambda c: c.post(f"{path}/restore", idempotency_key=key),
            "restore of a live one": lambda c: c.post(f"{path}/restore", idempotency_key=key),
            "revert": lambda c: c.post(f"{path}/revert", {"to_version": 1}, idempotency_key=key),
        }
        return writes[name]

    def _noting(self, answer: Any) -> Any:
        self.path = f"/todos/{answer.json()['id']}"
        return answer

    def happens(self) -> None:
        """Others change the todo: edit, complete, delete, restore."""
        if self.client.get(self.path).status_code == 410:
            self.client.post(f"{self.path}/restore")
        self.client.patch(self.path, {"title": "Another's", "completed": True})
        self.client.delete(self.path)
        self.client.post(f"{self.path}/restore")


NAMES = [
    "POST", "POST to a list", "PUT that creates", "PUT that restores", "PUT that replaces", "PATCH",
    "PATCH with If-Match", "PATCH that changes nothing", "DELETE", "DELETE with If-Match", "restore",
    "restore of a live one", "revert",
]  # fmt: skip


@pytest.fixture
def case(client: Client) -> Case:
    """A todo, and the keyed write that is tried on it."""
    return Case(client)


def told(answer: Any) -> tuple[int, str, str | None, str]:
    """What of an answer must be the same each time."""
    return answer.status_code, answer.headers["ETag"], answer.headers.get("Location"), answer.text


@pytest.mark.parametrize("name", NAMES)
def test_a_repeat_gets_the_first_answer_again_even_if_newer_versions_exist(case: Case, name: str) -> None:
    write = case.prepare(name)
    first = write(case.client)
    assert first.status_code in (200, 201, 204), first.text
    at_once_again = write(case.client)
    case.happens()
    newest = case.client.get(case.path).json()

    later = write(case.client.another())

    assert told(first) == told(at_once_again) == told(later)
    assert case.client.get(case.path).json() == newest, "what others did stands"


@pytest.mark.parametrize("name", NAMES)
def test_a_repeat_gets_the_first_answer_also_of_a_todo_that_was_deleted(case: Case, name: str) -> None:
    write = case.prepare(name)
    first = write(case.client)
    if not name.startswith("DELETE"):
        case.client.delete(case.path)

    assert told(write(case.client)) == told(first)
    problem(case.client.get(case.path), 410)


@pytest.mark.parametrize("name", ["POST", "PUT that creates", "PATCH", "PATCH with If-Match", "DELETE", "restore"])
def test_twenty_at_once_with_one_key_are_one_write_and_get_one_answer(case: Case, name: str) -> None:
    write = case.prepare(name)
    clients = [case.client.another() for _ in range(20)]
    before = 0 if name in ("POST", "PUT that creates") else len(case.client.get(f"{case.path}/events").json())

    answers = at_once([partial(write, client) for client in clients])

    assert len({told(answer) for answer in answers}) == 1, [told(answer) for answer in answers]
    assert answers[0].status_code in (200, 201, 204)
    assert len(case.client.get(f"{case.path}/events").json()) == before + 1
