"""`repeat`: when a todo that recurs is due next, and what its next occurrence is (RFC 5545, section 3.3.10).

A rule is evaluated on the wall clock of the date that it is counted from, in that date's own offset: what is due at
09:00+01:00 stays due at 09:00+01:00. COUNT and UNTIL are kept apart from the dates, since each occurrence is a todo of
its own and carries what is left of them.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final

from chalicelib.todos import instants
from chalicelib.todos.events import CONTENT_FIELDS, Todo
from chalicelib.todos.rules import Rule, anchored, of_dates, parse

# When a todo without a due date will be completed is not known yet. Every month has a first, so that no day which only
# some of them have keeps a rule from going on.
_ANY_COMPLETION: Final = "2000-01-01T00:00:00.000Z"

_DATE_LENGTH: Final = len("2026-12-01")
_WALL_LENGTH: Final = len("2026-12-01T09:00:00")


def goes_on(repeat: str, due: str | None) -> bool:
    """Whether there is a next date, counted from `due`, or else completing the todo would end what never began.

    COUNT and UNTIL do not matter: they may have run out, and this be the last occurrence.
    """
    rule = parse(repeat)
    start, by_day = _start(rule, due, _ANY_COMPLETION)
    return _first_after(rule, start, by_day=by_day) is not None


def next_occurrence(todo: Todo) -> dict[str, Any] | None:
    """The whole content of the todo that follows a completed one; None where it does not repeat, or after the last.

    An open copy: `due` and `remind_at` are moved on, and COUNT goes down by one. Not its `source`: no loader found it.
    A date without a time stays one, and `remind_at` keeps its distance to `due`. A todo without a due date is counted
    from its completion and gets one: without it, the next occurrence would stand in the lists at once.
    """
    if todo["repeat"] is None or todo["completed_at"] is None:
        return None
    try:
        rule = parse(todo["repeat"])
        moved = None if rule.count == 1 else _moved_on(rule, todo["due"], todo["remind_at"], todo["completed_at"])
    except (ValueError, OverflowError):
        # It passed an older validation, or leads past the year 9999: completing the todo must work all the same.
        return None
    if moved is None:
        return None
    due, remind_at = moved
    if rule.until is not None and _is_past(rule.until, due):
        return None
    content: dict[str, Any] = {name: todo[name] for name in CONTENT_FIELDS}  # type: ignore[literal-required]
    content.update(completed=False, due=due, remind_at=remind_at, source=None)
    start, _ = _start(rule, todo["due"], todo["completed_at"])
    left = _counted_down(anchored(todo["repeat"], start), rule)
    # A rule that did not go on would break the bounds of a todo, which could then be neither edited nor completed.
    content["repeat"] = left if goes_on(left, due) else None
    return content


def _moved_on(rule: Rule, due: str | None, remind_at: str | None, completed_at: str) -> tuple[str, str | None] | None:
    """The next `due` and `remind_at`; None where the dates end.

    Raises
    ------
    ValueError, OverflowError
        When one of them would lie past the year 9999.
    """
    start, by_day = _start(rule, due, completed_at)
    found = _first_after(rule, start, by_day=by_day)
    if found is None:
        return None
    distance = (datetime.combine(found, time.min) if by_day else found) - start
    if due is None:
        due = start.date().isoformat() if by_day else f"{start.isoformat()}Z"
    return _moved(due, distance), None if remind_at is None else _moved(remind_at, distance)


def _start(rule: Rule, due: str | None, completed_at: str) -> tuple[datetime, bool]:
    """The wall-clock time that the rule counts from, and whether the dates alone matter."""
    if due is not None:
        return _wall(due), len(due) == _DATE_LENGTH
    start = _wall(completed_at)
    return (datetime.combine(start, time.min), True) if rule.of_whole_days else (start, False)


def _wall(text: str) -> datetime:
    """What a clock on the wall shows at a date or date-time, in its own offset; without a fraction of a second."""
    return datetime.fromisoformat(text[:_WALL_LENGTH].upper())


def _first_after(rule: Rule, start: datetime, *, by_day: bool) -> datetime | None:
    """The first date after `start`, or after its whole day; None where there is none within reach."""
    # Only a repeating todo pays for its import.
    from chalicelib.todos.occurrences import first_after

    if by_day:
        return first_after(of_dates(rule), start, datetime.combine(start, time.max))
    return first_after(rule, start, start)


def _moved(text: str, distance: timedelta) -> str:
    """A date or date-time moved on, its offset and form kept.

    Raises
    ------
    ValueError, OverflowError
        When it would lie past the year 9999.
    """
    moved = _wall(text) + distance
    if len(text) == _DATE_LENGTH:
        # A bare date is its 00:00 UTC; a distance of hours leads away from that.
        result = moved.date().isoformat() if moved.time() == time.min else f"{moved.isoformat()}Z"
    else:
        result = moved.isoformat() + text[_WALL_LENGTH:]
    instants.parse(result)
    return result


def _is_past(until: str, due: str) -> bool:
    if until.endswith("Z"):
        return instants.parse(due) > datetime.fromisoformat(until)
    # A local time is one in the due date's own offset, and a date means its whole day there.
    last = datetime.fromisoformat(until)
    return _wall(due) > (last if "T" in until else datetime.combine(last, time.max))


def _counted_down(repeat: str, rule: Rule) -> str:
    """The rule as it was written, with one occurrence less."""
    if rule.count is None:
        return repeat
    left = f"COUNT={rule.count - 1}"
    return ";".join(left if part.upper().startswith("COUNT=") else part for part in repeat.split(";"))
