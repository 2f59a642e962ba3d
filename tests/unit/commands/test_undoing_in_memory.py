"""An operation is taken back, and brought back, at once or by the queue; what others changed since stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.aws import settings_table
from chalicelib.commands import execute, operations
from chalicelib.commands.execute import TooContended
from chalicelib.commands.undo import messages as undo_messages
from chalicelib.commands.undo import records, service, units, writing
from chalicelib.commands.undo.records import Progress, TodoConflict, Undo
from chalicelib.commands.undo.results import Status, TodoPreview, Undone
from chalicelib.commands.undo.service import ExpectsTooMuch, OperationNotFound, OperationRunning
from chalicelib.ledger import ledger
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos import ids
from chalicelib.todos.decide import Command, Create, Delete, Patch, Restore
from chalicelib.todos.errors import Poison
from chalicelib.todos.events import CREATED, DELETED, EDITED, OFF, ON, REVERTED
from chalicelib.todos.ids import Owner
from chalicelib.todos.undo import CHANGED_SINCE, INVALID, MOVED_ON, NEXT_OCCURRENCE, USED_BY_OTHERS, Conflict
from tests.simulation.seams import CLEAR
from tests.simulation.world import World
from tests.support.events import following
from tests.support.reset import forget_todos
from tests.unit.commands.one_owner import (
    ME,
    PARTITION,
    create,
    history,
    messages,
    newest,
    quarantined,
    work_off,
    work_once,
)
from tests.unit.scenarios import content_of, instant

YOU = Owner("me")


def do(todo_id: str, command: Command, operation: str | None = "x") -> None:
    execute.execute(execute.CommandRequest(ME, todo_id, command, actor="me", operation=operation))


def undo(operation: str = "x", owner: Owner = ME, **options: Any) -> Undone:
    return service.undo(owner, operation, **{"actor": "ann", **options})


def given_edited(count: int, operation: str = "x") -> list[str]:
    """Todos whose titles an operation has changed from "Buy milk" to "New"."""
    todo_ids = [create() for _ in range(count)]
    for todo_id in todo_ids:
        do(todo_id, Patch({"title": "New"}), operation)
    return todo_ids


def titles(todo_ids: list[str]) -> list[str]:
    return [newest(todo_id).state["title"] for todo_id in todo_ids]


@pytest.fixture
def paged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Operations of more than one todo are undone by the queue, two events at a time: set after `world` sets them."""
    monkeypatch.setattr(service, "AT_ONCE_TODOS", 1)
    monkeypatch.setattr(service, "PAGE", 2)


@pytest.mark.usefixtures("world")
def test_what_an_operation_changed_goes_back() -> None:
    todo_ids = given_edited(2)
    other = given_edited(1, "another")

    undone = undo(client="app", correlation_id="request")

    assert undone == Undone(
        "x", "x", undone.undo, OFF, is_done=True, todos=2, changed=2, conflict_count=0, conflicts=(),
        versions=dict.fromkeys(todo_ids, 3),
    )  # fmt: skip
    assert titles([*todo_ids, *other]) == ["Buy milk", "Buy milk", "New"]
    event = newest(todo_ids[0])
    assert (event.type, event.operation, event.undoes, event.direction) == (REVERTED, undone.undo, "x", OFF)
    assert (event.actor, event.client, event.correlation_id) == ("ann", "app", "request")
    assert undone.undo.startswith("~")


@pytest.mark.usefixtures("world")
def test_an_undo_that_is_undone_brings_the_changes_back_and_so_on() -> None:
    todo_ids = given_edited(1)
    first = undo()
    second = undo(first.undo)
    assert (second.operation, second.undoes, second.direction) == (first.undo, "x", ON)
    assert titles(todo_ids) == ["New"]

    third = undo(second.undo)

    assert (third.operation, third.undoes, third.direction, third.changed) == (second.undo, "x", OFF, 1)
    assert titles(todo_ids) == ["Buy milk"]
    assert undo().undo == third.undo


@pytest.mark.usefixtures("world")
def test_a_repeat_joins_the_undo_that_is_done_and_finds_what_it_changed() -> None:
    [todo_id] = given_edited(1)
    first = undo()

    assert undo(actor="another") == first
    assert len(history(todo_id)) == 3


@pytest.mark.usefixtures("world")
def test_a_todo_that_the_operation_made_is_deleted() -> None:
    todo_id = ids.new_uuid()
    do(todo_id, Create(content_of()))

    assert undo().changed == 1
    assert newest(todo_id).type == DELETED


@pytest.mark.usefixtures("world")
def test_what_another_changed_since_stays_as_a_conflict() -> None:
    kept, gone = given_edited(2)
    do(kept, Patch({"title": "x" * 400, "notes": "n"}), None)

    undone = undo()

    assert titles([kept, gone]) == ["x" * 400, "Buy milk"]
    assert (undone.todos, undone.changed, undone.conflict_count) == (2, 1, 1)
    expected = TodoConflict(kept, 3, (Conflict("title", CHANGED_SINCE, "x" * 400, "Buy milk"),))
    assert undone.conflicts == (expected,)
    in_force = service.status(ME, "x").undo
    assert in_force == replace(undone, versions={})


@pytest.mark.parametrize("name", ["y", "", "a b", "x" * 65, "é"])
@pytest.mark.usefixtures("world")
def test_there_is_no_other_operation(name: str) -> None:
    given_edited(1)

    for ask in (undo, lambda each: service.preview(ME, each), lambda each: service.status(ME, each)):
        with pytest.raises(OperationNotFound):
            ask(name)
    with pytest.raises(OperationNotFound):
        undo("x", YOU)


@pytest.mark.usefixtures("world")
def test_an_operation_that_the_queue_works_on_is_not_undone() -> None:
    given_edited(1)
    work = ids.new_uuid()
    operations.begin_work(PARTITION, "x", work)

    with pytest.raises(OperationRunning):
        undo()
    assert service.status(ME, "x") == Status("x", can_be_undone=False, undoes=None, direction=None, undo=None)

    operations.end_work(PARTITION, "x", work)
    assert undo().changed == 1


@pytest.mark.usefixtures("world")
def test_a_todo_that_is_not_at_the_expected_version_stays() -> None:
    expected, unexpected = given_edited(2)

    undone = undo(expect={expected: 2, unexpected: 1})

    assert titles([expected, unexpected]) == ["Buy milk", "New"]
    assert [(each.todo, each.version, each.conflicts[0].reason) for each in undone.conflicts] == [
        (unexpected, 2, MOVED_ON)
    ]


@pytest.mark.usefixtures("world")
def test_a_preview_says_what_an_undo_would_do_and_does_nothing() -> None:
    one, other = given_edited(2)
    do(other, Patch({"completed": True}), None)

    preview = service.preview(ME, "x")

    assert sorted(preview.todos, key=lambda each: each.todo) == [
        TodoPreview(todo_id, version, REVERTED, {"title": "Buy milk"}, (), is_done=False)
        for todo_id, version in sorted([(one, 2), (other, 3)])
    ]
    assert (preview.operation, preview.undoes, preview.direction, preview.next_after) == ("x", "x", OFF, None)
    assert titles([one, other]) == ["New", "New"]


@pytest.mark.usefixtures("world")
def test_a_preview_of_what_is_done_says_so_and_one_of_the_undo_leads_back() -> None:
    [todo_id] = given_edited(1)
    undone = undo()

    assert service.preview(ME, "x").todos == (TodoPreview(todo_id, 3, None, {}, (), is_done=True),)
    back = service.preview(ME, undone.undo)
    assert (back.operation, back.undoes, back.direction) == (undone.undo, "x", ON)
    assert back.todos == (TodoPreview(todo_id, 3, REVERTED, {"title": "New"}, (), is_done=False),)


@pytest.mark.usefixtures("world")
def test_a_preview_has_each_todo_in_the_page_of_its_first_event() -> None:
    todo_ids = given_edited(3)
    for todo_id in todo_ids:
        do(todo_id, Patch({"title": "Newer"}))

    seen: list[str] = []
    after, pages = None, 0
    while pages == 0 or after is not None:
        page = service.preview(ME, "x", after=after, limit=2)
        seen += [each.todo for each in page.todos]
        after, pages = page.next_after, pages + 1

    assert sorted(seen) == sorted(todo_ids)
    assert pages == 3


@pytest.mark.usefixtures("world")
def test_a_preview_names_the_conflicts_and_what_is_expected() -> None:
    [todo_id] = given_edited(1)

    [shown] = service.preview(ME, "x", expect={todo_id: 7}).todos

    assert (shown.type, shown.change, [each.reason for each in shown.conflicts]) == (None, {}, [MOVED_ON])


@pytest.mark.usefixtures("world")
def test_the_status_says_what_can_be_undone() -> None:
    given_edited(1)
    assert service.status(ME, "x") == Status("x", can_be_undone=True, undoes=None, direction=None, undo=None)

    undone = undo()
    known = replace(undone, versions={})
    assert service.status(ME, "x") == Status("x", can_be_undone=False, undoes=None, direction=None, undo=known)
    assert service.status(ME, undone.undo) == Status(
        undone.undo, can_be_undone=True, undoes="x", direction=OFF, undo=replace(known, operation=undone.undo)
    )


@pytest.mark.parametrize(("name", "most"), [("AT_ONCE_TODOS", 3), ("AT_ONCE_EVENTS", 3)])
def test_more_than_a_request_does_itself_is_for_the_queue(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    monkeypatch.setattr(service, name, most)
    given_edited(3, "x")
    given_edited(4, "y")

    assert undo("x").is_done
    assert messages(world) == []
    queued = undo("y", client="app", correlation_id="request")

    assert (queued.is_done, queued.todos, queued.changed, queued.versions) == (False, 0, 0, {})
    assert messages(world) == [{"undo": queued.undo, "owner": ME}]
    work_off(world)
    assert service.status(ME, "y").undo == replace(queued, is_done=True, todos=4, changed=4)


@pytest.mark.usefixtures("paged")
def test_the_queue_undoes_page_by_page_and_keeps_the_conflicts_of_all(world: World) -> None:
    todo_ids = given_edited(5)
    first_of_all = min(todo_ids, key=lambda todo_id: history(todo_id)[1].event_id)
    last_of_all = max(todo_ids, key=lambda todo_id: history(todo_id)[1].event_id)
    for todo_id in (first_of_all, last_of_all):
        do(todo_id, Patch({"title": "Mine"}), None)
    begun = undo(client="app", correlation_id="request")
    assert service.status(ME, "x") == Status("x", can_be_undone=False, undoes=None, direction=None, undo=begun)

    assert work_once(world) == []
    half = service.status(ME, "x").undo
    assert half is not None
    assert (half.is_done, half.todos, half.changed, half.conflict_count) == (False, 2, 1, 1)
    assert [each.todo for each in half.conflicts] == [first_of_all]

    assert work_off(world) == 2
    done = service.status(ME, "x").undo
    assert done is not None
    assert (done.is_done, done.todos, done.changed, done.conflict_count) == (True, 5, 3, 2)
    assert [each.todo for each in done.conflicts] == [first_of_all, last_of_all]
    assert sorted(titles(todo_ids)) == ["Buy milk"] * 3 + ["Mine"] * 2
    changed = next(newest(each) for each in todo_ids if each not in (first_of_all, last_of_all))
    assert (changed.actor, changed.client, changed.correlation_id) == ("ann", "app", "request")


@pytest.mark.usefixtures("paged")
def test_what_an_operation_has_exactly_pages_of_is_undone_too(world: World) -> None:
    todo_ids = given_edited(4)
    undo()

    assert work_off(world) == 3
    assert titles(todo_ids) == ["Buy milk"] * 4


@pytest.mark.usefixtures("paged")
def test_a_repeat_of_what_is_queued_joins_it(world: World) -> None:
    given_edited(3)
    first = undo()

    assert undo() == first
    with pytest.raises(OperationRunning):
        undo(first.undo)
    assert len(messages(world)) == 2
    work_off(world)
    assert service.status(ME, "x").undo == replace(first, is_done=True, todos=3, changed=3)


@pytest.mark.usefixtures("paged")
def test_versions_of_what_is_queued_cannot_be_expected(world: World) -> None:
    todo_ids = given_edited(3)

    with pytest.raises(ExpectsTooMuch):
        undo(expect=dict.fromkeys(todo_ids, 2))

    assert messages(world) == []
    assert service.status(ME, "x").can_be_undone


@pytest.mark.usefixtures("paged")
def test_a_message_that_comes_after_the_end_changes_nothing(world: World) -> None:
    todo_ids = given_edited(3)
    undone = undo()
    [late] = world.queues.records(CLEAR)
    work_off(world)
    undo(undone.undo)
    work_off(world)

    world.queues.put(CLEAR, late["body"], {})
    assert work_off(world) == 1

    assert titles(todo_ids) == ["New"] * 3


def test_a_message_of_no_undo_is_quarantined(world: World) -> None:
    given_edited(1)
    with pytest.raises(Poison, match=r"^there is no undo 'x'$"):
        service.resume(ME, "x")

    undo_messages.send(ME, "~nothing")
    work_off(world)

    assert [message["error"] for message in quarantined(world)] == ["Poison: there is no undo '~nothing'"]


@pytest.mark.parametrize("is_queued", [False, True])
def test_what_the_operation_does_meanwhile_is_undone_in_another_round(
    world: World, monkeypatch: pytest.MonkeyPatch, *, is_queued: bool
) -> None:
    monkeypatch.setattr(service, "AT_ONCE_TODOS", 0 if is_queued else 200)
    [todo_id], late = given_edited(1), create()
    real, arriving = writing._write, iter([late])

    def write(*arguments: Any) -> set[str]:
        written = real(*arguments)
        for each in arriving:
            do(each, Patch({"title": "New"}))
        return written

    monkeypatch.setattr(writing, "_write", write)
    undo()
    work_off(world)

    assert titles([todo_id, late]) == ["Buy milk", "Buy milk"]
    done = service.status(ME, "x").undo
    assert done is not None
    assert (done.is_done, done.todos, done.changed) == (True, 2, 2)


def test_an_operation_that_never_ends_does_not_keep_its_undo_from_ending(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_edited(1)
    real, rounds = writing._write, []

    def write(*arguments: Any) -> set[str]:
        written = real(*arguments)
        rounds.append(1)
        do(create(), Patch({"title": "New"}))
        return written

    monkeypatch.setattr(writing, "_write", write)

    assert undo().is_done
    assert len(rounds) == service.MAX_ROUNDS


def sizes_written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many events each write has, from now on."""
    sizes: list[int] = []
    real = ledger.append_together

    def append(events: Any, *more: Any) -> Any:
        sizes.append(len(events))
        return real(events, *more)

    monkeypatch.setattr(ledger, "append_together", append)
    return sizes


def overtaking(monkeypatch: pytest.MonkeyPatch, before_each: Callable[[], None]) -> None:
    """Something happens before each write of an undo."""
    real = ledger.append_together

    def append(*arguments: Any) -> Any:
        before_each()
        return real(*arguments)

    monkeypatch.setattr(ledger, "append_together", append)


@pytest.mark.usefixtures("world")
def test_a_todo_that_another_changes_meanwhile_is_decided_anew_and_delays_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = given_edited(2)
    edits = iter([Patch({"notes": "n"}), Patch({"title": "Mine"})])

    def edit() -> None:
        for command in edits:
            do(first, command, None)
            return

    overtaking(monkeypatch, edit)
    undone = undo()

    assert titles([first, second]) == ["Mine", "Buy milk"]
    assert newest(first).state["notes"] == "n"
    assert (undone.todos, undone.changed, undone.conflict_count) == (2, 1, 1)


@pytest.mark.usefixtures("world")
def test_a_todo_that_others_change_each_time_is_too_contended(monkeypatch: pytest.MonkeyPatch) -> None:
    [todo_id] = given_edited(1)
    numbers = iter(range(1000))
    overtaking(monkeypatch, lambda: do(todo_id, Patch({"notes": f"{next(numbers)}"}), None))

    with pytest.raises(TooContended):
        undo()
    assert next(numbers) == execute.MAX_TRIES


def cut_lines(monkeypatch: pytest.MonkeyPatch, answers: int, *, is_written: bool) -> list[int]:
    """So many writes of undos have no answer; how many events those were that were sent."""
    real, sent = ledger.append_together, []

    def append(events: Any, *more: Any) -> Any:
        sent.append(len(events))
        taken = is_written and real(events, *more)
        if len(sent) <= answers:
            raise LedgerUnavailable("the line is cut")
        return taken

    monkeypatch.setattr(ledger, "append_together", append)
    return sent


@pytest.mark.usefixtures("world")
def test_what_was_written_without_an_answer_is_found_as_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    todo_ids = given_edited(2)
    sent = cut_lines(monkeypatch, 1, is_written=True)

    undone = undo()

    assert sent == [2]
    assert (undone.changed, undone.versions) == (2, dict.fromkeys(todo_ids, 3))


@pytest.mark.usefixtures("world")
def test_a_line_that_stays_cut_is_tried_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    given_edited(2)
    sent = cut_lines(monkeypatch, 100, is_written=False)

    with pytest.raises(LedgerUnavailable, match="the line is cut"):
        undo()

    assert sent == [2, 2]


@pytest.mark.usefixtures("world")
def test_so_many_events_are_written_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "GROUP", 2)
    given_edited(5)
    sizes = sizes_written(monkeypatch)

    assert undo().changed == 5
    assert sizes == [2, 2, 1]


@pytest.mark.usefixtures("world")
def test_of_a_todo_whose_history_is_not_here_as_a_whole_nothing_is_changed() -> None:
    todo_id = ids.new_uuid()
    stream = ids.stream_id(PARTITION, todo_id)
    first = following(None, stream, CREATED, content_of(), at=instant(1), operation="x", event_id=ids.new_uuid())
    ledger.append(first)
    ledger.append(following(first, stream, EDITED, {"title": "a part"}, at=instant(2), more=True))

    undone = undo()

    assert (undone.changed, undone.conflicts) == (
        0, (TodoConflict(todo_id, 2, (Conflict(None, units.UNFINISHED_IMPORT),)),),
    )  # fmt: skip


def given_series(count: int) -> list[str]:
    """A repeating todo and those after it, each completed by the operation but the last."""
    todo_ids = [create(due="2026-12-01", repeat="FREQ=WEEKLY")]
    for _ in range(count):
        do(todo_ids[-1], Patch({"completed": True}))
        todo_ids.append(ids.id_for_next(todo_ids[-1]))
    return todo_ids


@pytest.mark.usefixtures("world")
def test_a_completion_and_the_next_occurrence_that_it_made_go_back_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "GROUP", 1)
    first, second, third = given_series(2)
    sizes = sizes_written(monkeypatch)
    undone = undo()

    assert sizes == [3]
    assert (undone.todos, undone.changed) == (3, 3)
    assert not newest(first).state["completed"]
    assert [newest(each).state["deleted"] for each in (first, second, third)] == [False, True, True]
    assert len({newest(each).occurred_at for each in (first, second, third)}) == 1


@pytest.mark.usefixtures("world")
def test_a_series_that_is_too_long_for_a_transaction_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "MAX_TODOS", 3)
    todo_ids = given_series(2)
    assert undo().changed == 3
    forget_todos()
    undo(undo().undo)
    do(todo_ids[-1], Patch({"completed": True}))

    undone = undo()

    assert undone.changed == 0
    assert {each.conflicts for each in undone.conflicts} == {(Conflict(None, units.LONG_SERIES),)}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"undo": "~x", "owner": "me#1"}', ("me#1", "~x")),
        ('{"undo": "~x"}', None),
        ('{"undo": 1, "owner": "me"}', None),
        ('{"undo": "~x", "owner": null}', None),
        ("[]", None),
        ("", None),
    ],
)
def test_a_message_names_an_owner_and_an_undo(body: str, expected: tuple[str, str] | None) -> None:
    assert undo_messages.undo_in(body) == expected


@pytest.mark.usefixtures("world")
def test_a_message_is_read_back(world: World) -> None:
    undo_messages.send(ME, "~x")

    [record] = world.queues.records(CLEAR)
    assert undo_messages.undo_in(record["body"]) == (ME, "~x")


THIS = Undo("~1", "x", OFF, "ann", "app", "request")


@pytest.mark.usefixtures("world")
def test_one_undo_is_in_force_at_a_time() -> None:
    other = replace(THIS, undo="~2", client=None, correlation_id=None)
    assert records.claim(PARTITION, THIS, None)
    assert not records.claim(PARTITION, other, None)
    running = records.state_of(operations.find(PARTITION, "x"))
    assert running == records.State("~1", OFF, is_done=False, progress=Progress())
    assert not records.claim(PARTITION, other, running), "while the first runs"
    assert not records.run_again(PARTITION, THIS), "nor does that begin anew"

    assert records.go_on(PARTITION, THIS, Progress(), Progress(todos=1), is_done=True, by="step")
    done = records.state_of(operations.find(PARTITION, "x"))
    assert done == records.State("~1", OFF, is_done=True, progress=Progress(todos=1))
    assert records.claim(PARTITION, replace(other, direction=ON), done)
    assert not records.run_again(PARTITION, THIS), "it is not in force any more"
    assert not records.go_on(PARTITION, THIS, Progress(todos=1), Progress(), is_done=False, by="late")

    assert records.undo_of(operations.find(PARTITION, "~1"), "~1") == THIS
    assert records.undo_of(operations.find(PARTITION, "~2"), "~2") == replace(other, direction=ON)
    assert records.undo_of(operations.find(PARTITION, "x"), "x") is None
    assert records.state_of(operations.find(PARTITION, "~1")) is None


@pytest.mark.usefixtures("world")
def test_an_undo_that_is_done_may_run_once_more_from_the_beginning() -> None:
    records.claim(PARTITION, THIS, None)
    records.go_on(PARTITION, THIS, Progress(), Progress(todos=1), is_done=True, by="step")

    assert records.run_again(PARTITION, THIS)
    assert not records.run_again(PARTITION, THIS)

    assert records.state_of(operations.find(PARTITION, "x")) == records.State(
        "~1", OFF, is_done=False, progress=Progress()
    )


@pytest.mark.usefixtures("world")
def test_of_two_workers_one_gets_further_and_may_say_so_twice() -> None:
    records.claim(PARTITION, THIS, None)
    after = Progress(after="event", pages=1)

    assert records.go_on(PARTITION, THIS, Progress(), after, is_done=False, by="one")
    assert records.go_on(PARTITION, THIS, Progress(), after, is_done=False, by="one")
    assert not records.go_on(PARTITION, THIS, Progress(), after, is_done=False, by="other")


def conflict(todo: str, value: str = "") -> TodoConflict:
    return TodoConflict(todo, 1, (Conflict("title", CHANGED_SINCE, value, None, "detail"),))


@pytest.mark.usefixtures("world")
def test_the_conflicts_of_pages_are_kept_for_ninety_days_each_page_anew(world: World) -> None:
    pages = [[conflict("a"), conflict("b")], [conflict("c")], [conflict("d")]]
    for number, page in enumerate(pages):
        records.keep_conflicts(PARTITION, "~1", number, [conflict("before")])
        records.keep_conflicts(PARTITION, "~1", number, page)

    assert records.conflicts_of(PARTITION, "~1", 3, 10) == tuple(conflict(name) for name in "abcd")
    assert records.conflicts_of(PARTITION, "~1", 2, 10) == tuple(conflict(name) for name in "abc")
    assert records.conflicts_of(PARTITION, "~1", 3, 2) == tuple(conflict(name) for name in "ab")
    assert records.conflicts_of(PARTITION, "~1", 0, 10) == ()
    assert records.conflicts_of(PARTITION, "~2", 3, 10) == ()
    item = settings_table.find(PARTITION, "conflicts#~1#000002")
    assert item is not None
    assert int(item["expires_at"]["N"]) == world.scheduler.now // 1000 + 90 * 24 * 3600


@pytest.mark.usefixtures("world")
def test_no_more_conflicts_of_a_page_are_kept_than_an_item_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    of_one = len(
        json.dumps(
            {
                "todo": "a",
                "version": 1,
                "conflicts": [
                    {"field": "title", "reason": CHANGED_SINCE, "stays": "", "wanted": None, "detail": "detail"}
                ],
            },
            separators=(",", ":"),
        )
    )
    monkeypatch.setattr(records, "MAX_PAGE_BYTES", 2 * of_one)

    records.keep_conflicts(PARTITION, "~1", 0, [conflict(name) for name in "abc"])

    assert records.conflicts_of(PARTITION, "~1", 1, 10) == (conflict("a"), conflict("b"))


def test_a_long_value_is_left_out_of_a_conflict() -> None:
    fits, long = "x" * (records.MAX_VALUE_BYTES - 2), "x" * (records.MAX_VALUE_BYTES - 1)

    assert records.shortened(Conflict("notes", "r", fits, long, "d")) == Conflict("notes", "r", fits, None, "d")
    assert records.shortened(Conflict("notes", "r", long, fits, "d")) == Conflict("notes", "r", None, fits, "d")


def test_each_direction_takes_the_other_back() -> None:
    assert (records.opposite(OFF), records.opposite(ON)) == (ON, OFF)


@pytest.mark.usefixtures("world")
def test_a_deletion_by_an_operation_is_taken_back() -> None:
    todo_id = create()
    do(todo_id, Delete())

    assert undo().changed == 1
    assert not newest(todo_id).state["deleted"]


@pytest.mark.usefixtures("world")
def test_an_undo_that_another_request_has_finished_writes_nothing_late(monkeypatch: pytest.MonkeyPatch) -> None:
    [todo_id] = given_edited(1)

    def finish() -> None:
        state = records.state_of(operations.find(PARTITION, "x"))
        assert state is not None
        this = Undo(state.undo, "x", OFF, "ann")
        assert records.go_on(PARTITION, this, state.progress, Progress(todos=7), is_done=True, by="another")

    overtaking(monkeypatch, finish)
    undone = undo()

    assert titles([todo_id]) == ["New"]
    assert (undone.is_done, undone.todos, undone.changed, undone.versions) == (True, 7, 0, {})


def test_a_page_with_one_event_of_a_completion_has_the_other_todo_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AT_ONCE_TODOS", 0)
    monkeypatch.setattr(service, "PAGE", 1)
    first, second = given_series(1)
    undo()

    assert work_off(world) == 3
    done = service.status(ME, "x").undo
    assert done is not None
    assert (done.is_done, done.todos, done.changed) == (True, 2, 2)
    assert [len(history(each)) for each in (first, second)] == [3, 2]


@pytest.mark.usefixtures("world")
def test_a_todo_that_others_use_does_not_cease_to_exist() -> None:
    todo_id = ids.new_uuid()
    do(todo_id, Create(content_of()))
    do(todo_id, Patch({"notes": "n"}), None)

    undone = undo()

    assert undone.conflicts == (TodoConflict(todo_id, 2, (Conflict("exists", USED_BY_OTHERS, True, False),)),)
    assert not newest(todo_id).state["deleted"]
    # Nor does one that the operation brought back.
    do(todo_id, Delete(), None)
    do(todo_id, Restore(), "y")
    do(todo_id, Patch({"notes": "m"}), None)
    assert [each.reason for each in undo("y").conflicts[0].conflicts] == [USED_BY_OTHERS]


@pytest.mark.usefixtures("world")
def test_a_completion_stays_with_a_next_occurrence_that_others_use() -> None:
    first, second = given_series(1)
    do(second, Patch({"notes": "n"}), None)

    conflicts = {each.todo: each.conflicts for each in undo().conflicts}

    assert conflicts == {
        first: (Conflict("completed", NEXT_OCCURRENCE, True, False),),
        second: (Conflict("exists", USED_BY_OTHERS, True, False),),
    }
    assert newest(first).state["completed"]


@pytest.mark.usefixtures("world")
def test_a_next_occurrence_stays_deleted_with_a_reopening_that_another_made_later() -> None:
    first, second = given_series(1)
    do(first, Patch({"completed": False}), "y")
    do(first, Patch({"completed": True}), None)
    do(first, Patch({"completed": False}), None)

    undone = undo("y")

    assert undone.changed == 0
    assert not newest(first).state["completed"]
    assert newest(second).state["deleted"]


@pytest.mark.usefixtures("world")
def test_what_would_break_the_bounds_of_a_todo_stays_as_a_whole() -> None:
    todo_id = create(due="9999-12-31", title="Old")
    do(todo_id, Patch({"due": "2026-12-01", "title": "New"}))
    do(todo_id, Patch({"repeat": "FREQ=DAILY"}), None)

    undone = undo()

    detail = "#/repeat: has no next date within reach, counted from 9999-12-31"
    assert undone.conflicts == (TodoConflict(todo_id, 3, (Conflict(None, INVALID, detail=detail),)),)
    assert (newest(todo_id).state["due"], newest(todo_id).state["title"]) == ("2026-12-01", "New")


@pytest.mark.usefixtures("world")
def test_of_a_todo_that_is_not_as_expected_that_alone_is_said() -> None:
    [todo_id] = given_edited(1)
    do(todo_id, Patch({"notes": "n"}))
    do(todo_id, Patch({"title": "Mine"}), None)

    assert undo(expect={todo_id: 1}).conflicts == (TodoConflict(todo_id, 4, (Conflict(None, MOVED_ON),)),)
    assert newest(todo_id).state["notes"] == "n"


@pytest.mark.usefixtures("world")
def test_a_write_that_another_operation_hides_is_not_seen_again_once_both_are_undone() -> None:
    [todo_id] = given_edited(1, "x")
    do(todo_id, Patch({"title": "Newer"}), "y")

    hidden = undo("x")
    assert titles([todo_id]) == ["Newer"]
    assert [each.conflicts[0].reason for each in hidden.conflicts] == [CHANGED_SINCE]
    undo("y")
    assert titles([todo_id]) == ["New"]
    undo("x")

    assert titles([todo_id]) == ["Buy milk"]


@pytest.mark.usefixtures("world")
def test_a_write_that_makes_no_difference_is_taken_back_too() -> None:
    [todo_id] = given_edited(1, "x")
    do(todo_id, Patch({"title": "Buy milk"}), "y")
    undo("x")
    undo("y")
    assert titles([todo_id]) == ["New"]
    undo("x")

    assert titles([todo_id]) == ["Buy milk"]
