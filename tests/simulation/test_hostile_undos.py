"""Undo asked for by whoever should not, under odd names, in the middle of the operation, and of very long ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.commands.undo import service, writing
from tests.simulation import in_memory
from tests.simulation.world import World
from tests.support.client import problem
from tests.support.in_process import InProcess
from tests.support.reset import forget_todos
from tests.support.thorough import many

# How many events an operation has, and a page of its undo: ten thousand take minutes.
EVENTS, PAGE = (10_000, service.PAGE) if many(1) > 1 else (60, 20)
ODD_NAMES = ("x" * 64, "a/b", "%2F", "%", "..", ".", "#", "x#0", "x#0#0", "!\"$&'()*+,;=:@[]{}|\\^`<>?", "-", "null")
NO_NAMES = (" ", "a b", "é", "x" * 65, "x\u202ey", "~", "~x", "todo%20x", "X")


@pytest.fixture
def world() -> Iterator[World]:
    with in_memory.service() as world:
        yield world


def path_of(operation: str) -> str:
    return f"/operations/{quote(operation, safe='')}"


def undo(api: InProcess, operation: str, status: int = 200, **body: Any) -> Any:
    answer = api.post(f"{path_of(operation)}/undo", body)
    assert answer.status_code == status, answer.text
    return answer.json()


def title(api: InProcess, todo_id: str) -> str:
    forget_todos()
    found: str = api.get(f"/todos/{todo_id}").json()["title"]
    return found


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_operation_of_any_name_is_found_and_undone(name: str) -> None:
    api = InProcess("me")
    others = api.post("/todos", {"title": "other"}, operation_id="x").json()["id"]
    todo_id = api.post("/todos", {"title": "before"}).json()["id"]
    api.patch(f"/todos/{todo_id}", {"title": "after"}, operation_id=name)

    assert [event["todo"] for event in api.get(path_of(name)).json()["events"]] == [todo_id]
    assert undo(api, name)["changed"] == 1

    assert (title(api, todo_id), title(api, others)) == ("before", "other")


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("name", NO_NAMES)
def test_what_names_no_operation_is_not_found(name: str) -> None:
    api = InProcess("me")
    api.post("/todos", {"title": "before"}, operation_id="x")

    problem(api.get(path_of(name)), 404)
    problem(api.post(f"{path_of(name)}/undo", {}), 404)
    problem(api.post(f"{path_of(name)}/undo", {"dry_run": True}), 404)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("other", ["you", "me#x", "me%23x", "me/", "ME", "x"])
def test_another_owner_neither_sees_nor_undoes_it(other: str) -> None:
    mine, theirs = InProcess("me"), InProcess(other)
    todo_id = mine.post("/todos", {"title": "before"}).json()["id"]
    mine.patch(f"/todos/{todo_id}", {"title": "after"}, operation_id="x")
    undone = undo(mine, "x")["undo"]

    for name in ("x", undone, "x#0", "0#x"):
        problem(theirs.get(path_of(name)), 404)
        problem(theirs.post(f"{path_of(name)}/undo", {}), 404)
        problem(theirs.post(f"{path_of(name)}/undo", {"dry_run": True, "limit": 1}), 404)
    # Under the same name, the other's own operation alone.
    own = theirs.post("/todos", {"title": "theirs"}, operation_id="x").json()["id"]
    assert undo(theirs, "x")["changed"] == 1
    problem(theirs.get(f"/todos/{own}"), 410)
    assert title(mine, todo_id) == "before"


@pytest.mark.parametrize("is_queued", [False, True])
def test_what_the_operation_does_while_it_is_undone_is_undone_too(
    world: World, monkeypatch: pytest.MonkeyPatch, *, is_queued: bool
) -> None:
    api = InProcess("me")
    todo_ids = [api.post("/todos", {"title": "before"}).json()["id"] for _ in range(4)]
    for todo_id in todo_ids[:2]:
        api.patch(f"/todos/{todo_id}", {"title": "after"}, operation_id="x")
    monkeypatch.setattr(service, "AT_ONCE_TODOS", 1 if is_queued else 200)
    monkeypatch.setattr(writing, "GROUP", 1)
    arriving = iter([(todo_ids[0], "once more"), (todo_ids[2], "after"), (todo_ids[3], "after")])
    real = writing._write

    def write(*arguments: Any) -> set[str]:
        written = real(*arguments)
        for todo_id, text in [next(arriving, (None, ""))]:
            if todo_id is not None:
                api.patch(f"/todos/{todo_id}", {"title": text}, operation_id="x")
        return written

    monkeypatch.setattr(writing, "_write", write)
    undo(api, "x", 202 if is_queued else 200)
    in_memory.work_off(world)

    assert [title(api, todo_id) for todo_id in todo_ids] == ["before"] * 4
    assert api.get(path_of("x")).json()["undo"]["state"] == "done"


@pytest.mark.parametrize("of_one_todo", [False, True])
def test_an_operation_of_very_many_events_is_undone_by_the_queue(
    world: World, monkeypatch: pytest.MonkeyPatch, *, of_one_todo: bool
) -> None:
    monkeypatch.setattr(service, "AT_ONCE_EVENTS", PAGE)
    monkeypatch.setattr(service, "PAGE", PAGE)
    api = InProcess("me")
    todos = 1 if of_one_todo else EVENTS
    todo_ids = [api.post("/todos", {"title": "before"}).json()["id"] for _ in range(todos)]
    for number in range(EVENTS):
        api.patch(f"/todos/{todo_ids[number % todos]}", {"title": f"{number}"}, operation_id="x")

    assert undo(api, "x", 202)["state"] == "running"
    pages = in_memory.work_off(world)

    done = api.get(path_of("x")).json()["undo"]
    assert (done["state"], done["todos"], done["changed"], done["conflict_count"]) == ("done", todos, todos, 0)
    assert {title(api, todo_id) for todo_id in {todo_ids[0], todo_ids[-1]}} == {"before"}
    assert pages == EVENTS // PAGE + 1
