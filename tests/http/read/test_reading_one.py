"""One todo is read from the ledger: always current, with its version as ETag, and as it was at any time."""

from __future__ import annotations

import pytest

from tests.support.client import Client, problem

UNKNOWN = "0197e1f0-0000-7000-8000-00000000000a"


def test_a_todo_is_answered_whole_with_unset_fields_as_null(client: Client) -> None:
    todo = client.create("Buy milk", tags=["a"], metadata={"b": [1, None]})

    read = client.get(f"/todos/{todo['id']}")

    assert read.status_code == 200
    assert read.headers["Content-Type"] == "application/json"
    assert read.headers["ETag"] == '"1"'
    assert read.json() == todo
    assert todo["url"] == f"{client.url}/todos/{todo['id']}"
    assert todo["created_at"] == todo["updated_at"]
    named = {name: todo[name] for name in ("title", "tags", "metadata", "completed", "list", "priority", "version")}
    assert named == {
        "title": "Buy milk",
        "tags": ["a"],
        "metadata": {"b": [1, None]},
        "completed": False,
        "list": "inbox",
        "priority": "none",
        "version": 1,
    }
    unset = {
        "notes", "due", "time_zone", "remind_at", "order", "repeat", "repeat_from", "parent", "source", "completed_at",
    }  # fmt: skip
    assert {name for name, value in todo.items() if value is None} == unset


@pytest.mark.parametrize("known", ['"1"', 'W/"1"', '"9", "1"', "*"])
def test_a_known_version_is_not_sent_again(client: Client, known: str) -> None:
    todo = client.create()

    read = client.get(f"/todos/{todo['id']}", if_none_match=known)

    assert (read.status_code, read.text) == (304, "")
    assert read.headers["ETag"] == '"1"'


def test_a_changed_todo_is_sent_again(client: Client) -> None:
    todo = client.create()
    client.patch(f"/todos/{todo['id']}", {"title": "Buy bread"})

    read = client.get(f"/todos/{todo['id']}", if_none_match='"1"')

    assert (read.status_code, read.json()["title"]) == (200, "Buy bread")


def test_head_answers_as_get_does_but_without_a_body(client: Client) -> None:
    todo = client.create()
    client.delete(f"/todos/{client.create()['id']}")

    found, unchanged = client.head(f"/todos/{todo['id']}"), client.head(f"/todos/{todo['id']}", if_none_match='"1"')
    missing = client.head(f"/todos/{UNKNOWN}")

    assert [answer.status_code for answer in (found, unchanged, missing)] == [200, 304, 404]
    assert {answer.text for answer in (found, unchanged, missing)} == {""}
    assert found.headers["ETag"] == '"1"'
    assert client.get(f"/todos/{todo['id']}").json() == todo, "the connection is still in step"


@pytest.mark.parametrize("todo_id", [UNKNOWN, UNKNOWN.upper(), UNKNOWN.replace("-", ""), "1", "a%20b", "%23"])
def test_an_unknown_id_and_a_malformed_id_are_not_found(client: Client, todo_id: str) -> None:
    problem(client.get(f"/todos/{todo_id}"), 404)
    problem(client.get(f"/todos/{todo_id}/events"), 404)
    problem(client.patch(f"/todos/{todo_id}", {"title": "x"}), 404)
    problem(client.delete(f"/todos/{todo_id}"), 404)
    problem(client.post(f"/todos/{todo_id}/restore"), 404)
    problem(client.post(f"/todos/{todo_id}/revert", {"to_version": 1}), 404)


def test_a_todo_is_read_as_it_was_at_a_version(client: Client) -> None:
    todo = client.create("First")
    path = f"/todos/{todo['id']}"
    client.patch(path, {"title": "Second"})

    first, second = client.get(f"{path}?version=1"), client.get(f"{path}?version=2")

    assert first.json() == todo
    assert first.headers["ETag"] == '"1"'
    assert (second.json()["title"], second.headers["ETag"]) == ("Second", '"2"')
    assert client.get(f"{path}?version=1", if_none_match='"1"').status_code == 304
    assert problem(client.get(f"{path}?version=3"), 404)["detail"] == "The todo has no such version."


def test_a_todo_is_read_as_it_was_at_an_instant_inclusively(client: Client) -> None:
    path = f"/todos/{client.create('First')['id']}"
    client.patch(path, {"title": "Second"})
    client.patch(path, {"title": "Third"})
    instants = [event["occurred_at"] for event in client.events(path.rpartition("/")[2])]

    assert [client.get(f"{path}?at={instant}").json()["title"] for instant in instants] == ["First", "Second", "Third"]
    assert client.get(f"{path}?at=2999-01-01").json()["title"] == "Third"
    with_offset = instants[1].replace("Z", "%2B00:00")
    assert client.get(f"{path}?at={with_offset}").json()["version"] == 2
    problem(client.get(f"{path}?at=2001-01-01T00:00:00Z"), 404)


def test_where_it_was_deleted_it_is_gone_and_before_that_it_stands(client: Client) -> None:
    path = f"/todos/{client.create()['id']}"
    client.delete(path)
    client.post(f"{path}/restore")
    created, deleted, restored = (event["occurred_at"] for event in client.events(path.rpartition("/")[2]))

    problem(client.get(f"{path}?version=2"), 410)
    problem(client.get(f"{path}?at={deleted}"), 410)
    assert client.get(f"{path}?at={created}").json()["version"] == 1
    assert client.get(f"{path}?at={restored}").json()["version"] == 3


def test_a_deleted_todo_still_answers_its_versions(client: Client) -> None:
    todo = client.create()
    path = f"/todos/{todo['id']}"
    client.delete(path)

    problem(client.get(path), 410)
    assert client.get(f"{path}?version=1").json() == todo


@pytest.mark.parametrize(
    "query",
    ["version=0", "version=-1", "version=x", "version=1.0", "at=yesterday", "version=1&at=2026-01-01", "who=me"],
)
def test_a_query_that_makes_no_sense_is_refused(client: Client, query: str) -> None:
    problem(client.get(f"/todos/{client.create()['id']}?{query}"), 400)
