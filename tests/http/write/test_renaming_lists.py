"""Renaming a list moves its todos, each by its own event; a kept name goes along."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest

from chalicelib.ledger import ledger
from tests.http.write.test_clearing_lists import refusing, write_todos
from tests.support.client import Client, list_path, pointers, problem, problem_name
from tests.support.faults import just_before, refusals
from tests.support.in_process import InProcess
from tests.support.replica import Replica
from tests.support.waiting import eventually, shows, shows_as_waited


def rename_path(name: str) -> str:
    return f"/lists/{quote(name, safe='')}/rename"


def test_each_todo_is_moved_by_its_own_event(client: Client) -> None:
    moved = [client.created_and_seen(list="a/b", notes="n", completed=done) for done in (True, False)]
    other = client.created_and_seen(list="other")

    renamed = client.post(rename_path("a/b"), {"to": "ä %"}, prefer="wait=10")

    assert renamed.status_code == 200
    assert {name: value for name, value in renamed.json().items() if name != "note"} == {
        "list": "a/b", "to": "ä %", "todos": 2,
    }  # fmt: skip
    shows_as_waited(renamed, client.lists, {"other": (1, 1, 0), "ä %": (2, 1, 1)})
    for todo in moved:
        _, edited = client.events(todo["id"])
        assert (edited["type"], edited["change"]) == ("TodoEdited", {"list": "ä %"})
        now = client.get(f"/todos/{todo['id']}").json()
        assert {**todo, "list": "ä %", "version": 2, "updated_at": now["updated_at"]} == now
    assert client.get(f"/todos/{other['id']}").json() == other


def test_the_answer_says_what_does_not_follow(client: Client) -> None:
    note = client.post(rename_path("a"), {"to": "b"}).json()["note"]
    assert "PATCH /webhooks/{id}" in note
    assert "feeds" in note


def test_a_list_of_the_new_name_is_merged_and_a_list_without_todos_is_no_error(client: Client) -> None:
    for name in ("a", "b"):
        client.created_and_seen(list=name)

    assert client.post(rename_path("a"), {"to": "b"}).json()["todos"] == 1
    shows(client.lists, {"b": (2, 2, 0)})
    assert client.post(rename_path("a"), {"to": "b"}).json()["todos"] == 0


def test_its_own_name_changes_nothing(client: Client) -> None:
    todo = client.created_and_seen(list="a")
    assert client.put("/lists/a").status_code == 201

    assert client.post(rename_path("a"), {"to": "a"}, idempotency_key="k").json()["todos"] == 0

    assert client.get(f"/todos/{todo['id']}").json()["version"] == 1
    assert client.lists() == {"a": (1, 1, 0)}


def test_deleted_todos_stay_where_they_were(client: Client) -> None:
    todo = client.created_and_seen(list="a")
    client.seen.delete(f"/todos/{todo['id']}")

    assert client.post(rename_path("a"), {"to": "b"}).json()["todos"] == 0
    assert client.post(f"/todos/{todo['id']}/restore").json()["list"] == "a"


def test_a_repeat_with_its_key_moves_nothing_that_has_come_since(client: Client) -> None:
    todo = client.created_and_seen(list="a")
    first = client.post(rename_path("a"), {"to": "b"}, idempotency_key="k")
    back = client.seen.patch(f"/todos/{todo['id']}", {"list": "a"})
    since = client.created_and_seen(list="a")

    again = client.post(rename_path("a"), {"to": "b"}, idempotency_key="k", prefer="wait=1")

    assert (again.status_code, again.json()) == (200, first.json())
    assert "Preference-Applied" not in again.headers, "it does not know what to wait for"
    assert client.get(f"/todos/{todo['id']}").json()["version"] == back.json()["version"]
    assert client.get(f"/todos/{since['id']}").json()["version"] == 1


def test_a_todo_that_is_edited_meanwhile_is_moved_as_well(here: InProcess) -> None:
    path = f"/todos/{here.created_and_seen(list='a')['id']}"
    with just_before("PutItem", lambda: here.patch(path, {"notes": "new"})):
        assert here.post(rename_path("a"), {"to": "b"}).json()["todos"] == 1

    todo = here.get(path).json()
    assert (todo["list"], todo["notes"], todo["version"]) == ("b", "new", 3)


@pytest.mark.parametrize("back", [False, True])
def test_a_todo_that_leaves_the_list_meanwhile_is_not_moved(here: InProcess, back: bool) -> None:
    path = f"/todos/{here.created_and_seen(list='a')['id']}"

    def leave() -> None:
        here.patch(path, {"list": "elsewhere"})
        if back:
            here.patch(path, {"list": "a"})

    with just_before("PutItem", leave), patch("chalicelib.commands.rename_list.MAX_PASSES", 1):
        assert here.post(rename_path("a"), {"to": "b"}).json()["todos"] == 0

    assert here.get(path).json()["list"] == ("a" if back else "elsewhere")


def test_a_repeat_goes_on_where_the_first_request_was_cut_off(here: InProcess) -> None:
    meant = [here.created_and_seen(list="a")["id"] for _ in range(3)]
    with refusals("PutItem", "ProvisionedThroughputExceededException", body_contains=meant[1]):
        problem(here.post(rename_path("a"), {"to": "b"}, idempotency_key="k"), 503)
    assert [here.get(f"/todos/{todo}").json()["list"] for todo in meant] == ["b", "a", "b"]

    again = here.post(rename_path("a"), {"to": "b"}, idempotency_key="k")

    assert again.status_code == 200
    assert [here.get(f"/todos/{todo}").json()["list"] for todo in meant] == ["b"] * 3
    assert [here.get(f"/todos/{todo}").json()["version"] for todo in meant] == [2] * 3


def test_a_todo_that_cannot_be_moved_keeps_no_other_from_it(here: InProcess) -> None:
    meant = [here.created_and_seen(list="a")["id"] for _ in range(12)]
    with patch.object(ledger, "append", refusing(meant[3])):
        refused = problem(here.post(rename_path("a"), {"to": "b"}), 409)

    assert (problem_name(refused), refused["todos"]) == ("list-unfinished", [meant[3]])
    assert [here.get(f"/todos/{todo}").json()["list"] for todo in meant] == ["b"] * 3 + ["a"] + ["b"] * 8


@pytest.mark.usefixtures("environment")
def test_more_than_two_hundred_are_left_to_the_worker(client: Client, owner: str) -> None:
    write_todos(owner, "long", 450)
    client.put("/lists/long")
    shows(client.lists, {"long": (450, 450, 0)})

    renamed = client.post(rename_path("long"), {"to": "short"}, idempotency_key="k")

    assert renamed.status_code == 202
    assert client.post(rename_path("long"), {"to": "short"}, idempotency_key="k").json() == renamed.json()
    shows(client.lists, {"short": (450, 450, 0)})
    todos = client.rows(list_path("short"))
    assert {todo["version"] for todo in todos} == {2}


def test_a_replica_follows_a_rename_by_each_todos_own_change(client: Client) -> None:
    todos = [client.created_and_seen(list="a") for _ in range(3)]
    replica = Replica(client)
    replica.sync()

    client.post(rename_path("a"), {"to": "b"})
    shows(client.lists, {"b": (3, 3, 0)})
    replica.sync()

    assert {todo_id: todo["list"] for todo_id, todo in replica.todos.items()} == {todo["id"]: "b" for todo in todos}


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"#/to"}), ({"to": ""}, {"#/to"}), ({"to": "."}, {"#/to"}), ({"to": "a\n"}, {"#/to"}),
        ({"to": 1}, {"#/to"}), ({"to": "ä" * 200}, {"#/to"}), ({"to": "\U0001f600" * 90}, {"#/to"}),
        ({"to": "b", "x": 1}, {"#/x"}), ([], {"#"}),
    ],
)  # fmt: skip
def test_the_new_name_is_one_that_a_list_can_have(client: Client, body: Any, wrong: set[str]) -> None:
    assert pointers(client.post(rename_path("a"), body)) == wrong


@pytest.mark.parametrize("precondition", ["if_match", "if_none_match"])
def test_a_list_has_no_version_to_be_renamed_at(client: Client, precondition: str) -> None:
    problem(client.post(rename_path("a"), {"to": "b"}, **{precondition: '"1"'}), 400)


def test_a_kept_name_moves_once(client: Client) -> None:
    client.put("/lists/a")
    assert client.post(rename_path("a"), {"to": "b"}, idempotency_key="k").status_code == 200
    assert client.lists() == {"b": (0, 0, 0)}
    client.put("/lists/a")

    assert client.post(rename_path("a"), {"to": "b"}, idempotency_key="k").status_code == 200

    assert client.lists() == {"a": (0, 0, 0), "b": (0, 0, 0)}
    assert client.post(rename_path("a"), {"to": "b"}).status_code == 200
    assert client.lists() == {"b": (0, 0, 0)}


def test_a_name_that_is_not_kept_is_not_kept_by_a_rename(client: Client) -> None:
    todo = client.created_and_seen(list="a")
    client.post(rename_path("a"), {"to": "b"})
    client.delete(f"/todos/{todo['id']}")
    eventually(lambda: client.lists() == {})
