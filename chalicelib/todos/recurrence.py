"""`repeat`: when a todo that recurs is due next, and what its next occurrence is (RFC 5545, section 3.3.10).

A rule is evaluated on the wall clock of the date that it is counted from, in that date's own offset: what is due at
09:00+01:00 stays due at 09:00+01:00. With a time zone it is that zone's wall clock (`zoned_dates`). COUNT and UNTIL are
kept apart from the dates, since each occurrence is a todo of its own and carries what is left of them.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib.todos import instants, zones
from chalicelib.todos.events import CONTENT_FIELDS, Todo
from chalicelib.todos.rules import TIME_PARTS, Rule, anchored, of_dates, parse

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# When a todo without a due date will be completed is not known yet. Every month has a first, so that no day which only
# some of them have keeps a rule from going on.
_ANY_COMPLETION: Final = "2000-01-01T00:00:00.000Z"

_DATE_LENGTH: Final = len("2026-12-01")
_WALL_LENGTH: Final = len("2026-12-01T09:00:00")


def goes_on(repeat: str, due: str | None, time_zone: str | None = None) -> bool:
    """Whether there is a next date, counted from `due`, or else completing the todo would end what never began.

    COUNT and UNTIL do not matter: they may have run out, and this be the last occurrence.
    """
    rule = parse(repeat)
    start, by_day = _start(rule, due, _ANY_COMPLETION, time_zone)
    return _first_after(rule, start, by_day=by_day) is not None


def next_occurrence(todo: Todo) -> dict[str, Any] | None:
    """The whole content of the todo that follows a completed one; None where it does not repeat, or after the last.

    An open copy: `due` and `remind_at` are moved on, and COUNT goes down by one. Not its `source`: no loader found it.
    A date without a time stays one, and `remind_at` keeps its distance to `due`. A todo without a due date is counted
    from its completion and gets one: without it, the next occurrence would stand in the lists at once. Its `remind_at`
    follows the rule by itself then, to the first date after the completion.
    """
    if todo["repeat"] is None or todo["completed_at"] is None:
        return None
    try:
        rule = parse(todo["repeat"])
        moved = None if rule.count == 1 else _moved_on(rule, todo, todo["completed_at"])
    except (ValueError, OverflowError):
        # It passed an older validation, or leads past the year 9999: completing the todo must work all the same.
        return None
    if moved is None:
        return None
    due, remind_at = moved
    if rule.until is not None and _is_past(rule.until, due, todo["time_zone"]):
        return None
    content: dict[str, Any] = {name: todo[name] for name in CONTENT_FIELDS}
    content.update(completed=False, due=due, remind_at=remind_at, source=None)
    repeat = todo["repeat"]
    if todo["repeat_from"] != "completion":
        # What is counted from each completion has no day of its own to keep.
        repeat = anchored(repeat, _start(rule, todo["due"], todo["completed_at"], todo["time_zone"])[0])
    left = _counted_down(repeat, rule)
    # A rule that did not go on would break the bounds of a todo, which could then be neither edited nor completed.
    content["repeat"] = left if goes_on(left, due, todo["time_zone"]) else None
    return content


def _moved_on(rule: Rule, todo: Todo, completed_at: str) -> tuple[str, str | None] | None:
    """The next `due` and `remind_at`; None where the dates end.

    Raises
    ------
    ValueError, OverflowError
        When one of them would lie past the year 9999.
    """
    due, remind_at = todo["due"], todo["remind_at"]
    zone = zones.find(todo["time_zone"])
    if zone is not None:
        return _moved_on_in(zone, rule, todo, completed_at)
    if due is None:
        start, by_day = _start(rule, due, completed_at, None)
        found = _first_after(rule, start, by_day=by_day)
        counted_from = start.date().isoformat() if by_day else f"{start.isoformat()}Z"
    else:
        start, by_day, found = _found_for(rule, due, completed_at, todo["repeat_from"])
        counted_from = due
    if found is None:
        return None
    distance = (datetime.combine(found, time.min) if by_day else found) - _wall(counted_from)
    next_due = _moved(counted_from, distance)
    if remind_at is None:
        return next_due, None
    return next_due, _moved(remind_at, distance) if due is not None else _next_reminder(rule, remind_at, completed_at)


def _moved_on_in(zone: ZoneInfo, rule: Rule, todo: Todo, completed_at: str) -> tuple[str, str | None] | None:
    """As `_moved_on`, on the clocks of a time zone."""
    # Only a repeating todo with a time zone pays for its import.
    from chalicelib.todos import zoned_dates

    due, remind_at = todo["due"], todo["remind_at"]
    completion = instants.parse(completed_at)
    start = due if due is not None and todo["repeat_from"] != "completion" else _completion_in(zone, rule, todo)
    # It is later than its start in any case.
    after = completion if _is_after_completion(rule, todo["repeat_from"]) else zones.instant_of(start, zone.key)
    next_due = zoned_dates.next_date(rule, start, after, zone)
    if next_due is None:
        return None
    if remind_at is None:
        return next_due, None
    if due is not None:
        return next_due, zoned_dates.moved(remind_at, due, next_due, rule, zone)
    try:
        found = zoned_dates.next_date(rule, remind_at, completion, zone)
    except (ValueError, OverflowError):
        found = None
    is_past = found is not None and rule.until is not None and _is_past(rule.until, found, zone.key)
    return next_due, None if is_past else found


def _completion_in(zone: ZoneInfo, rule: Rule, todo: Todo) -> str:
    """What a rule is counted from that is counted from the completion, in the form of `due`, if there is one.

    It keeps of the time of day of `due` what the rule does not name, unless that leads through the day.
    """
    due, completion = todo["due"], instants.parse(todo["completed_at"] or "")
    wall = zones.wall_at(completion, zone)
    if rule.of_whole_days if due is None else len(due) == _DATE_LENGTH:
        return wall.date().isoformat()
    if due is None or rule.frequency in TIME_PARTS.values():
        return zones.written_at(completion, zone)
    return zones.written(datetime.combine(wall, _kept_time(rule, zones.wall_of(due, zone.key), wall)), zone)


def _found_for(
    rule: Rule, due: str, completed_at: str, repeat_from: str | None
) -> tuple[datetime, bool, datetime | None]:
    """The date that `repeat_from` leads to from `due`: what it is counted from, whether dates alone matter, the date.

    All on the wall clock of `due`, in its offset.
    """
    start, by_day = _start(rule, due, completed_at, None)
    completion = _on_the_wall_of(due, completed_at)
    if repeat_from == "completion":
        start = datetime.combine(completion, start.time() if by_day else _kept_time(rule, start, completion))
    after = completion if _is_after_completion(rule, repeat_from) else start
    return start, by_day, _first_after(rule, start, after, by_day=by_day)


def _kept_time(rule: Rule, due: datetime, completion: datetime) -> time:
    """The time of day that a date counted from the completion keeps of `due`, from 0 what the rule names itself.

    A rule of hours or less leads through the day, from the completion's own time.
    """
    if rule.frequency in TIME_PARTS.values():
        return completion.time()
    return time(
        0 if "BYHOUR" in rule.numbers else due.hour,
        0 if "BYMINUTE" in rule.numbers else due.minute,
        0 if "BYSECOND" in rule.numbers else due.second,
    )


def _is_after_completion(rule: Rule, repeat_from: str | None) -> bool:
    """Whether the next date is later than the completion itself; otherwise it is later than what it is counted from."""
    return repeat_from == "next_future" or (repeat_from == "completion" and not rule.of_whole_days)


def _next_reminder(rule: Rule, remind_at: str, completed_at: str) -> str | None:
    """The rule's first date after the completion, counted from `remind_at`; None where it has none.

    COUNT does not matter: it counts the todos that are made, not the dates that have passed.
    """
    start, by_day = _start(rule, remind_at, completed_at, None)
    found = _first_after(rule, start, _on_the_wall_of(remind_at, completed_at), by_day=by_day)
    if found is None:
        return None
    try:
        moved = _moved(remind_at, (datetime.combine(found, time.min) if by_day else found) - start)
    except (ValueError, OverflowError):
        return None
    return None if rule.until is not None and _is_past(rule.until, moved, None) else moved


def _on_the_wall_of(text: str, instant: str) -> datetime:
    """What a clock on the wall shows at an instant, to the second, in the offset of a date or date-time."""
    offset = UTC if len(text) == _DATE_LENGTH else datetime.fromisoformat(text.upper()).tzinfo
    return instants.parse(instant).astimezone(offset).replace(microsecond=0, tzinfo=None)


def _start(rule: Rule, due: str | None, completed_at: str, time_zone: str | None) -> tuple[datetime, bool]:
    """The wall-clock time that the rule counts from, and whether the dates alone matter."""
    start = zones.wall_of(due or completed_at, time_zone)
    if due is not None:
        return start, len(due) == _DATE_LENGTH
    return (datetime.combine(start, time.min), True) if rule.of_whole_days else (start, False)


def _wall(text: str) -> datetime:
    """What a clock on the wall shows at a date or date-time, in its own offset; without a fraction of a second."""
    return datetime.fromisoformat(text[:_WALL_LENGTH].upper())


def _first_after(rule: Rule, start: datetime, after: datetime | None = None, *, by_day: bool) -> datetime | None:
    """The first date after `start` and `after`, or after their whole days; None where there is none within reach."""
    # Only a repeating todo pays for its import.
    from chalicelib.todos.occurrences import first_after

    last_before = start if after is None else max(start, after)
    if by_day:
        return first_after(of_dates(rule), start, datetime.combine(last_before, time.max))
    return first_after(rule, start, last_before)


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


def _is_past(until: str, due: str, time_zone: str | None) -> bool:
    if until.endswith("Z"):
        return zones.instant_of(due, time_zone) > datetime.fromisoformat(until)
    # A local time is one in the due date's own offset or the time zone, and a date means its whole day there.
    last = datetime.fromisoformat(until)
    return zones.wall_of(due, time_zone) > (last if "T" in until else datetime.combine(last, time.max))


def _counted_down(repeat: str, rule: Rule) -> str:
    """The rule as it was written, with one occurrence less."""
    if rule.count is None:
        return repeat
    left = f"COUNT={rule.count - 1}"
    return ";".join(left if part.upper().startswith("COUNT=") else part for part in repeat.split(";"))
