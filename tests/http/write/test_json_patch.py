"""`PATCH` with a JSON Patch (RFC 6902): by its media type, as a whole or not at all, on the newest state."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from tests.support.client import Client, pointers, problem
from tests.support.in_process import InProcess

JSON_PATCH: Final = "application/json-patch+json"

Operations = list[dict[str, Any]]


def send(client: Any, todo_id: str, operations: Any, **headers: str) -> Any:
    return client.patch(f"/todos/{todo_id}", operations, content_type=JSON_PATCH, **headers)


def add_tag(tag: str) -> Operations:
    return [{"op": "add", "path": "/tags/-", "value": tag}]


@pytest.fixture
def todo(client: Client) -> dict[str, Any]:
    return client.create(tags=["home", "weekly"], metadata={"a/b": {"keep": 1, "drop": 2}})


def test_one_tag_comes_or_goes_and_the_others_stay(client: Client, todo: dict[str, Any]) -> None:
    added = send(client, todo["id"], add_tag("urgent"))
    removed = send(
        client,
        todo["id"],
        [{"op": "test", "path": "/tags/0", "value": "home"}, {"op": "remove", "path": "/tags/0"}],
    )

    assert (added.status_code, added.headers["ETag"], added.json()["tags"]) == (
        200,
        '"2"',
        ["home", "weekly", "urgent"],
    )
    assert (removed.status_code, removed.json()["tags"]) == (200, ["weekly", "urgent"])
    assert client.get(f"/todos/{todo['id']}").json() == removed.json()
    assert [event["change"] for event in client.events(todo["id"])[1:]] == [
        {"tags": ["home", "weekly", "urgent"]},
        {"tags": ["weekly", "urgent"]},
    ]


def test_the_first_tag_needs_no_other_patch_than_the_second(client: Client) -> None:
    todo_id = client.create()["id"]

    assert [send(client, todo_id, add_tag(tag)).json()["tags"] for tag in ("a", "b")] == [["a"], ["a", "b"]]


def test_a_failed_test_is_a_409_with_the_todo_and_nothing_is_written(client: Client, todo: dict[str, Any]) -> None:
    operations = [
        {"op": "replace", "path": "/title", "value": "Mine"},
        {"op": "test", "path": "/tags/0", "value": "weekly"},
    ]
    refused = send(client, todo["id"], operations)

    document = problem(refused, 409)
    assert document["type"].endswith("/problems/patch-conflict")
    assert document["todo"] == todo
    assert [error["pointer"] for error in document["errors"]] == ["#/1"]
    assert refused.headers["ETag"] == '"1"'
    assert client.get(f"/todos/{todo['id']}").json() == todo


@pytest.mark.parametrize("path", ["/tags/2", "/metadata/none/x", "/metadata/a~1b/none"])
def test_a_place_that_the_todo_does_not_have_is_a_409_too(client: Client, todo: dict[str, Any], path: str) -> None:
    assert problem(send(client, todo["id"], [{"op": "remove", "path": path}]), 409)["todo"] == todo


def test_what_no_todo_takes_is_a_400_with_a_pointer_to_each_error(client: Client, todo: dict[str, Any]) -> None:
    operations: Operations = [
        {"op": "move", "from": "/due", "path": "/remind_at"},
        {"op": "add", "path": "/colour", "value": "red"},
        {"op": "add", "path": "/due"},
        {"op": "remove", "path": "due"},
    ]

    assert pointers(send(client, todo["id"], operations)) == {"#/0/op", "#/1/path", "#/2/value", "#/3/path"}
    assert pointers(send(client, todo["id"], [{"op": "replace", "path": "/due", "value": "soon"}])) == {"#/0"}
    assert pointers(send(client, todo["id"], {"title": "a merge patch"})) == {"#"}
    assert pointers(send(client, todo["id"], [{"op": "remove", "path": "/due"}] * 101)) == {"#"}
    assert pointers(client.patch(f"/todos/{todo['id']}", add_tag("x"))) == {"#"}, "application/json is a merge patch"
    problem(send(client, todo["id"], b"["), 400)
    problem(send(client, todo["id"], [{"op": "add", "path": "/notes", "value": "x" * 140_000}]), 413)
    assert client.get(f"/todos/{todo['id']}").json() == todo


def test_it_goes_by_the_same_rules_as_a_merge_patch(client: Client, todo: dict[str, Any]) -> None:
    gone = client.create()["id"]
    client.delete(f"/todos/{gone}")

    problem(send(client, todo["id"], add_tag("x"), if_match='"9"'), 412)
    problem(send(client, gone, add_tag("x")), 410)
    problem(send(client, "0197e1f0-0000-7000-8000-00000000000a", add_tag("x")), 404)
    assert send(client, todo["id"], []).headers["ETag"] == '"1"'
    assert send(client, todo["id"], [{"op": "test", "path": "/version", "value": 1}]).json() == todo
    deep: Any = 1
    for _ in range(99):
        deep = {"a": deep}
    assert send(client, todo["id"], [{"op": "add", "path": "/metadata", "value": deep}]).status_code == 200


def test_a_repeat_with_its_key_takes_effect_once(client: Client, todo: dict[str, Any]) -> None:
    first, repeat = (send(client, todo["id"], add_tag("x"), idempotency_key="k") for _ in range(2))

    assert (repeat.status_code, repeat.headers["ETag"], repeat.json()) == (200, '"2"', first.json())
    problem(send(client, todo["id"], add_tag("y"), idempotency_key="k"), 422)


def test_tags_that_several_add_at_once_are_all_there(client: Client, todo: dict[str, Any]) -> None:
    """Without If-Match it is applied to the newest state, again whenever another writer was faster."""
    tags = [f"tag {number}" for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda tag: send(client.another(), todo["id"], add_tag(tag)), tags))

    assert {answer.status_code for answer in answers} == {200}
    assert set(client.get(f"/todos/{todo['id']}").json()["tags"]) == {"home", "weekly", *tags}


def test_a_test_is_decided_on_the_newest_state(client: Client, here: InProcess, todo: dict[str, Any]) -> None:
    """This process remembers the todo as it was; another one has changed it."""
    here.get(f"/todos/{todo['id']}")
    client.patch(f"/todos/{todo['id']}", {"tags": ["work"]})

    stale = [{"op": "test", "path": "/tags/0", "value": "home"}, {"op": "remove", "path": "/tags/0"}]
    now = [{"op": "test", "path": "/tags/0", "value": "work"}, {"op": "remove", "path": "/tags/0"}]
    assert problem(send(here, todo["id"], stale), 409)["todo"]["tags"] == ["work"]
    assert send(here, todo["id"], now).json()["tags"] == []


def test_in_a_batch_an_array_is_a_json_patch(client: Client, todo: dict[str, Any]) -> None:
    wrong = [{"op": "test", "path": "/title", "value": "Another"}]
    commands = [
        {"op": "patch", "id": todo["id"], "body": add_tag("x")},
        {"op": "patch", "id": todo["id"], "body": wrong},
        {"op": "patch", "id": todo["id"], "body": [{"op": "copy", "from": "/due", "path": "/remind_at"}]},
        {"op": "patch", "id": todo["id"], "body": {"title": "A merge patch"}},
    ]
    results = client.post("/batch", {"commands": commands}, idempotency_key="k").json()["results"]

    assert [result["status"] for result in results] == [200, 409, 400, 200]
    assert results[0]["todo"]["tags"] == ["home", "weekly", "x"]
    assert results[1]["problem"]["todo"]["version"] == 2
    assert results[1]["problem"]["errors"][0]["pointer"] == "#/0"
    assert client.post("/batch", {"commands": commands}, idempotency_key="k").json()["results"][0] == results[0]
