"""A reminder is given once for each value of `remind_at`, and only while it is wanted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.commands import reminders
from chalicelib.ledger.codec import dump_state, load_state
from chalicelib.todos import content, fold, representation
from chalicelib.todos.decide import (
    Command,
    Create,
    Delete,
    IfMatch,
    Patch,
    Remind,
    Restore,
    Revert,
    TodoNotFound,
    VersionMismatch,
    decide,
)
from chalicelib.todos.errors import Poison
from chalicelib.todos.events import REMINDED, Todo
from chalicelib.todos.ids import Partition
from chalicelib.views import schema
from chalicelib.views.queries import DueReminder

AT = "2026-12-01T09:00:00+01:00"
SAME_INSTANT = "2026-12-01T08:00:00.000000Z"
LATER = "2026-12-02T09:00:00+01:00"
REMIND = Remind(SAME_INSTANT)


def after(*commands: Command, remind_at: str | None = AT, **fields: Any) -> Todo:
    """A todo with a reminder, once each command has been decided and what it decides happened."""
    first = Create(content.validate({"title": "Buy milk", "remind_at": remind_at, **fields}))
    todo: Todo | None = None
    for number, command in enumerate([first, *commands]):
        decision = decide(command, todo, number)
        if decision is not None:
            todo = fold.evolve(todo, decision.type, decision.change, f"2026-11-20T00:00:0{number}.000Z")
    assert todo is not None
    return todo


def is_wanted(todo: Todo, command: Remind = REMIND) -> bool:
    decision = decide(command, todo, 1)
    assert decision is None or (decision.type, decision.change) == (REMINDED, {})
    return decision is not None


def test_an_open_todo_is_reminded_of() -> None:
    assert is_wanted(after())


def test_once() -> None:
    assert not is_wanted(after(REMIND))


@pytest.mark.parametrize(
    "commands",
    [
        [Patch({"completed": True})],
        [Delete()],
        [Patch({"remind_at": LATER})],
        [Patch({"remind_at": None})],
    ],
    ids=["completed", "deleted", "moved", "removed"],
)
def test_not_any_more_when_it_was(commands: list[Command]) -> None:
    assert not is_wanted(after(*commands))


def test_a_bare_date_is_told_at_its_first_moment_in_the_time_zone_and_once() -> None:
    todo = after(remind_at="2026-12-01", time_zone="Asia/Tokyo")
    found = schema.index_attributes(Partition("me"), "x", dump_state(todo))["remind_at"]["S"]
    assert found == "2026-11-30T15:00:00.000000Z"
    assert not is_wanted(todo, Remind("2026-11-30T14:59:59Z"))
    assert is_wanted(todo, Remind(found))
    told = after(Remind(found), remind_at="2026-12-01", time_zone="Asia/Tokyo")
    assert not is_wanted(told, Remind(found))
    assert "remind_at" not in schema.index_attributes(Partition("me"), "x", dump_state(told))


def test_one_that_moved_to_an_earlier_time_has_come_too() -> None:
    assert is_wanted(after(Patch({"remind_at": "2026-11-30"})))


def test_an_instant_beside_the_bare_date_that_was_told_is_told_again() -> None:
    told = after(Remind("2026-11-30T15:00:00Z"), remind_at="2026-12-01", time_zone="Asia/Tokyo")
    moved: Todo = {**told, "remind_at": "2026-12-01T00:00:00Z"}
    assert is_wanted(moved, Remind("2026-12-01T00:00:00Z"))


def test_again_when_the_reminder_moves() -> None:
    todo = after(REMIND, Patch({"remind_at": LATER}))
    assert is_wanted(todo, Remind(LATER))
    assert not is_wanted(todo), "of the time before it was reminded"


def test_not_again_when_the_same_instant_is_written_otherwise() -> None:
    assert not is_wanted(after(REMIND, Patch({"remind_at": "2026-12-01T08:00:00Z"})))


def test_not_again_when_it_moves_away_and_back() -> None:
    assert not is_wanted(after(REMIND, Patch({"remind_at": LATER}), Patch({"remind_at": AT})))


@pytest.mark.parametrize(
    "commands",
    [
        [Patch({"completed": True}), Patch({"completed": False})],
        [Delete(), Restore()],
        [Patch({"title": "Buy oat milk"})],
    ],
    ids=["reopened", "restored", "edited"],
)
def test_what_was_given_stays_given(commands: list[Command]) -> None:
    assert not is_wanted(after(REMIND, *commands))
    assert is_wanted(after(*commands)), "and what was not, not"


def test_going_back_to_an_earlier_version_does_not_forget_it() -> None:
    assert not is_wanted(after(REMIND, Patch({"title": "New"}), Revert(after())))


def test_a_todo_that_does_not_exist_gets_no_reminder() -> None:
    with pytest.raises(TodoNotFound):
        decide(REMIND, None, 0)


def test_a_precondition_holds_for_it_too() -> None:
    with pytest.raises(VersionMismatch):
        decide(REMIND, after(), 1, IfMatch(frozenset({2})))


def test_the_state_knows_of_what_it_was_and_no_answer_tells() -> None:
    todo = after(REMIND)
    assert todo["reminded"] == AT
    assert "reminded" not in representation.todo_answer("https://api.example", "id", 2, todo)
    with pytest.raises(content.InvalidContent):
        content.validate({"title": "x", "reminded": AT})


def test_a_state_from_before_there_were_reminders_is_the_same_state() -> None:
    """So the version of the fold (STATE_SCHEMA) stays what it was: no event that existed leads to another state."""
    stored = dump_state(after())
    assert "reminded" not in json.loads(stored)
    assert load_state(stored) == after()
    assert fold.STATE_SCHEMA == 1


def index_of(todo: Todo) -> set[str]:
    return set(schema.index_attributes(Partition("me"), "id", dump_state(todo)))


def test_what_waits_stands_in_the_index_and_what_was_given_does_not() -> None:
    assert {"remind_shard", "remind_at"} <= index_of(after())
    assert index_of(after(REMIND)) == {"by_list", "by_created"}
    assert {"remind_shard", "remind_at"} <= index_of(after(REMIND, Patch({"remind_at": LATER})))
    assert index_of(after(REMIND, Patch({"remind_at": SAME_INSTANT}))) == {"by_list", "by_created"}


def test_the_next_occurrence_is_reminded_of_anew() -> None:
    from chalicelib.todos import recurrence

    todo = after(REMIND, Patch({"completed": True}), due="2026-12-01", repeat="FREQ=DAILY")
    following = recurrence.next_occurrence(todo)
    assert following is not None
    created = decide(Create(following), None, 0)
    assert created is not None
    assert is_wanted(fold.evolve(None, created.type, created.change, "2026-11-20T00:00:00.000Z"), Remind(LATER))


PAGE = [DueReminder(Partition("al%23ice"), "0197e1f0-0000-7000-8000-000000000001", SAME_INSTANT)]


def test_a_page_comes_back_from_its_message() -> None:
    assert reminders.decode(reminders.encode(PAGE)) == PAGE


@pytest.mark.parametrize(
    "body",
    [
        "",
        "x",
        "[]",
        "{}",
        "null",
        '{"reminders":null}',
        '{"reminders":[["me","id"]]}',
        '{"reminders":[["me","id",1]]}',
        '{"reminders":["abc"]}',
        '{"reminders":[["me","id","soon"]]}',
        '{"reminders":[{"a":1}]}',
    ],
)
def test_what_is_no_page_is_poison(body: str) -> None:
    with pytest.raises(Poison):
        reminders.decode(body)
