"""A stored `repeat` that an older, laxer check let in: its todo can be read, edited, completed and shown."""

from __future__ import annotations

from typing import Any

import icalendar
import pytest

from chalicelib.calendar import vtodo
from chalicelib.ledger.codec import dump_state, load_state
from chalicelib.todos import recurrence
from chalicelib.todos.content import InvalidContent
from chalicelib.todos.decide import Decision, Patch, Restore, Revert
from chalicelib.todos.events import COMPLETED, CREATED, DELETED, EDITED
from tests.unit.scenarios import Stream, content_of, instant

DUE = "2026-12-01"  # a Tuesday

# What RFC 5545 forbids, though the dates are plain, and when such a todo is due next.
PLAIN = {
    "FREQ=WEEKLY;BYDAY=1MO": "2026-12-07",
    "FREQ=DAILY;BYDAY=1MO": "2026-12-07",
    "FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO": None,
    "FREQ=WEEKLY;BYMONTHDAY=5": "2026-12-05",
    "FREQ=MONTHLY;BYYEARDAY=100": "2027-04-10",
    "FREQ=MONTHLY;BYWEEKNO=20;BYDAY=MO": "2027-05-17",
    "FREQ=DAILY;BYSETPOS=1": "2026-12-02",
    "FREQ=WEEKLY;BYWEEKDAY=MO": "2026-12-07",
    "FREQ=YEARLY;BYEASTER=0": "2027-03-28",
    "FREQ=DAILY;COUNT=3;UNTIL=20301231": "2026-12-02",
    "FREQ=DAILY;BYYEARDAY=100": "2027-04-10",
    "FREQ=DAILY;BYWEEKNO=-53": "2031-12-29",
    "FREQ=WEEKLY;BYWEEKNO=20;BYMONTH=5": "2027-05-17",
    "FREQ=WEEKLY;BYEASTER=-2,1": "2027-03-26",
    "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=366,1": "2027-01-04",
    "FREQ=HOURLY;BYMINUTE=0;BYSETPOS=1,2": "2026-12-02",
}
# What names no date: once, a month's day 0 was every day.
MEANINGLESS = [
    "FREQ=MONTHLY;BYMONTHDAY=0",
    "FREQ=MONTHLY;BYMONTHDAY=15,99",
    "FREQ=MONTHLY;BYMONTHDAY=15,0",
    "FREQ=YEARLY;BYMONTH=13,1",
    "FREQ=WEEKLY;BYWEEKDAY=XX",
    "FREQ=YEARLY;BYEASTER=1000",
    "FREQ=YEARLY;BYEASTER=A",
    "every Monday",
]
ALL = [*PLAIN, *MEANINGLESS]


def stored(repeat: str, **fields: Any) -> Stream:
    """Given a todo that was created before the check was what it is."""
    stream = Stream()
    stream.write(CREATED, {"title": "Water", "repeat": repeat, "due": DUE, **fields})
    return stream


def completed(repeat: str, **fields: Any) -> Any:
    return stored(repeat, **fields).after(Patch({"completed": True})).todo


@pytest.mark.parametrize("repeat", ALL)
def test_it_is_no_longer_accepted(repeat: str) -> None:
    with pytest.raises(InvalidContent, match="#/repeat"):
        content_of(repeat=repeat, due=DUE)


@pytest.mark.parametrize("repeat", ALL)
def test_its_todo_is_read_as_it_was_stored(repeat: str) -> None:
    todo: Any = stored(repeat).todo
    assert load_state(dump_state(todo)) == todo
    assert todo["repeat"] == repeat


@pytest.mark.parametrize("repeat", ALL)
def test_a_patch_that_does_not_name_it_leaves_it(repeat: str) -> None:
    assert stored(repeat).decide(Patch({"title": "New"})) == Decision(EDITED, {"title": "New"})
    assert stored(repeat).decide(Patch({"completed": True})) == Decision(COMPLETED, {"completed": True})
    assert stored(repeat).decide(Patch({"due": None})) == Decision(EDITED, {"due": None})


@pytest.mark.parametrize("repeat", ALL)
def test_a_patch_that_names_it_is_held_to_what_is_allowed_now(repeat: str) -> None:
    with pytest.raises(InvalidContent, match="#/repeat"):
        stored(repeat).decide(Patch({"repeat": repeat}))
    for mended in (None, "FREQ=DAILY"):
        assert stored(repeat).decide(Patch({"repeat": mended})) == Decision(EDITED, {"repeat": mended})


def test_what_else_a_patch_states_is_checked_as_ever() -> None:
    with pytest.raises(InvalidContent, match="#/due"):
        stored("FREQ=WEEKLY;BYDAY=1MO").decide(Patch({"due": "soon"}))


@pytest.mark.parametrize("repeat", ALL)
def test_it_can_be_restored_and_reverted_to(repeat: str) -> None:
    stream = stored(repeat)
    before = stream.todo
    assert before is not None
    stream.write(DELETED, {})
    assert stream.after(Restore()).todo == {**before, "updated_at": instant(3)}
    assert stream.after(Patch({"repeat": None}), Revert(before)).todo == {**before, "updated_at": instant(5)}


@pytest.mark.parametrize(("repeat", "due"), PLAIN.items())
def test_completing_goes_on_as_before_where_the_dates_are_plain(repeat: str, due: str | None) -> None:
    found = recurrence.next_occurrence(completed(repeat))
    assert (found["due"] if found else None) == due


def test_and_so_does_completing_what_follows() -> None:
    found = recurrence.next_occurrence(completed("FREQ=DAILY;COUNT=3;UNTIL=20301231"))
    assert found is not None
    assert found["repeat"] == "FREQ=DAILY;COUNT=2;UNTIL=20301231"
    following = recurrence.next_occurrence(completed(found["repeat"], due=found["due"]))
    assert following is not None
    assert (following["due"], following["repeat"]) == ("2026-12-03", "FREQ=DAILY;COUNT=1;UNTIL=20301231")


@pytest.mark.parametrize("repeat", MEANINGLESS)
@pytest.mark.parametrize("due", [None, DUE, "2026-12-01T09:00:00+01:00"])
def test_completing_ends_what_names_no_date(repeat: str, due: str | None) -> None:
    assert recurrence.next_occurrence(completed(repeat, due=due)) is None


@pytest.mark.parametrize("repeat", ALL)
@pytest.mark.parametrize("due", [None, DUE, "2026-12-01T09:00:00Z"])
def test_the_calendar_shows_the_todo_without_it(repeat: str, due: str | None) -> None:
    todo: Any = stored(repeat, due=due).todo
    component = vtodo.vtodo("https://todo.example/v1", "0190c3a0-0000-7000-8000-000000000000", 1, todo)
    found: Any = icalendar.Todo.from_ical(component)
    assert found["SUMMARY"] == "Water"
    assert ("DUE" in found) == (due is not None)
    assert not {"RRULE", "DTSTART"} & found.keys()
