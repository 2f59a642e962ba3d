"""POST /batch: many commands in one request, each as if it came alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.support.client import Client, Verbs, list_path, pointers, problem, problem_name
from tests.support.waiting import at_once


def new_id() -> str:
    return str(uuid.uuid4())


def results(client: Verbs, commands: list[dict[str, Any]], **headers: str) -> list[dict[str, Any]]:
    """What became of each command of a batch that was taken."""
    answer = client.post("/batch", {"commands": commands}, **headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    assert answer.json().keys() == {"results"}
    assert len(found) == len(commands)
    return found


def statuses(found: list[dict[str, Any]]) -> list[int]:
    return [result["status"] for result in found]


def create(todo_id: str | None = None, title: str = "x", **more: Any) -> dict[str, Any]:
    return {"op": "create", **({"id": todo_id} if todo_id else {}), "body": {"title": title}, **more}


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
    assert found[4] == {"status": 204, "id": deleted, "etag": '"2"'}
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


def test_a_stale_version_is_told_with_the_todo_and_what_happened_since(client: Client) -> None:
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


def test_a_hundred_commands_are_taken_and_one_more_is_not(client: Client) -> None:
    commands = [create(title=str(number)) for number in range(100)]

    refused = client.post("/batch", {"commands": [*commands, create()]})
    assert problem(refused, 400)["errors"] == [
        {"pointer": "#/commands", "detail": "101 commands where 100 are allowed"}
    ]

    found = results(client, commands, prefer="wait=10")
    assert [result["todo"]["title"] for result in found] == [str(number) for number in range(100)]
    assert client.stats()["total"] == 100


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

    answer = client.post("/batch", {"commands": commands}, prefer="wait=10")

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
