"""A warm process remembers the newest event of a todo; if that is out of date, no answer depends on it.

The deployed Lambda and this process are two warm processes: this one remembers version 1, the other writes version 2.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client, problem
from tests.support.faults import counted
from tests.support.in_process import InProcess
from tests.support.reset import forget_todos


@pytest.fixture
def todo(here: InProcess) -> dict[str, Any]:
    """A todo that this process remembers at version 1."""
    return here.create("First", notes="n")


@pytest.fixture
def path(todo: dict[str, Any], client: Client) -> str:
    """The todo's path, once the other process has written version 2."""
    path = f"/todos/{todo['id']}"
    assert client.patch(path, {"title": "Second"}).headers["ETag"] == '"2"'
    return path


def test_a_patch_that_would_change_nothing_of_the_remembered_todo_is_not_swallowed(here: InProcess, path: str) -> None:
    patched = here.patch(path, {"title": "First"})

    assert (patched.status_code, patched.headers["ETag"], patched.json()["title"]) == (200, '"3"', "First")


def test_a_patch_that_changes_nothing_any_more_makes_no_event(here: InProcess, path: str) -> None:
    patched = here.patch(path, {"title": "Second"})

    assert (patched.status_code, patched.headers["ETag"]) == (200, '"2"')


def test_a_patch_is_decided_on_the_newest_state(here: InProcess, path: str) -> None:
    patched = here.patch(path, {"notes": "mine"})

    assert patched.headers["ETag"] == '"3"'
    assert (patched.json()["title"], patched.json()["notes"]) == ("Second", "mine")


def test_the_remembered_version_is_not_called_unchanged(here: InProcess, path: str) -> None:
    read = here.get(path, if_none_match='"1"')

    assert (read.status_code, read.headers["ETag"], read.json()["title"]) == (200, '"2"', "Second")
    assert here.get(path, if_none_match='"2"').status_code == 304


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_the_newest_version_is_accepted_though_an_older_one_is_remembered(
    here: InProcess, path: str, method: str
) -> None:
    content = () if method == "delete" else ({"title": "Third"},)

    written = getattr(here, method)(path, *content, if_match='"2"')

    assert written.status_code in (200, 204)
    assert written.headers["ETag"] == '"3"'


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_the_remembered_version_is_refused_with_what_happened_since(here: InProcess, path: str, method: str) -> None:
    content = () if method == "delete" else ({"title": "Third"},)

    document = problem(getattr(here, method)(path, *content, if_match='"1"'), 412)

    assert (document["todo"]["title"], document["todo"]["version"]) == ("Second", 2)
    assert [event["version"] for event in document["events"]] == [2]


def test_what_is_deleted_by_now_is_gone_though_remembered_alive(here: InProcess, client: Client, path: str) -> None:
    client.delete(path)

    for answer in (
        here.patch(path, {"title": "x"}),
        here.patch(path, {"title": "First"}),
        here.put(path, {"title": "x"}, if_match='"1"'),
        here.delete(path),
        here.get(path, if_none_match='"1"'),
    ):
        problem(answer, 410)
        forget_todos()


def test_what_lives_again_is_not_called_gone_though_remembered_deleted(
    here: InProcess, client: Client, path: str
) -> None:
    here.delete(path)
    client.post(f"{path}/restore")

    assert here.patch(path, {"title": "x"}).headers["ETag"] == '"5"'


@pytest.mark.parametrize("asked", ["delete", "restore", "create"])
def test_a_refusal_or_nothing_to_do_is_never_said_from_memory(
    here: InProcess, client: Client, path: str, asked: str
) -> None:
    here.delete(path)
    client.post(f"{path}/restore")
    if asked == "delete":
        assert here.delete(path).status_code == 204
        return
    here.patch(path, {"notes": "remembered alive"})
    client.delete(path)
    if asked == "restore":
        restored = here.post(f"{path}/restore")
        assert restored.status_code == 200
        assert client.get(path).json() == restored.json()
    else:
        assert here.put(path, {"title": "x"}, if_none_match="*").status_code == 201


def test_a_bad_patch_of_the_remembered_todo_may_be_a_good_one_of_the_newest(here: InProcess, client: Client) -> None:
    """Whether a patch leads to a valid todo depends on the todo: here, on how much metadata there is already."""
    todo = here.create(metadata={"a": "x" * 3000})
    path = f"/todos/{todo['id']}"
    problem(here.patch(path, {"metadata": {"b": "x" * 3000}}), 400)
    client.patch(path, {"metadata": {"a": None}})

    assert here.patch(path, {"metadata": {"b": "x" * 3000}}).headers["ETag"] == '"3"'


def test_a_keyed_repeat_of_what_the_other_process_did_is_found(here: InProcess, client: Client, path: str) -> None:
    done = client.patch(path, {"title": "x"}, idempotency_key="k")
    client.patch(path, {"title": "y"})

    repeated = here.patch(path, {"title": "x"}, idempotency_key="k")

    assert (repeated.status_code, repeated.headers["ETag"], repeated.json()) == (200, '"3"', done.json())
    problem(here.patch(path, {"title": "z"}, idempotency_key="k"), 422)


def test_memory_was_really_used(here: InProcess, todo: dict[str, Any]) -> None:
    """Else nothing above would say anything: a remembered todo is written without being read."""
    with counted() as traffic:
        here.patch(f"/todos/{todo['id']}", {"title": "x"})

    assert traffic.requests == {"PutItem": 1}
