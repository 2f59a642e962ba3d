"""The keys of a batch and of its commands: a repeat gets the same results, and nothing happens twice."""

from __future__ import annotations

from functools import partial

import pytest

from tests.http.batch.commands import create, new_id, results, statuses
from tests.support.client import Client
from tests.support.waiting import at_once


@pytest.mark.parametrize("keyed_by", ["the request", "each command", "both"])
def test_a_repeated_batch_gets_the_same_results_and_does_nothing(client: Client, keyed_by: str) -> None:
    todo, named = client.create("first"), new_id()
    commands = [
        create(title="made"),
        create(named, "named"),
        {"op": "patch", "id": named, "body": {"title": "patched"}},
        {"op": "patch", "id": named, "body": {"title": "patched"}},
        {"op": "put", "id": todo["id"], "if_match": '"1"', "body": {"title": "whole"}},
        {"op": "put", "id": todo["id"], "if_match": '"1"', "body": {"title": "too late"}},
        {"op": "delete", "id": named},
        {"op": "restore", "id": named},
        {"op": "revert", "id": named, "body": {"to_version": 1}},
    ]
    headers = {} if keyed_by == "each command" else {"idempotency_key": "b"}
    if keyed_by != "the request":
        commands = [{**command, "key": f"key-{position}"} for position, command in enumerate(commands)]
    first = results(client, commands, **headers)
    assert statuses(first) == [201, 201, 200, 200, 200, 412, 204, 200, 200]
    ids = {result["id"] for result in first}
    before = {todo_id: client.events(todo_id) for todo_id in ids}

    again = results(client, commands, **headers)
    assert again == first
    assert {todo_id: client.events(todo_id) for todo_id in ids} == before

    client.patch(f"/todos/{named}", {"title": "another's"})
    assert results(client, commands, **headers) == first
    assert client.get(f"/todos/{named}").json()["title"] == "another's"


def test_a_commands_key_is_the_one_that_it_has_alone(client: Client) -> None:
    todo = client.create()
    path = f"/todos/{todo['id']}"
    alone = client.post("/todos", {"title": "a"}, idempotency_key="post").json()
    patched = client.patch(path, {"title": "p"}, idempotency_key="patch").json()
    named = new_id()
    put = client.put(f"/todos/{named}", {"title": "n"}, if_none_match="*", idempotency_key="put").json()

    found = results(
        client,
        [
            create(title="a", key="post"),
            {"op": "patch", "id": todo["id"], "body": {"title": "p"}, "key": "patch"},
            create(named, "n", key="put"),
        ],
    )

    assert statuses(found) == [201, 200, 201]
    assert [result["todo"] for result in found] == [alone, patched, put]


def test_a_key_given_twice_in_one_batch_counts_once(client: Client) -> None:
    todo = client.create()

    found = results(
        client,
        [
            create(title="a", key="k"),
            create(title="a", key="k"),
            create(title="b", key="k"),
            {"op": "patch", "id": todo["id"], "body": {"title": "p"}, "key": "k"},
            {"op": "patch", "id": todo["id"], "body": {"title": "p"}, "key": "k"},
            {"op": "delete", "id": todo["id"], "key": "k"},
        ],
    )

    assert statuses(found) == [201, 201, 422, 200, 200, 422]
    assert found[0] == found[1]
    assert found[3] == found[4]
    assert len(client.events(found[0]["id"])) == 1
    assert len(client.events(todo["id"])) == 2


def test_a_given_id_wins_over_the_one_that_follows_from_the_key(client: Client) -> None:
    named = new_id()

    by_key, by_id = results(client, [create(title="x", key="k"), create(named, "x", key="k")])

    assert (by_key["status"], by_id["status"], by_id["id"]) == (201, 201, named)
    assert by_key["id"] == client.post("/todos", {"title": "x"}, idempotency_key="k").json()["id"] != named


def test_the_batchs_key_stands_for_each_position(client: Client) -> None:
    first = results(client, [create(title="a"), create(title="a")], idempotency_key="b")
    assert first[0]["id"] != first[1]["id"]

    longer = results(client, [create(title="a"), create(title="other"), create(title="c")], idempotency_key="b")

    assert statuses(longer) == [201, 422, 201]
    assert longer[0] == first[0]


def test_the_same_batch_from_many_at_once_happens_once(client: Client) -> None:
    todo, named = client.create("first", metadata={}), new_id()
    commands = [
        create(title="made"),
        create(named, "named"),
        *({"op": "patch", "id": named, "body": {"order": number}} for number in range(5)),
        *({"op": "patch", "id": todo["id"], "body": {"metadata": {str(number): True}}} for number in range(5)),
        {"op": "delete", "id": named},
    ]
    clients = [client.another() for _ in range(3)]

    answers = at_once([partial(results, one, commands, idempotency_key="b") for one in clients])

    assert answers[0] == answers[1] == answers[2]
    assert statuses(answers[0]) == [201, 201, *[200] * 10, 204]
    assert [event["change"].get("order") for event in client.events(named)] == [None, 0, 1, 2, 3, 4, None]
    assert [event["version"] for event in client.events(todo["id"])] == [1, 2, 3, 4, 5, 6]
    assert len(client.events(answers[0][0]["id"])) == 1
