"""`POST /operations/{id}/undo`: what an operation changed goes back, what others did since stays."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.client import Verbs, pointers, problem
from tests.support.in_process import InProcess


def path_of(operation: str) -> str:
    return f"/operations/{quote(operation, safe='')}"


def undo(here: Verbs, operation: str, status: int = 200, **body: Any) -> Any:
    """The answer of an undo."""
    answer = here.post(f"{path_of(operation)}/undo", body)
    assert answer.status_code == status, answer.text
    return answer.json()


def fields(here: Verbs, todo_id: str, *names: str) -> tuple[Any, ...]:
    todo = here.get(f"/todos/{todo_id}").json()
    return tuple(todo[name] for name in names)


def test_what_it_changed_goes_back_and_comes_back_again(here: InProcess) -> None:
    todo = here.post("/todos", {"title": "a", "metadata": {"x": 1}, "tags": ["t"]}).json()
    path = f"/todos/{todo['id']}"
    here.patch(path, {"title": "b", "metadata": {"y": 2}, "tags": None}, operation_id="x")
    here.patch(path, {"title": "c", "metadata": {"x": None}}, operation_id="x")
    here.patch(path, {"priority": "high"})

    undone = undo(here, "x")

    assert (undone["undoes"], undone["direction"], undone["state"]) == ("x", "off", "done")
    assert (undone["todos"], undone["changed"], undone["conflicts"]) == (1, 1, [])
    before = ("a", {"x": 1}, ["t"], "high")
    after = ("c", {"y": 2}, None, "high")
    names = ("title", "metadata", "tags", "priority")
    assert fields(here, todo["id"], *names) == before
    event = here.get(f"{path}/events").json()[-1]
    assert (event["type"], event["undoes"], event["direction"]) == ("TodoReverted", "x", "off")
    assert event["operation"] == undone["undo"]

    again = undo(here, undone["undo"])

    assert (again["undoes"], again["direction"]) == ("x", "on")
    assert fields(here, todo["id"], *names) == after
    undo(here, again["undo"])
    assert fields(here, todo["id"], *names) == before
    undo(here, "x")
    assert here.get(path).json()["version"] == 7, "it is undone already"


def test_what_others_wrote_later_stays_and_is_named(here: InProcess) -> None:
    todo = here.post("/todos", {"title": "a", "notes": "n"}).json()
    path = f"/todos/{todo['id']}"
    here.patch(path, {"title": "b", "notes": "m"}, operation_id="x")
    here.patch(path, {"title": "c"})

    undone = undo(here, "x")

    assert fields(here, todo["id"], "title", "notes") == ("c", "n")
    assert undone["conflict_count"] == 1
    assert undone["conflicts"] == [
        {
            "todo": todo["id"],
            "version": 4,
            "conflicts": [{"field": "title", "reason": "changed_since", "stays": "c", "wanted": "a", "detail": None}],
        }
    ]
    assert here.get(path_of("x")).json()["undo"] == undone


def test_a_todo_that_it_made_goes_unless_others_have_written_to_it(here: InProcess) -> None:
    mine = here.post("/todos", {"title": "mine"}, operation_id="x").json()
    theirs = here.post("/todos", {"title": "theirs"}, operation_id="x").json()
    here.patch(f"/todos/{theirs['id']}", {"notes": "n"})

    undone = undo(here, "x")

    problem(here.get(f"/todos/{mine['id']}"), 410)
    assert fields(here, theirs["id"], "title", "notes") == ("theirs", "n")
    assert [(each["field"], each["reason"]) for each in undone["conflicts"][0]["conflicts"]] == [
        ("exists", "used_by_others")
    ]


def test_a_dry_run_shows_the_same_and_writes_nothing(here: InProcess) -> None:
    todo = here.post("/todos", {"title": "a"}).json()
    here.patch(f"/todos/{todo['id']}", {"title": "b"}, operation_id="x")

    shown = undo(here, "x", dry_run=True)

    assert shown == {
        "undoes": "x",
        "direction": "off",
        "todos": [
            {
                "todo": todo["id"],
                "version": 2,
                "type": "TodoReverted",
                "change": {"title": "a"},
                "conflicts": [],
                "is_done": False,
            }
        ],
        "cursor": None,
    }
    assert fields(here, todo["id"], "title", "version") == ("b", 2)
    assert here.get(path_of("x")).json()["can_be_undone"]


def test_a_completion_and_its_next_occurrence_go_together(here: InProcess) -> None:
    todo = here.post("/todos", {"title": "a", "repeat": "FREQ=DAILY", "due": "2026-12-01"}).json()
    path = f"/todos/{todo['id']}"
    done = here.patch(path, {"completed": True}, operation_id="x")
    following = done.headers["Link"].partition("/todos/")[2][:36]

    undone = undo(here, "x")

    assert not fields(here, todo["id"], "completed")[0]
    problem(here.get(f"/todos/{following}"), 410)
    undo(here, undone["undo"])
    assert fields(here, todo["id"], "completed")[0]
    assert fields(here, following, "title", "due") == ("a", "2026-12-02")


def test_a_completion_stays_if_its_next_occurrence_was_edited(here: InProcess) -> None:
    todo = here.post("/todos", {"title": "a", "repeat": "FREQ=DAILY", "due": "2026-12-01"}).json()
    done = here.patch(f"/todos/{todo['id']}", {"completed": True, "notes": "n"}, operation_id="x")
    following = done.headers["Link"].partition("/todos/")[2][:36]
    here.patch(f"/todos/{following}", {"title": "b"})

    undone = undo(here, "x")

    assert fields(here, todo["id"], "completed", "notes") == (True, None)
    assert fields(here, following, "title", "notes") == ("b", "n")
    reasons = {
        each["todo"]: [(one["field"], one["reason"]) for one in each["conflicts"]] for each in undone["conflicts"]
    }
    assert reasons == {
        todo["id"]: [("completed", "next_occurrence")],
        following: [("exists", "used_by_others")],
    }


def test_another_owners_operation_does_not_exist(here: InProcess) -> None:
    here.post("/todos", {"title": "a"}, operation_id="x")
    undone = undo(here, "x")

    for name in ("x", undone["undo"], "nothing", "é"):
        problem(InProcess(str(uuid.uuid4())).post(f"{path_of(name)}/undo", {}), 404)


@pytest.mark.parametrize("scope", ["todos:read", "todos:write"])
def test_it_needs_both_scopes(here: InProcess, scope: str) -> None:
    here.post("/todos", {"title": "a"}, operation_id="x")

    problem(InProcess(here.owner, scope=scope).post(f"{path_of('x')}/undo", {}), 403)


def test_what_has_moved_since_the_dry_run_stays(here: InProcess) -> None:
    todos = [here.post("/todos", {"title": "a"}).json()["id"] for _ in range(2)]
    for todo_id in todos:
        here.patch(f"/todos/{todo_id}", {"title": "b"}, operation_id="x")
    shown = {each["todo"]: each["version"] for each in undo(here, "x", dry_run=True)["todos"]}
    here.patch(f"/todos/{todos[0]}", {"notes": "n"})

    undone = undo(here, "x", expect=shown)

    assert [fields(here, todo_id, "title") for todo_id in todos] == [("b",), ("a",)]
    assert [each["reason"] for each in undone["conflicts"][0]["conflicts"]] == ["moved_on"]


def test_a_dry_run_shows_what_has_moved_since_another(here: InProcess) -> None:
    todos = [here.post("/todos", {"title": "a"}, operation_id="x").json()["id"] for _ in range(2)]

    shown = undo(here, "x", dry_run=True, expect={todos[0]: 1})["todos"]

    assert {each["todo"]: each["type"] for each in shown} == {todos[0]: "TodoDeleted", todos[1]: None}


def test_a_cursor_without_a_dry_run_is_refused_and_nothing_undone(here: InProcess) -> None:
    path = f"/todos/{here.post('/todos', {'title': 'a'}, operation_id='x').json()['id']}"
    here.patch(path, {"title": "b"}, operation_id="x")
    cursor = undo(here, "x", dry_run=True, limit=1)["cursor"]

    answer = here.post(f"{path_of('x')}/undo", {"cursor": cursor})

    assert pointers(answer) == {"#/cursor"}
    assert here.get(path).json()["version"] == 2


def test_a_whole_number_is_one_however_it_is_written(here: InProcess) -> None:
    todo_id = here.post("/todos", {"title": "a"}).json()["id"]
    here.patch(f"/todos/{todo_id}", {"title": "b"}, operation_id="x")

    assert undo(here, "x", dry_run=True, limit=1.0)["todos"]
    undo(here, "x", 400, limit=1.5)
    assert undo(here, "x", expect={todo_id: 2.0})["changed"] == 1


def test_a_dry_run_comes_in_pages_each_todo_once(here: InProcess) -> None:
    commands = [{"op": "create", "body": {"title": str(number)}} for number in range(7)]
    operation = here.post("/batch", {"commands": commands}).headers["Operation-Id"]

    page = undo(here, operation, dry_run=True, limit=3)
    found = page["todos"]
    while page["cursor"]:
        page = undo(here, operation, dry_run=True, limit=3, cursor=page["cursor"])
        assert len(page["todos"]) <= 3
        found += page["todos"]

    assert len({each["todo"] for each in found}) == len(found) == 7
    assert {(each["type"], each["version"]) for each in found} == {("TodoDeleted", 1)}
