"""The fold: what each type of event makes of a todo, and which histories it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.todos import fold, instants
from chalicelib.todos.decide import Delete, Patch, Restore
from chalicelib.todos.events import (
    COMPLETED,
    CREATED,
    DEFAULTS,
    DELETED,
    EDITED,
    REMINDED,
    REOPENED,
    RESTORED,
    REVERTED,
)
from tests.unit.scenarios import deleted, instant, live, patched

OPEN = fold.evolve(None, CREATED, {"title": "Buy milk"}, instant(1))
DONE = fold.evolve(OPEN, COMPLETED, {"completed": True}, instant(2))
GONE = fold.evolve(DONE, DELETED, {}, instant(3))


def test_a_first_event_fills_in_what_it_does_not_say() -> None:
    assert {**DEFAULTS, "title": "Buy milk", "created_at": instant(1), "updated_at": instant(1)} == OPEN


def test_a_todo_created_completed_was_completed_then() -> None:
    todo = fold.evolve(None, CREATED, {"title": "x", "completed": True}, instant(1))
    assert (todo["completed"], todo["completed_at"]) == (True, instant(1))


@pytest.mark.parametrize(
    ("todo", "event_type", "change", "expected"),
    [
        (OPEN, EDITED, {"notes": "n"}, {"notes": "n"}),
        (OPEN, EDITED, {"title": "New", "order": 1}, {"title": "New", "order": 1}),
        (OPEN, EDITED, {}, {}),
        (OPEN, COMPLETED, {"completed": True}, {"completed": True, "completed_at": instant(9)}),
        (DONE, REOPENED, {"completed": False}, {"completed": False, "completed_at": None}),
        (DONE, EDITED, {"notes": "n"}, {"notes": "n"}),
        (OPEN, DELETED, {}, {"deleted": True}),
        (GONE, RESTORED, {}, {"deleted": False}),
        (GONE, RESTORED, {"completed": False}, {"deleted": False, "completed": False, "completed_at": None}),
        (GONE, REVERTED, {"title": "Old"}, {"deleted": False, "title": "Old"}),
        (OPEN, REVERTED, {"completed": True}, {"completed": True, "completed_at": instant(9)}),
        (OPEN, REMINDED, {}, {}),
    ],
)  # fmt: skip
def test_an_event_changes_what_it_says_and_nothing_else(todo, event_type, change, expected) -> None:  # type: ignore[no-untyped-def]
    before = dict(todo)
    after = fold.evolve(todo, event_type, change, instant(9))
    assert after == {**before, **expected, "updated_at": instant(9)}
    assert todo == before, "the state before is a value, and stays"


def test_an_event_type_from_a_newer_writer_still_changes_what_it_says() -> None:
    assert fold.evolve(OPEN, "TodoShared", {"notes": "n"}, instant(9))["notes"] == "n"
    assert fold.evolve(GONE, "TodoShared", {}, instant(9))["deleted"]


def test_completed_at_stays_while_the_todo_stays_completed() -> None:
    stream = patched(patched(live(), completed=True), notes="x").after(Delete(), Restore())
    assert stream.todo is not None
    assert stream.todo["completed_at"] == stream.events[1].occurred_at


def test_completing_what_is_completed_does_not_complete_it_anew() -> None:
    assert fold.evolve(DONE, EDITED, {"completed": True}, instant(9))["completed_at"] == instant(2)


def test_a_todo_completed_again_was_completed_at_the_last_time() -> None:
    stream = live().after(Patch({"completed": True}), Patch({"completed": False}), Patch({"completed": True}))
    assert stream.todo is not None
    assert stream.todo["completed_at"] == stream.events[3].occurred_at


def test_created_at_never_changes_and_updated_at_always_does() -> None:
    stream = patched(deleted().after(Restore()), notes="x")
    assert {event.state["created_at"] for event in stream.events} == {stream.events[0].occurred_at}
    assert [event.state["updated_at"] for event in stream.events] == [event.occurred_at for event in stream.events]


def test_no_events_make_no_todo() -> None:
    assert fold.fold([]) is None


def test_a_history_folds_to_its_last_state() -> None:
    stream = patched(deleted(notes="n").after(Restore()), completed=True)
    assert fold.fold(stream.events) == stream.todo


def test_the_states_that_events_carry_have_no_part_in_it() -> None:
    stream = patched(live(), notes="n")
    lying = [replace(event, state=GONE) for event in stream.events]
    assert fold.fold(lying) == stream.todo


@pytest.mark.parametrize("positions", [[1], [0, 2], [1, 0, 2], [0, 0, 1], [0, 1, 1], [2, 1, 0]])
def test_throws_on_gap(positions: list[int]) -> None:
    events = patched(patched(live(), notes="a"), notes="b").events
    with pytest.raises(ValueError, match="stands where"):
        fold.fold(events[position] for position in positions)


def test_says_which_version_is_missing() -> None:
    stream = patched(patched(live(), notes="a"), notes="b")
    with pytest.raises(ValueError, match=f"{stream.stream_id}: version 3 stands where 2 belongs"):
        fold.fold([stream.events[0], stream.events[2]])


@pytest.mark.parametrize(
    ("remind_at", "time_zone", "is_past"),
    [
        ("2026-11-30T12:00:00Z", None, True),
        ("2026-11-30T12:00:00.001Z", None, False),
        ("2026-11-30T13:00:00+01:00", "Europe/Berlin", True),
        ("2026-11-30", None, True),
        ("2026-12-01", None, False),
        # The day has begun everywhere; what the zone's name means has no part in it.
        ("2026-11-30", "Europe/Berlin", True),
        ("2026-12-01", "Pacific/Kiritimati", False),
        ("2026-11-29", "No/Such_Zone", True),
        ("9999-12-31T23:59:59Z", None, False),
        ("9999-12-31", "Europe/Berlin", False),
        (None, None, False),
    ],
)
def test_what_was_to_be_reminded_of_before_an_import_counts_as_reminded_of(
    remind_at: str | None, time_zone: str | None, is_past: bool
) -> None:
    change = {"remind_at": remind_at, "time_zone": time_zone}
    imported = fold.evolve(OPEN, EDITED, change, instant(9), "2026-11-30T12:00:00.000Z")
    assert imported["reminded"] == (remind_at if is_past else None)
    assert fold.evolve(OPEN, EDITED, change, instant(9))["reminded"] is None
    assert fold.evolve(imported, EDITED, {"notes": "n"}, instant(9))["reminded"] == imported["reminded"]


@pytest.mark.parametrize(
    ("time_zone", "imported_at", "is_past"),
    [
        (None, "2026-12-01T00:00:00.000Z", True),
        # Its day begins last where the clocks are twelve hours behind.
        ("Asia/Tokyo", "2026-12-01T11:59:59.999Z", False),
        ("Asia/Tokyo", "2026-12-01T12:00:00.000Z", True),
    ],
)
def test_a_bare_date_in_a_time_zone_is_past_once_it_has_begun_everywhere(
    time_zone: str | None, imported_at: str, is_past: bool
) -> None:
    event = live(remind_at="2026-12-01", time_zone=time_zone).events[0]
    imported = fold.follow(None, replace(event, imported_at=imported_at))
    assert imported["reminded"] == ("2026-12-01" if is_past else None)


def test_a_reminder_as_long_as_an_instant_may_be_is_named_as_it_is() -> None:
    longest = f"2026-12-01T09:00:00.{'0' * (instants.MAX_LENGTH - 26)}+01:00"
    assert len(longest) == instants.MAX_LENGTH
    assert fold.reminded_form(longest) == longest
    assert fold.reminded_form(longest.replace("+", "0+")) == "2026-12-01T08:00:00.000000Z"
