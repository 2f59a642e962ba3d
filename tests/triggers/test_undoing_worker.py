"""The undo of an operation at once and by the queue: twice at once, killed anywhere, handed over late or again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.commands import list_operation, operations
from chalicelib.commands.undo import service
from chalicelib.ledger import operation_index
from chalicelib.todos import ids
from tests.simulation import undo_sessions
from tests.support.alone import Alone
from tests.support.client import list_path, problem, problem_name
from tests.support.faults import Attempt, Send, around, calls_watched, just_before
from tests.support.in_process import InProcess
from tests.support.lambda_events import queue_batch, queue_record
from tests.support.reset import forget_todos
from tests.support.thorough import many


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_at(number: int, *, after_it: bool) -> Iterator[None]:
    """The process ends at its n-th write, before that is done or before its answer is here."""
    writes = 0

    def kill(attempt: Attempt, send: Send) -> None:
        nonlocal writes
        if attempt.operation in ("PutItem", "UpdateItem", "TransactWriteItems"):
            writes += 1
            if writes == number and not after_it:
                raise Killed
        send()
        if writes == number and after_it:
            raise Killed

    with around(kill):
        yield


def path_of(operation: str) -> str:
    return f"/operations/{quote(operation, safe='')}"


def undo(api: InProcess, operation: str, status: int = 200) -> Any:
    answer = api.post(f"{path_of(operation)}/undo", {})
    assert answer.status_code == status, answer.text
    return answer.json()


def given_an_operation(alone: Alone, todos: int, name: str = "x") -> list[str]:
    """An operation that edits so many todos twice."""
    made = [alone.create(title="before") for _ in range(todos)]
    for title in ("between", "after"):
        for todo_id in made:
            assert alone.api().patch(f"/todos/{todo_id}", {"title": title}, operation_id=name).ok
    return made


def titles(alone: Alone, todo_ids: list[str]) -> list[str]:
    forget_todos()
    return [alone.api().get(f"/todos/{todo_id}").json()["title"] for todo_id in todo_ids]


def work_off(*bodies: str) -> list[str]:
    """Work through messages; the positions of those that are to come again."""
    import app

    records = [queue_record(body, message_id=str(number)) for number, body in enumerate(bodies)]
    answer = app.clear(queue_batch(*records), None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def work_off_all(alone: Alone) -> list[str]:
    """Work through the queue until it is empty; every message that came."""
    bodies: list[str] = []
    while messages := alone.messages("CLEAR_QUEUE_URL"):
        taken = [message["body"] for message in messages]
        assert work_off(*taken) == []
        bodies += taken
        assert len(bodies) < 200
    return bodies


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation of more than two todos is one for the queue, which goes through three events at a time."""
    monkeypatch.setattr(service, "AT_ONCE_TODOS", 2)
    monkeypatch.setattr(service, "PAGE", 3)


def test_an_operation_of_many_todos_is_undone_page_by_page(alone: Alone, small: None) -> None:
    todo_ids = given_an_operation(alone, 5)
    alone.patch(todo_ids[0], title="another's")

    running = undo(alone.api(), "x", 202)
    assert running["state"] == "running"
    bodies = work_off_all(alone)

    assert len(bodies) == 4, "ten events, and a page that finds no more"
    assert titles(alone, todo_ids) == ["another's", *["before"] * 4]
    found = alone.api().get(path_of("x")).json()
    assert not found["can_be_undone"]
    done = found["undo"]
    assert (done["undo"], done["state"], done["todos"], done["changed"]) == (running["undo"], "done", 5, 4)
    assert [each["todo"] for each in done["conflicts"]] == [todo_ids[0]]

    again = undo(alone.api(), done["undo"], 202)
    assert (again["undoes"], again["direction"]) == ("x", "on")
    work_off_all(alone)
    assert titles(alone, todo_ids) == ["another's", *["after"] * 4]


def test_a_message_that_comes_again_or_late_appends_nothing(alone: Alone, small: None) -> None:
    todo_ids = given_an_operation(alone, 5)
    first = undo(alone.api(), "x", 202)
    bodies = work_off_all(alone)
    again = undo(alone.api(), first["undo"], 202)
    # The late message comes while what brings it all back runs, and once more when that is done.
    assert work_off(*bodies) == []
    work_off_all(alone)
    versions = [len(alone.events(todo_id)) for todo_id in todo_ids]
    assert work_off(*bodies, *bodies) == []

    assert titles(alone, todo_ids) == ["after"] * 5
    assert versions == [len(alone.events(todo_id)) for todo_id in todo_ids] == [5] * 5
    assert alone.events(todo_ids[0])[-1].operation == again["undo"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("after_it", [False, True])
def test_killed_at_any_write_it_is_completed_by_whoever_asks_again(
    alone: Alone, monkeypatch: pytest.MonkeyPatch, *, after_it: bool
) -> None:
    monkeypatch.setattr("chalicelib.commands.undo.writing.GROUP", 2)
    for number in range(1, 7):
        name = f"x{number}"
        todo_ids = given_an_operation(alone, 5, name)
        with killed_at(number, after_it=after_it), pytest.raises(Killed):
            undo(alone.api(), name)

        done = undo(alone.api(), name)

        assert (done["todos"], done["changed"], done["state"]) == (5, 5, "done")
        assert titles(alone, todo_ids) == ["before"] * 5
        assert [len(alone.events(todo_id)) for todo_id in todo_ids] == [4] * 5


@pytest.mark.usefixtures("impatient", "small")
@pytest.mark.parametrize("after_it", [False, True])
def test_a_worker_killed_at_any_write_goes_on_when_its_message_comes_again(alone: Alone, *, after_it: bool) -> None:
    for number in range(1, 4):
        name = f"x{number}"
        todo_ids = given_an_operation(alone, 3, name)
        undo(alone.api(), name, 202)
        (message,) = alone.messages("CLEAR_QUEUE_URL")
        with killed_at(number, after_it=after_it), pytest.raises(Killed):
            work_off(message["body"])

        assert work_off(message["body"]) == []
        work_off_all(alone)

        assert titles(alone, todo_ids) == ["before"] * 3
        assert [len(alone.events(todo_id)) for todo_id in todo_ids] == [4] * 3
        assert alone.api().get(path_of(name)).json()["undo"]["state"] == "done"


def test_asked_for_twice_at_once_it_happens_once(alone: Alone) -> None:
    todo_ids = given_an_operation(alone, 30)
    apis = [alone.api() for _ in range(4)]

    with ThreadPoolExecutor(len(apis)) as pool:
        answers = list(pool.map(lambda api: undo(api, "x"), apis))

    assert len({answer["undo"] for answer in answers}) == 1
    assert titles(alone, todo_ids) == ["before"] * 30
    assert {len(alone.events(todo_id)) for todo_id in todo_ids} == {4}


def test_an_edit_between_its_read_and_its_write_is_looked_at(alone: Alone) -> None:
    todo_ids = given_an_operation(alone, 3)

    def edit() -> None:
        forget_todos()
        alone.patch(todo_ids[0], title="another's")
        alone.patch(todo_ids[1], notes="n")

    # The first transaction puts the undo in force, the second one writes the first todos.
    with just_before("TransactWriteItems", edit, after=1):
        undone = undo(alone.api(), "x")

    assert titles(alone, todo_ids) == ["another's", "before", "before"]
    assert [each["todo"] for each in undone["conflicts"]] == [todo_ids[0]]
    assert alone.api().get(f"/todos/{todo_ids[1]}").json()["notes"] == "n"


def test_what_the_operation_did_after_its_undo_is_covered_by_asking_again(alone: Alone) -> None:
    (todo_id,) = given_an_operation(alone, 1)
    first = undo(alone.api(), "x")
    alone.api().patch(f"/todos/{todo_id}", {"notes": "more of it"}, operation_id="x")

    again = undo(alone.api(), "x")

    assert again["undo"] == first["undo"]
    todo = alone.api().get(f"/todos/{todo_id}").json()
    assert (todo["title"], todo["notes"]) == ("before", None)


def test_a_long_list_that_is_being_cleared_or_renamed_cannot_be_undone_yet(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("clear_list", "rename_list"):
        monkeypatch.setattr(f"chalicelib.commands.{module}.PAGE", 2)
    monkeypatch.setattr(list_operation, "PAGE", 2)
    todo_ids = [alone.create(title="before") for _ in range(5)]
    alone.project()
    api = alone.api()
    requests: list[Callable[[], Any]] = [
        lambda: api.post("/lists/inbox/rename", {"to": "other"}),
        lambda: api.delete(list_path("inbox")),
    ]
    for request in requests:
        answer = request()
        assert answer.status_code == 202
        operation = answer.headers["Operation-Id"]
        (message,) = alone.messages("CLEAR_QUEUE_URL")
        assert work_off(message["body"]) == []

        refused = problem(api.post(f"{path_of(operation)}/undo", {}), 409)
        assert problem_name(refused) == "operation-running"
        assert not api.get(path_of(operation)).json()["can_be_undone"]
        alone.project()
        while messages := alone.messages("CLEAR_QUEUE_URL"):
            assert work_off(*(each["body"] for each in messages)) == []
            alone.project()

        undone = undo(api, operation)
        assert (undone["changed"], undone["conflicts"]) == (5, [])
        alone.project()
        forget_todos()
        assert {api.get(f"/todos/{todo_id}").json()["list"] for todo_id in todo_ids} == {"inbox"}


def test_an_undo_that_runs_cannot_be_undone_yet(alone: Alone, small: None) -> None:
    given_an_operation(alone, 3)
    running = undo(alone.api(), "x", 202)

    refused = problem(alone.api().post(f"{path_of(running['undo'])}/undo", {}), 409)

    assert problem_name(refused) == "operation-running"
    assert undo(alone.api(), "x", 202)["undo"] == running["undo"], "asked for again, it is joined"
    work_off_all(alone)
    undo(alone.api(), running["undo"], 202)


def test_a_message_of_no_undo_is_put_aside(alone: Alone) -> None:
    assert work_off('{"undo": "~nothing", "owner": "me"}') == []

    (message,) = alone.messages("QUARANTINE_QUEUE_URL")
    assert "~nothing" in message["body"]


def test_the_undo_of_a_load_finds_its_events_under_all_keys(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "LOADER", alone.owner)
    operations.spread(ids.partition_of(alone.owner), "x")
    todo_ids = given_an_operation(alone, 8)
    monkeypatch.undo()
    become_again(alone, monkeypatch)

    assert undo(alone.api(), "x")["changed"] == 8
    assert titles(alone, todo_ids) == ["before"] * 8


def test_a_page_of_a_loads_events_reads_little_more_than_these(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "LOADER", alone.owner)
    partition = ids.partition_of(alone.owner)
    operations.spread(partition, "x")
    commands = [{"op": "create", "body": {"title": str(number)}} for number in range(100)]
    for _ in range(2):
        assert alone.api().post("/batch", {"commands": commands}, operation_id="x").ok
    keys = operations.index_keys(partition, "x")
    read = 0

    def look(operation: str, request: Any, call: Callable[[Any], Any]) -> Any:
        nonlocal read
        answer = call(request)
        read += len(answer["Items"])
        return answer

    found = list[operation_index.Found]()
    with calls_watched(look):
        while page := operation_index.page(keys, found[-1][0] if found else "", 50):
            found += page
        assert len(found) == 200
        assert read < 4 * 2 * 50 + 4 * len(keys)
    assert found == sorted(operation_index.every(keys))


def become_again(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in alone.environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("seed", range(many(2)))
def test_after_a_session_of_three_actors_undo_and_its_undo_equal_the_models(alone: Alone, seed: int) -> None:
    undo_sessions.play(seed, alone.api(f"owner-{seed}"))
