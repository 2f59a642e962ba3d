"""DELETE, restore and revert: each an event more; the history stays."""

from __future__ import annotations

import pytest

from chalicelib.api.media_types import JSON_PATCH
from tests.support.client import NOTHING, Client, pointers, problem
from tests.support.faults import just_before
from tests.support.in_process import InProcess


def test_a_deleted_todo_is_gone_but_its_history_stays(client: Client) -> None:
    todo = client.create()
    path = f"/todos/{todo['id']}"

    deleted = client.delete(path)

    assert (deleted.status_code, deleted.text, deleted.headers["ETag"]) == (204, "", '"2"')
    gone = client.get(path)
    assert ("todo" in problem(gone, 410), gone.headers["ETag"]) == (False, '"2"')
    problem(client.delete(path), 410)
    assert [event["type"] for event in client.events(todo["id"])] == ["TodoCreated", "TodoDeleted"]


def test_a_write_of_a_deleted_todo_is_told_what_it_was_and_what_happened_since(client: Client) -> None:
    path = f"/todos/{client.create('first')['id']}"
    last = client.patch(path, {"title": "last"}).json()
    client.delete(path)
    events = client.events(last["id"])

    for refused in (
        client.patch(path, {"title": "mine"}, if_match='"1"'),
        client.patch(path, [{"op": "add", "path": "/title", "value": "mine"}], if_match='"1"', content_type=JSON_PATCH),
        client.put(path, {"title": "mine"}, if_match='"1"'),
        client.delete(path, if_match='"1"'),
    ):
        gone = problem(refused, 410)
        assert gone["todo"] == {**last, "version": 3, "updated_at": events[2]["occurred_at"]}
        assert gone["events"] == events[1:]
        assert refused.headers["ETag"] == '"3"'


@pytest.mark.parametrize("if_match", [None, "*", '"3"', '"9"', 'W/"1"'])
def test_who_knows_of_the_deletion_or_names_no_version_gets_no_events(client: Client, if_match: str | None) -> None:
    path = f"/todos/{client.create()['id']}"
    client.patch(path, {"title": "last"})
    client.delete(path)

    gone = problem(client.patch(path, {"title": "mine"}, if_match=if_match), 410)

    assert (gone["todo"]["title"], gone["events"]) == ("last", [])


def test_a_batch_has_the_events_of_a_deleted_todo_once(client: Client) -> None:
    todo = client.create("first")
    client.delete(f"/todos/{todo['id']}")
    stale = {"op": "patch", "id": todo["id"], "if_match": '"1"', "body": {"title": "mine"}}

    first, second = client.post("/batch", {"commands": [stale, stale]}).json()["results"]

    assert (first["status"], first["etag"], first["problem"]["todo"]["title"]) == (410, '"2"', "first")
    assert [event["type"] for event in first["problem"]["events"]] == ["TodoDeleted"]
    assert second["problem"] == {**first["problem"], "events": []}


def test_one_that_is_deleted_while_its_version_is_compared_is_reported_as_deleted(
    here: InProcess, client: Client
) -> None:
    path = f"/todos/{here.create('first')['id']}"

    with just_before("PutItem", lambda: client.delete(path)):
        gone = problem(here.patch(path, {"title": "mine"}, if_match='"1"'), 410)

    assert (gone["todo"]["title"], [event["version"] for event in gone["events"]]) == ("first", [2])


def test_delete_obeys_if_match(client: Client) -> None:
    path = f"/todos/{client.create()['id']}"
    client.patch(path, {"title": "x"})

    problem(client.delete(path, if_match='"1"'), 412)
    assert client.delete(path, if_match='"2"').status_code == 204


def test_restore_brings_a_deleted_todo_back_as_it_was(client: Client) -> None:
    todo = client.create(notes="semi-skimmed", completed=True)
    path = f"/todos/{todo['id']}"
    client.delete(path)

    restored = client.post(f"{path}/restore")

    assert (restored.status_code, restored.headers["ETag"]) == (200, '"3"')
    assert {name for name in todo if todo[name] != restored.json()[name]} == {"version", "updated_at"}
    assert client.events(todo["id"])[-1]["type"] == "TodoRestored"


def test_restoring_a_live_todo_changes_nothing(client: Client) -> None:
    todo = client.create()

    restored = client.post(f"/todos/{todo['id']}/restore")

    assert (restored.status_code, restored.headers["ETag"], restored.json()) == (200, '"1"', todo)
    assert len(client.events(todo["id"])) == 1


def test_restore_and_revert_obey_if_match(client: Client) -> None:
    path = f"/todos/{client.create()['id']}"
    client.delete(path)

    for undo, body in (("restore", NOTHING), ("revert", {"to_version": 1})):
        stale = problem(client.post(f"{path}/{undo}", body, if_match='"1"'), 412)
        assert (stale["detail"], stale["todo"]) == ("The todo was deleted at version 2.", None)
        assert [event["type"] for event in stale["events"]] == ["TodoDeleted"]
    assert client.post(f"{path}/restore", if_match='"2"').status_code == 200
    problem(client.post(f"{path}/revert", {"to_version": 1}, if_match='"2"'), 412)


def test_what_is_not_to_be_changed_at_a_version_stays(client: Client) -> None:
    todo = client.create()
    path = f"/todos/{todo['id']}"

    for tag in ("*", '"1"', 'W/"1"'):
        for refused in (
            client.patch(path, {"title": "x"}, if_none_match=tag),
            client.delete(path, if_none_match=tag),
            client.post(f"{path}/restore", if_none_match=tag),
            client.post(f"{path}/revert", {"to_version": 1}, if_none_match=tag),
        ):
            assert problem(refused, 412)["todo"] == todo
    assert len(client.events(todo["id"])) == 1
    assert client.patch(path, {"title": "x"}, if_none_match='"7"').status_code == 200
    assert client.delete(path, if_none_match='"1"').status_code == 204
    assert client.post(f"{path}/restore", if_none_match="*").status_code == 200


def test_revert_brings_back_the_content_of_a_version(client: Client) -> None:
    todo = client.create("First", tags=["a"])
    path = f"/todos/{todo['id']}"
    client.patch(path, {"title": "Second", "completed": True, "tags": None})

    reverted = client.post(f"{path}/revert", {"to_version": 1})

    assert (reverted.status_code, reverted.headers["ETag"]) == (200, '"3"')
    assert {name for name in todo if todo[name] != reverted.json()[name]} == {"version", "updated_at"}
    newest = client.events(todo["id"])[-1]
    assert newest["type"] == "TodoReverted"
    assert newest["change"] == {"title": "First", "completed": False, "tags": ["a"]}


def test_revert_to_what_it_is_changes_nothing(client: Client) -> None:
    todo = client.create()

    reverted = client.post(f"/todos/{todo['id']}/revert", {"to_version": 1})

    assert (reverted.status_code, reverted.headers["ETag"], reverted.json()) == (200, '"1"', todo)


def test_revert_of_a_deleted_todo_restores_it(client: Client) -> None:
    path = f"/todos/{client.create('First')['id']}"
    client.patch(path, {"title": "Second"})
    client.delete(path)

    reverted = client.post(f"{path}/revert", {"to_version": 1})

    assert (reverted.status_code, reverted.json()["title"]) == (200, "First")
    assert client.get(path).json() == reverted.json()


def test_revert_to_a_deletion_is_refused(client: Client) -> None:
    path = f"/todos/{client.create()['id']}"
    client.delete(path)
    client.post(f"{path}/restore")

    problem(client.post(f"{path}/revert", {"to_version": 2}), 400)


@pytest.mark.parametrize(
    "body", [{}, {"to_version": "1"}, {"to_version": 0}, {"to_version": True}, {"to_version": 9}, []]
)
def test_revert_needs_a_version_that_the_todo_has(client: Client, body: object) -> None:
    assert pointers(client.post(f"/todos/{client.create()['id']}/revert", body)) == {"#/to_version"}


def test_revert_takes_nothing_but_the_version(client: Client) -> None:
    problem(client.post(f"/todos/{client.create()['id']}/revert", {"to_version": 1, "title": "x"}), 400)
