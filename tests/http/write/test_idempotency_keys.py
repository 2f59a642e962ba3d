"""What an Idempotency-Key covers, whose it is, and what the ledger keeps of it."""

from __future__ import annotations

import uuid

from tests.http.write.test_idempotency import told
from tests.support.client import Client, problem


def test_a_key_reused_for_another_request_is_refused(client: Client) -> None:
    path = f"/todos/{client.create()['id']}"
    assert client.patch(path, {"title": "x"}, idempotency_key="k").status_code == 200

    for answer in (
        client.patch(path, {"title": "y"}, idempotency_key="k"),
        client.put(path, {"title": "x"}, if_match="*", idempotency_key="k"),
        client.delete(path, idempotency_key="k"),
        client.post(f"{path}/restore", idempotency_key="k"),
        client.post(f"{path}/revert", {"to_version": 1}, idempotency_key="k"),
    ):
        problem(answer, 422)
    assert client.get(path).headers["ETag"] == '"2"'
    client.post("/todos", {"title": "x"}, idempotency_key="k")
    problem(client.post("/todos", {"title": "y"}, idempotency_key="k"), 422)


def test_the_reuse_is_reported_before_any_precondition(client: Client) -> None:
    path = f"/todos/{client.create()['id']}"
    client.patch(path, {"title": "x"}, idempotency_key="k")
    client.delete(path)

    problem(client.patch(path, {"title": "y"}, if_match='"1"', idempotency_key="k"), 422)


def test_the_same_request_may_be_written_differently(client: Client) -> None:
    """The order of names, the space between them, preconditions and Prefer are no part of what was asked."""
    path = f"/todos/{client.create()['id']}"
    first = client.patch(path, b'{"title": "x", "metadata": {"a": 1, "b": 2}}', idempotency_key="k")

    again = client.patch(
        path, b'{"metadata":{"b":2,"a":1},"title":"\\u0078"}', idempotency_key="k", if_match='"7"', prefer="wait=5"
    )

    assert told(again) == told(first)


def test_a_put_that_created_is_answered_so_also_when_repeated_with_another_precondition(client: Client) -> None:
    path = f"/todos/{uuid.uuid4()}"
    first = client.put(path, {"title": "x"}, if_none_match="*", idempotency_key="k")

    again = client.put(path, {"title": "x"}, if_match='"1"', idempotency_key="k")

    assert told(again) == told(first)


def test_keys_belong_to_one_todo(client: Client) -> None:
    one, other = (f"/todos/{client.create()['id']}" for _ in range(2))

    assert client.patch(one, {"title": "x"}, idempotency_key="k").status_code == 200
    assert client.patch(other, {"title": "y"}, idempotency_key="k").status_code == 200


def test_any_visible_ascii_makes_a_key(client: Client) -> None:
    key = "".join(map(chr, range(0x21, 0x7F)))

    first = client.post("/todos", {"title": "x"}, idempotency_key=key)

    assert told(client.post("/todos", {"title": "x"}, idempotency_key=key)) == told(first)
    assert client.post("/todos", {"title": "x"}, idempotency_key=key.swapcase()).json()["id"] != first.json()["id"]
    assert client.post("/todos", {"title": "x"}, idempotency_key="k" * 255).status_code == 201


def test_a_keyed_command_that_changes_nothing_is_recorded_as_an_empty_edit(client: Client) -> None:
    todo = client.create()
    path = f"/todos/{todo['id']}"

    unchanged = client.patch(path, {"title": "Buy milk"}, idempotency_key="k")

    assert (unchanged.status_code, unchanged.headers["ETag"]) == (200, '"2"')
    newest = client.events(todo["id"])[-1]
    assert (newest["type"], newest["change"]) == ("TodoEdited", {})
    client.patch(path, {"title": "Another's"})
    assert told(client.patch(path, {"title": "Buy milk"}, idempotency_key="k")) == told(unchanged)
    assert client.get(path).json()["title"] == "Another's"


def test_a_refusal_is_not_recorded(client: Client) -> None:
    todo = client.create()
    path = f"/todos/{todo['id']}"
    problem(client.patch(path, {"title": "x"}, if_match='"9"', idempotency_key="a"), 412)
    problem(client.patch(path, {"title": ""}, idempotency_key="b"), 400)
    unborn = f"/todos/{uuid.uuid4()}"
    problem(client.patch(unborn, {"title": "x"}, idempotency_key="c"), 404)
    problem(client.post("/todos", {"title": ""}, idempotency_key="d"), 400)
    assert len(client.events(todo["id"])) == 1

    assert client.patch(path, {"title": "x"}, if_match='"1"', idempotency_key="a").headers["ETag"] == '"2"'
    assert client.patch(path, {"title": "y"}, idempotency_key="b").headers["ETag"] == '"3"'
    client.put(unborn, {"title": "z"}, if_none_match="*")
    assert client.patch(unborn, {"title": "x"}, idempotency_key="c").headers["ETag"] == '"2"'
    assert client.post("/todos", {"title": "x"}, idempotency_key="d").status_code == 201
