"""`"if_match": "previous"` in a batch: the version that the command before it on the same todo led to."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.todos import ids
from tests.http.batch.commands import create, new_id, results, statuses
from tests.support.client import Client


def edit(todo_id: str, title: str, key: str | None, *, op: str = "patch") -> dict[str, Any]:
    """A command that wants the version of the one before."""
    found = {"op": op, "id": todo_id, "if_match": "previous", "body": {"title": title}}
    return found if key is None else {**found, "key": key}


def test_each_command_may_rest_on_the_one_before(client: Client) -> None:
    one, other = new_id(), new_id()

    found = results(
        client,
        [
            create(one, key="a"),
            create(other, key="a"),
            edit(one, "patched", "b"),
            edit(one, "whole", "c", op="put"),
            edit(other, "patched", "b"),
            {"op": "delete", "id": one, "if_match": "previous", "key": "d"},
            {"op": "restore", "id": one, "if_match": "previous", "key": "e"},
            {"op": "revert", "id": one, "if_match": "previous", "key": "f", "body": {"to_version": 2}},
        ],
    )

    assert statuses(found) == [201, 201, 200, 200, 200, 204, 200, 200]
    assert [result["etag"] for result in found] == ['"1"', '"1"', '"2"', '"3"', '"2"', '"4"', '"5"', '"6"']


def test_the_key_of_the_request_is_enough_and_a_repeat_gets_the_same(client: Client) -> None:
    todo_id = new_id()
    commands = [create(todo_id), edit(todo_id, "mine", None)]
    first = results(client, commands, idempotency_key="b")
    assert statuses(first) == [201, 200]
    client.patch(f"/todos/{todo_id}", {"title": "another's"})

    assert results(client, commands, idempotency_key="b") == first
    assert client.get(f"/todos/{todo_id}").json()["title"] == "another's"


def test_a_todo_that_has_its_id_from_a_key_is_the_same_todo(client: Client, owner: str) -> None:
    todo_id = ids.id_for_key(ids.Owner(owner), "made")

    made, edited = results(client, [create(key="made"), edit(todo_id, "edited", "edit")])

    assert (made["id"], edited["status"], edited["etag"]) == (todo_id, 200, '"2"')


def test_what_another_wrote_since_the_command_before_is_not_overwritten(client: Client) -> None:
    todo = client.create("first")
    path = f"/todos/{todo['id']}"
    mine = {"op": "patch", "id": todo["id"], "body": {"title": "mine"}, "key": "a"}
    # The device died after this one, and another wrote before it came back.
    results(client, [mine])
    client.patch(path, {"title": "another's"})

    repeated, stale, behind = results(client, [mine, edit(todo["id"], "mine again", "b"), edit(todo["id"], "c", "c")])

    assert (repeated["status"], repeated["etag"]) == (200, '"2"')
    assert (stale["status"], stale["etag"]) == (412, '"3"')
    assert stale["problem"]["todo"]["title"] == "another's"
    assert [event["version"] for event in stale["problem"]["events"]] == [3]
    assert behind["status"] == 412
    assert [event["version"] for event in client.events(todo["id"])] == [1, 2, 3]


@pytest.mark.parametrize(
    "before",
    [
        [],
        [{"op": "patch", "body": {"title": "no key"}}],
        [{"op": "patch", "body": {"title": 7}, "key": "a"}],
        [{"op": "patch", "body": {"title": "stale"}, "if_match": '"9"', "key": "a"}],
        [
            {"op": "patch", "body": {"title": "keyed"}, "key": "a"},
            {"op": "patch", "body": {"title": "not keyed"}},
        ],
    ],
    ids=["nothing", "without a key", "bad", "refused", "not the last"],
)
def test_without_a_command_before_it_that_a_repeat_would_find_it_is_refused(
    client: Client, before: list[dict[str, Any]]
) -> None:
    todo = client.create("first")

    *_, last = results(client, [{**each, "id": todo["id"]} for each in before] + [edit(todo["id"], "mine", "k")])

    assert last["status"] == 412
    assert last["problem"]["events"] == []
    assert last["problem"]["todo"]["title"] == client.get(f"/todos/{todo['id']}").json()["title"] != "mine"


def test_the_command_before_on_another_todo_does_not_count(client: Client) -> None:
    todo = client.create("first")

    _, last = results(client, [create(key="a"), edit(todo["id"], "mine", "b")])

    assert last["status"] == 412


def test_of_what_never_was_it_is_not_found(client: Client) -> None:
    (only,) = results(client, [edit(new_id(), "mine", "a")])

    assert only["status"] == 404
