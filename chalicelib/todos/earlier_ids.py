"""Ids of next occurrences as they were made before a todo kept its own: by the date that dateutil gave.

Kept only so that the next occurrence of a todo that was completed then is found, and no second one is made. Whatever
dateutil says of a rule is right here, also where it reads it otherwise than RFC 5545: it is what the id was made of.
"""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import Any, Final

from chalicelib.todos import instants
from chalicelib.todos.events import Todo
from chalicelib.todos.ids import OCCURRENCE_NAMESPACE, Partition

# How far the searches of one command go together, in dateutil's steps of FREQ and INTERVAL, of up to 25 µs each. A date
# a year ahead hour by hour, or the next 29 February day by day, takes less.
MAX_STEPS: Final = 10_000
_WHOLE_DAYS: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
_TIMES: Final = ("BYHOUR", "BYMINUTE", "BYSECOND")
# Times of day that they may name together; no rule with more was ever accepted.
_MAX_TIMES_OF_DAY: Final = 24 * 60

_DATE_LENGTH: Final = len("2026-12-01")
_WALL_LENGTH: Final = len("2026-12-01T09:00:00")


class Steps:
    """How many steps are left for the searches of one command."""

    def __init__(self) -> None:
        self._left = MAX_STEPS

    def count(self) -> None:
        """Take one step.

        Raises
        ------
        OutOfSteps
        """
        self._left -= 1
        if self._left < 0:
            raise OutOfSteps


class OutOfSteps(Exception):
    """The searches for a date went on for too long."""


def id_of_next(partition: Partition, todo_id: str, completed: Todo, steps: Steps) -> str | None:
    """The id that the next occurrence got when a completion led to this state.

    None where it can have had none, or dateutil does not find it in the steps that are left.
    """
    repeat, completed_at = completed["repeat"], completed["completed_at"]
    if repeat is None or completed_at is None:
        return None
    try:
        due = _next_due(repeat, completed["due"], completed_at, steps)
    except Exception:
        # What dateutil, or the calendar, cannot follow had no next occurrence.
        return None
    return None if due is None else id_for_occurrence(partition, todo_id, instants.sortable(due))


def id_for_occurrence(partition: Partition, todo_id: str, due: str) -> str:
    """The id of a next occurrence by the instant that it was due at, as `instants.sortable` writes it."""
    return str(uuid.uuid5(OCCURRENCE_NAMESPACE, f"{partition}#{todo_id}#{due}"))


def _next_due(repeat: str, due: str | None, completed_at: str, steps: Steps) -> str | None:
    parts = dict(part.upper().split("=", 1) for part in repeat.split(";"))
    # The dates are the same, but dateutil looks at a value for each time that it is named.
    parts = {name: ",".join(dict.fromkeys(value.split(","))) for name, value in parts.items()}
    interval = int(parts.pop("INTERVAL", "1"))
    parts.pop("COUNT", None)
    parts.pop("UNTIL", None)
    if _times_of_day(parts) > _MAX_TIMES_OF_DAY:
        return None
    if "BYSECOND" in parts:
        # No `datetime` holds a leap second.
        parts["BYSECOND"] = ",".join("59" if second == "60" else second for second in parts["BYSECOND"].split(","))
    if due is not None:
        start, by_day = _wall(due), len(due) == _DATE_LENGTH
    else:
        start, by_day = _wall(completed_at), parts["FREQ"] in _WHOLE_DAYS and not parts.keys() & set(_TIMES)
        if by_day:
            start = datetime.combine(start, time.min)
        due = start.date().isoformat() if by_day else f"{start.isoformat()}Z"
    last_before = datetime.combine(start, time.max) if by_day else start
    found = dates(parts, interval, start, steps).after(last_before)
    if found is None:
        return None
    return _moved(due, (datetime.combine(found, time.min) if by_day else found) - start)


def _times_of_day(parts: dict[str, str]) -> int:
    count = 1
    for name in _TIMES:
        count *= len(set(parts.get(name, "").split(",")))
    return count


def dates(parts: dict[str, str], interval: int, start: datetime, steps: Steps) -> Any:
    """A `dateutil.rrule.rrule` of the parts of a rule but INTERVAL, COUNT and UNTIL, bounded in how far it looks."""
    # dateutil comes with Lambda's runtime, but only a todo that was completed long ago pays for its import.
    from dateutil.rrule import rrulestr

    counted = _CountedInterval(interval)
    counted.steps = steps
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    return rrulestr(text, dtstart=start).replace(interval=counted)


class _CountedInterval(int):
    """An INTERVAL that bounds a search: dateutil adds it, or a multiple of it, for each step."""

    steps: Steps

    def __radd__(self, other: int) -> int:
        self.steps.count()
        return other + int(self)

    def __mul__(self, other: int) -> int:
        self.steps.count()
        return int(self) * other


def _wall(text: str) -> datetime:
    return datetime.fromisoformat(text[:_WALL_LENGTH].upper())


def _moved(text: str, distance: timedelta) -> str:
    moved = _wall(text) + distance
    if len(text) == _DATE_LENGTH:
        return moved.date().isoformat() if moved.time() == time.min else f"{moved.isoformat()}Z"
    return moved.isoformat() + text[_WALL_LENGTH:]
