"""POST /batch: many commands in one request, each as if it came alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.http.batch.commands import create, new_id, results, statuses
from tests.support.client import Client, list_path, pointers, problem, problem_name
from tests.support.waiting import in_time, shows


def test_every_op_does_what_its_request_does(client: Client) -> None:
    put, patched, deleted, restored, reverted = (client.create("first")["id"] for _ in range(5))
    client.delete(f"/todos/{restored}")
    client.patch(f"/todos/{reverted}", {"title": "second"})
    named = new_id()

    found = results(
        client,
        [
            create(title="made"),
            create(named, "named"),
            {"op": "put", "id": put, "if_match": '"1"', "body": {"title": "whole"}},
            {"op": "patch", "id": patched, "body": {"notes": "n"}},
            {"op": "delete", "id": deleted},
            {"op": "restore", "id": restored},
            {"op": "revert", "id": reverted, "body": {"to_version": 1}},
        ],
    )

    assert statuses(found) == [201, 201, 200, 200, 204, 200, 200]
    assert [result["etag"] for result in found] == ['"1"', '"1"', '"2"', '"2"', '"2"', '"3"', '"3"']
    assert [result["id"] for result in found][1:] == [named, put, patched, deleted, restored, reverted]
    for result in (each for each in found if each["status"] != 204):
        assert result["todo"] == client.get(f"/todos/{result['id']}").json()
        assert ("location" in result) == (result["status"] == 201)
    assert found[1]["location"] == found[1]["todo"]["url"]
    assert found[4] == {"status": 204, "id": deleted, "etag": '"2"', "operation": found[0]["operation"]}
    problem(client.get(f"/todos/{deleted}"), 410)


def test_commands_on_one_todo_run_in_order(client: Client) -> None:
    one, other = new_id(), new_id()
    steps: list[Callable[[str], dict[str, Any]]] = [
        lambda todo_id: create(todo_id, "1"),
        lambda todo_id: {"op": "patch", "id": todo_id, "body": {"title": "2", "metadata": {"a": 1}}},
        lambda todo_id: {"op": "patch", "id": todo_id, "body": {"title": "3"}, "if_match": '"2"'},
        lambda todo_id: {"op": "delete", "id": todo_id, "if_match": '"3"'},
        lambda todo_id: create(todo_id, "5"),
        lambda todo_id: {"op": "put", "id": todo_id, "body": {"title": "6"}, "if_match": "*"},
        lambda todo_id: {"op": "revert", "id": todo_id, "body": {"to_version": 2}},
    ]

    found = results(client, [step(todo_id) for step in steps for todo_id in (one, other)])

    assert statuses(found) == [201, 201, 200, 200, 200, 200, 204, 204, 201, 201, 200, 200, 200, 200]
    for todo_id in (one, other):
        events = client.events(todo_id)
        assert [event["version"] for event in events] == [1, 2, 3, 4, 5, 6, 7]
        assert [event["change"].get("title") for event in events] == ["1", "2", "3", None, "5", "6", "2"]
        assert client.get(f"/todos/{todo_id}").json()["metadata"] == {"a": 1}


def test_one_that_fails_does_not_stop_the_others(client: Client, client_of: Callable[..., Client]) -> None:
    foreign = client_of("somebody-else").create()["id"]
    mine, deleted, unborn = client.create()["id"], client.create()["id"], new_id()
    client.delete(f"/todos/{deleted}")
    client.patch(f"/todos/{mine}", {"title": "k"}, idempotency_key="used")

    found = results(
        client,
        [
            {"op": "patch", "id": unborn, "body": {"title": "y"}},
            {"op": "patch", "id": foreign, "body": {"title": "y"}},
            {"op": "delete", "id": deleted},
            {"op": "patch", "id": mine, "body": {"title": ""}},
            {"op": "patch", "id": mine, "body": {"tags": ["fine", 7]}},
            {"op": "create", "body": {"nonsense": 1}},
            {"op": "create"},
            {"op": "revert", "id": mine, "body": {"to_version": 9}},
            create(mine),
            {"op": "put", "id": mine, "body": {"title": "y"}},
            {"op": "put", "id": mine, "if_match": '"1"', "body": {"title": "y"}},
            {"op": "patch", "id": mine, "body": {"title": "z"}, "key": "used"},
            {"op": "patch", "id": mine, "body": {"notes": "n" * 16_000, "metadata": {"a": "m" * 4_000}}},
            create(title="the last"),
        ],
    )

    assert statuses(found) == [404, 404, 410, 400, 400, 400, 400, 400, 412, 428, 412, 422, 200, 201]
    for result in found[:12]:
        assert "todo" not in result
        assert result["problem"]["status"] == result["status"]
        assert result["problem"]["type"] == f"{client.url}/problems/{problem_name(result['problem'])}"
    told = [{error["pointer"] for error in found[position]["problem"]["errors"]} for position in range(3, 8)]
    assert told == [{"#/title"}, {"#/tags/1"}, {"#/title", "#/nonsense"}, {"#"}, {"#/to_version"}]
    assert [event["version"] for event in client.events(mine)] == [1, 2, 3]
    assert client_of("somebody-else").get(f"/todos/{foreign}").headers["ETag"] == '"1"'


def test_a_stale_version_is_reported_with_the_todo_and_its_events_since(client: Client) -> None:
    todo = client.create("first")
    path = f"/todos/{todo['id']}"
    client.patch(path, {"title": "another's"})

    first, stale, last = results(
        client,
        [
            create(title="before"),
            {"op": "patch", "id": todo["id"], "if_match": '"1"', "body": {"title": "mine"}},
            create(title="after"),
        ],
    )

    alone = problem(client.patch(path, {"title": "mine"}, if_match='"1"'), 412)
    assert (first["status"], last["status"]) == (201, 201)
    assert (stale["status"], stale["etag"], stale["problem"]) == (412, '"2"', alone)
    assert stale["problem"]["todo"]["title"] == "another's"
    assert [event["version"] for event in stale["problem"]["events"]] == [2]


def test_a_hundred_commands_are_taken_and_one_more_is_not(client: Client) -> None:
    commands = [create(title=str(number)) for number in range(100)]

    refused = client.post("/batch", {"commands": [*commands, create()]})
    assert problem(refused, 400)["errors"] == [
        {"pointer": "#/commands", "detail": "101 commands where 100 are allowed"}
    ]

    found = results(client, commands)
    assert [result["todo"]["title"] for result in found] == [str(number) for number in range(100)]
    shows(lambda: client.stats()["total"], 100)


def test_no_commands_have_no_results(client: Client) -> None:
    assert results(client, []) == []


def test_a_batch_that_waited_is_in_the_views(client: Client) -> None:
    named = new_id()
    commands = [
        *({"op": "create", "body": {"title": str(number), "list": "b"}} for number in range(20)),
        create(named, "gone"),
        {"op": "delete", "id": named},
        {"op": "patch", "id": new_id(), "body": {}},
    ]

    answer = in_time(lambda: client.post("/batch", {"commands": commands}, idempotency_key="b", prefer="wait=10"))

    assert answer.headers["Preference-Applied"] == "wait=10"
    assert len(client.rows(list_path("b"))) == client.stats()["total"] == 20


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], {"#"}),
        ("commands", {"#"}),
        ({}, {"#/commands"}),
        ({"commands": None}, {"#/commands"}),
        ({"commands": {}}, {"#/commands"}),
        ({"commands": [], "also": 1}, {"#/also"}),
        ({"commands": ["create"]}, {"#/commands/0"}),
        ({"commands": [{}]}, {"#/commands/0/op"}),
        ({"commands": [{"op": None}]}, {"#/commands/0/op"}),
        ({"commands": [{"op": ["put"]}]}, {"#/commands/0/op"}),
        ({"commands": [{"op": "post", "body": {}}]}, {"#/commands/0/op"}),
        ({"commands": [{"op": "patch", "body": {}}]}, {"#/commands/0/id"}),
        ({"commands": [{"op": "delete", "id": "7"}]}, {"#/commands/0/id"}),
        ({"commands": [{"op": "delete", "id": new_id().upper()}]}, {"#/commands/0/id"}),
        ({"commands": [{"op": "delete", "id": 7}]}, {"#/commands/0/id"}),
        ({"commands": [create(key="")]}, {"#/commands/0/key"}),
        ({"commands": [create(key="k\n")]}, {"#/commands/0/key"}),
        ({"commands": [create(key="k" * 256)]}, {"#/commands/0/key"}),
        ({"commands": [create(key="é")]}, {"#/commands/0/key"}),
        ({"commands": [create(if_match="*")]}, {"#/commands/0/if_match"}),
        ({"commands": [{"op": "delete", "id": new_id(), "if_match": "3"}]}, {"#/commands/0/if_match"}),
        ({"commands": [{"op": "delete", "id": new_id(), "if_match": 3}]}, {"#/commands/0/if_match"}),
        ({"commands": [{"op": "delete", "id": new_id(), "body": {}}]}, {"#/commands/0/body"}),
        ({"commands": [create(if_none_match="*")]}, {"#/commands/0/if_none_match"}),
        ({"commands": [{"op": 1, "id": 2, "a/b": 3}]}, {"#/commands/0/op", "#/commands/0/id", "#/commands/0/a~1b"}),
        (b'{"commands": [{"op": "create", "op": "create"}]}', {"#/commands/0/op"}),
        (b'{"commands": [{"op": "create", "body": {"title": "x", "title": "y"}}]}', {"#/commands/0/body/title"}),
    ],
)
def test_a_mistake_in_the_commands_themselves_refuses_all_of_them(
    client: Client, body: object, expected: set[str]
) -> None:
    fine = new_id()
    if isinstance(body, dict) and isinstance(body.get("commands"), list):
        body = {**body, "commands": [create(fine), *body["commands"]]}
        expected = {pointer.replace("/commands/0", "/commands/1") for pointer in expected}

    refused = client.post("/batch", body)

    assert pointers(refused) == expected
    problem(client.get(f"/todos/{fine}"), 404)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"commands": [NaN]}', 400),
        (b'{"commands": [{"op": "create", "body": {"metadata": ' + b"[" * 150 + b"]" * 150 + b"}}]}", 400),
        (b" " * (4 * 1024 * 1024 + 1), 413),
    ],
    ids=["empty", "broken", "NaN", "deep", "large"],
)
def test_a_body_that_is_no_json_or_too_much_is_refused(client: Client, body: bytes, status: int) -> None:
    problem(client.post("/batch", body), status)


def test_a_batch_is_a_write_of_json(client: Client, client_of: Callable[..., Client], owner: str) -> None:
    problem(client.post("/batch", {"commands": []}, content_type="text/plain"), 415)
    problem(client.post("/batch", {"commands": []}, idempotency_key="k k"), 400)
    problem(client_of(owner, scope="todos:read").post("/batch", {"commands": []}), 403)
    assert problem(client.get("/batch"), 405)
    assert client.get("/batch").headers["Allow"] == "POST, OPTIONS"


def test_what_is_null_is_left_out(client: Client) -> None:
    todo = client.create()
    nothing = {"if_match": None, "key": None, "body": None}

    found = results(client, [{"op": "delete", "id": todo["id"], **nothing}, {"op": "create", "id": None, **nothing}])

    assert statuses(found) == [204, 400]


def test_metadata_may_nest_as_deep_as_alone(client: Client) -> None:
    deep: dict[str, Any] = {}
    for _ in range(99):
        deep = {"a": deep}
    alone = client.post("/todos", {"title": "x", "metadata": deep})

    (batched,) = results(client, [{"op": "create", "body": {"title": "x", "metadata": deep}}])

    assert (alone.status_code, batched["status"]) == (201, 201)
