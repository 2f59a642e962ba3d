"""DynamoDB's answer to a write is lost: the caller still gets an answer, and the write happened once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Client, Verbs, problem
from tests.support.faults import just_before, lost_answers
from tests.support.in_process import InProcess
from tests.support.reset import forget_todos

pytestmark = pytest.mark.usefixtures("impatient")

# botocore tries three times, and `ledger.append` lets it try so twice.
ALL_OF_BOTOCORES_TRIES = 3
ALL_TRIES = 6


@pytest.mark.parametrize("lost", [1, 2, ALL_OF_BOTOCORES_TRIES, ALL_TRIES - 1])
@pytest.mark.parametrize("memory", ["warm", "cold"])
def test_an_answer_that_was_lost_is_healed_without_a_key(here: InProcess, lost: int, memory: str) -> None:
    todo = here.create()
    path = f"/todos/{todo['id']}"
    if memory == "cold":
        forget_todos()

    with lost_answers("PutItem", lost) as done:
        patched = here.patch(path, {"title": "x"})

    assert done["PutItem"] == lost
    assert (patched.status_code, patched.headers["ETag"]) == (200, '"2"')
    assert here.get(path).json() == patched.json()
    assert [event["version"] for event in here.events(todo["id"])] == [1, 2]


@pytest.mark.parametrize("key", [None, "k"])
def test_a_creation_whose_answer_was_lost_creates_one_todo(here: InProcess, client: Client, key: str | None) -> None:
    with lost_answers("PutItem", 1) as done:
        created = here.post("/todos", {"title": "x"}, idempotency_key=key)

    assert done["PutItem"] == 1
    assert (created.status_code, created.headers["ETag"]) == (201, '"1"')
    assert len(here.events(created.json()["id"])) == 1
    client.created_and_seen("a later one")
    assert sorted(client.titles("/todos")) == ["a later one", "x"]


@pytest.mark.parametrize("if_match", [None, '"1"'])
def test_a_healed_write_is_not_a_lost_race_even_if_another_wrote_after_it(
    here: InProcess, client: Client, if_match: str | None
) -> None:
    path = f"/todos/{here.create()['id']}"

    with lost_answers("PutItem", 1), just_before("GetItem", lambda: client.patch(path, {"notes": "another's"})):
        patched = here.patch(path, {"title": "x"}, if_match=if_match)

    assert (patched.status_code, patched.headers["ETag"]) == (200, '"2"')
    assert (patched.json()["title"], patched.json()["notes"]) == ("x", None)
    now = client.get(path).json()
    assert (now["version"], now["title"], now["notes"]) == (3, "x", "another's")


def keyed_writes(path: str) -> dict[str, tuple[Callable[[Any], Any], int]]:
    """Keyed writes and the status of their first answer."""
    return {
        "PATCH": (lambda one: one.patch(path, {"title": "x"}, idempotency_key="k"), 200),
        "PATCH with If-Match": (lambda one: one.patch(path, {"title": "x"}, if_match='"1"', idempotency_key="k"), 200),
        "PUT": (lambda one: one.put(path, {"title": "x"}, if_match='"1"', idempotency_key="k"), 200),
        "DELETE": (lambda one: one.delete(path, idempotency_key="k"), 204),
        "DELETE with If-Match": (lambda one: one.delete(path, if_match='"1"', idempotency_key="k"), 204),
    }


@pytest.mark.parametrize("repeated_by", ["the same Lambda", "another"])
@pytest.mark.parametrize("name", list(keyed_writes("")))
def test_when_every_answer_is_lost_the_clients_repeat_gets_the_first_answer(
    here: InProcess, client: Client, name: str, repeated_by: str
) -> None:
    """The write happened; the client saw a 503; another writer came; the client asks again."""
    todo = here.create()
    path = f"/todos/{todo['id']}"
    write, status = keyed_writes(path)[name]
    with lost_answers("PutItem", ALL_TRIES) as done:
        unanswered = write(here)
    assert done["PutItem"] == ALL_TRIES
    assert problem(unanswered, 503)
    assert unanswered.headers["Retry-After"].isdigit()
    if status == 204:
        client.post(f"{path}/restore")
    client.patch(path, {"title": "Another's", "notes": "another's"})
    newest = client.get(path)

    repeated = write(here if repeated_by == "the same Lambda" else client)

    assert (repeated.status_code, repeated.headers["ETag"]) == (status, '"2"')
    if status == 200:
        assert (repeated.json()["title"], repeated.json()["notes"]) == ("x", None)
    now = client.get(path)
    assert (now.headers["ETag"], now.json()) == (newest.headers["ETag"], newest.json()), "the other's change stands"


def test_when_every_answer_is_lost_a_repeated_creation_finds_the_first(here: InProcess, client: Client) -> None:
    path = f"/todos/{uuid.uuid4()}"
    writes: list[Callable[[Verbs], Any]] = [
        lambda one: one.post("/todos", {"title": "x"}, idempotency_key="k"),
        lambda one: one.put(path, {"title": "x"}, if_none_match="*", idempotency_key="k"),
    ]
    for write in writes:
        with lost_answers("PutItem", ALL_TRIES):
            problem(write(here), 503)

        created = write(client)

        assert (created.status_code, created.headers["ETag"]) == (201, '"1"')
        assert len(client.events(created.json()["id"])) == 1


def test_when_every_answer_is_lost_without_a_key_the_todo_has_the_change_and_says_so(here: InProcess) -> None:
    todo = here.create()
    path = f"/todos/{todo['id']}"

    with lost_answers("PutItem", ALL_TRIES):
        problem(here.patch(path, {"title": "x"}), 503)

    assert here.get(path).json()["title"] == "x"
    assert here.patch(path, {"title": "x"}).headers["ETag"] == '"2"'
    assert len(here.events(todo["id"])) == 2


@pytest.mark.parametrize("operation", ["Query", "GetItem"])
def test_a_read_whose_answer_was_lost_is_made_again(here: InProcess, operation: str) -> None:
    todo = here.create()
    path = f"/todos/{todo['id']}" + ("?version=1" if operation == "GetItem" else "")

    with lost_answers(operation, 2) as done:
        read = here.get(path)

    assert done[operation] == 2
    assert (read.status_code, read.json()) == (200, todo)
