"""The dates that a rule names for a todo with a time zone, on the clocks of that zone.

A rule of days and longer is evaluated on the wall clock, so that what is due at 09:00 stays due at 09:00. One of hours,
minutes or seconds counts time that has elapsed: an hour later is an hour later, whatever clocks do; only what BYHOUR
and its like name is what the clocks show. Each date is a later instant than the one it was counted from: where clocks
are set back, a wall-clock time that follows another may be an earlier one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib.todos import instants, zones
from chalicelib.todos.occurrences import first_after
from chalicelib.todos.rules import Rule, of_dates

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_ELAPSED: Final = ("HOURLY", "MINUTELY", "SECONDLY")
_DATE_LENGTH: Final = len("2026-12-01")
_FRACTION: Final = re.compile(r"\.\d+", re.ASCII)
_SECOND: Final = timedelta(seconds=1)
# How many changes of a zone's offset, two a year in most, a rule that names times of day is followed through. Without
# an occurrence until then it goes on with the last offset.
_MAX_CHANGES: Final = 8
# No zone changes its offset and back in less.
_BETWEEN_CHANGES: Final = timedelta(days=7)


def next_date(rule: Rule, start: str, after: datetime, zone: ZoneInfo) -> str | None:
    """The rule's first date that is later than its start and an instant, in the form of the start.

    Parameters
    ----------
    rule : Rule
        COUNT and UNTIL do not matter.
    start : str
        The date or date-time that the rule is counted from.
    after : datetime
        In UTC.

    Returns
    -------
    str or None
        None where no date is left, or none is found (see `occurrences.first_after`).

    Raises
    ------
    ValueError, OverflowError
        When it would lie past the year 9999.
    """
    begins = zones.instant_of(start, zone.key)
    after = max(begins, after)
    wall = zones.wall_of(start, zone.key)
    if len(start) == _DATE_LENGTH:
        last_day = max(wall.date(), zones.wall_at(after, zone).date())
        found = first_after(of_dates(rule), wall, datetime.combine(last_day, time.max))
        return None if found is None else found.date().isoformat()
    if rule.frequency in _ELAPSED:
        instant = _elapsed(rule, begins.replace(microsecond=0), after.replace(microsecond=0), zone)
        return None if instant is None else _checked(zones.written_at(instant, zone, _fraction(start)))
    found = first_after(rule, wall, zones.last_wall_until(after, zone))
    return None if found is None else _checked(zones.written(found, zone, _fraction(start)))


def moved(text: str, before: str, now: str, rule: Rule, zone: ZoneInfo) -> str:
    """A date or date-time that keeps its distance to another one, which a rule has moved.

    The distance on the wall clock, or with a rule of hours, minutes or seconds that in time. A bare date stays one if
    it leads to a day's 00:00.

    Raises
    ------
    ValueError, OverflowError
        When it would lie past the year 9999.
    """
    if rule.frequency in _ELAPSED and len(before) != _DATE_LENGTH:
        distance = zones.instant_of(now, zone.key) - zones.instant_of(before, zone.key)
        result = zones.written_at(zones.instant_of(text, zone.key) + distance, zone, _fraction(text))
    else:
        distance = zones.wall_of(now, zone.key) - zones.wall_of(before, zone.key)
        result = zones.written(zones.wall_of(text, zone.key) + distance, zone, _fraction(text))
    if len(text) == _DATE_LENGTH and result[_DATE_LENGTH:].startswith("T00:00:00"):
        return result[:_DATE_LENGTH]
    return _checked(result)


def _checked(text: str) -> str:
    """The same text, which names an instant.

    Raises
    ------
    ValueError
        When it lies past the year 9999 in UTC.
    """
    instants.parse(text)
    return text


def _fraction(text: str) -> str:
    found = _FRACTION.search(text)
    return found[0] if found else ""


def _elapsed(rule: Rule, start: datetime, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant after another to which whole intervals lead, and at which the clocks show what BY… parts name.

    The rule is evaluated with each offset that the zone has, from when it has it.
    """
    last = after
    for _ in range(_MAX_CHANGES):
        offset = zones.offset_at(last + _SECOND, zone)
        found = first_after(rule, _naive(start) + offset, _naive(last) + offset)
        if found is None:
            return None
        instant = (found - offset).replace(tzinfo=UTC)
        if not rule.numbers and not rule.weekdays:
            return instant
        changed = _change_between(last + _SECOND, instant, zone)
        if changed is None:
            return instant
        last = changed - _SECOND
    return instant


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant after one, and until another, from which a zone has another offset; to the second."""
    offset = zones.offset_at(low, zone)
    while low < high:
        later = min(low + _BETWEEN_CHANGES, high)
        if zones.offset_at(later, zone) == offset:
            low = later
            continue
        while later - low > _SECOND:
            middle = low + (later - low) // _SECOND // 2 * _SECOND
            if zones.offset_at(middle, zone) == offset:
                low = middle
            else:
                later = middle
        return later
    return None


def _naive(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)
