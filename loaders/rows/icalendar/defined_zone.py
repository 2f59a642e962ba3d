"""A time zone as a calendar defines it: the VTIMEZONE of RFC 5545, section 3.6.5."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from chalicelib.todos.errors import TooMuchWork
from chalicelib.todos.occurrences import first_after
from chalicelib.todos.rule_days import Work, sharing
from chalicelib.todos.rules import Rule
from chalicelib.todos.rules import parse as parse_rule
from loaders.rows.icalendar.moments import EARLIEST, LATEST, parse_moment, wall
from loaders.rows.icalendar.properties import NotAProperty, Property, parse

# What the rules of one zone may cost together; a rule costs about 10 for each year that is looked at.
_MAX_WORK: Final = 200_000
# A rule has one onset a year; an odd one that has more is followed so far, and is looked for in so many years before.
_MAX_ONSETS_A_YEAR: Final = 12
_MAX_YEARS_BACK: Final = 30
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)(?::?(\d\d))?", re.ASCII)
_LONGEST_OFFSET: Final = timedelta(hours=24)
_SECOND: Final = timedelta(seconds=1)
_NONE: Final = timedelta()


class _Observance:
    """A STANDARD or DAYLIGHT: from when on it counts, each time, and with which offset from UTC."""

    def __init__(self, start: datetime, before: timedelta, offset: timedelta) -> None:
        self.before = before
        self.offset = offset
        self.start = start
        self.dates: list[datetime] = []
        self.rule: Rule | None = None
        self._until = LATEST
        self._onsets: dict[int, list[datetime]] = {}

    def follow(self, rule: str) -> None:
        """Follow an RRULE; one that is none is ignored."""
        try:
            self.rule = parse_rule(rule)
            if self.rule.until is not None:
                until = parse_moment(self.rule.until, None)
                is_utc = isinstance(until, datetime) and until.tzinfo is not None
                self._until = wall(until) + (self.before if is_utc else timedelta())
        except (ValueError, OverflowError):
            self.rule = None

    def last_onset(self, local: datetime, work: Work) -> datetime | None:
        """The last time, on the clocks from before it, that it began to count until a time."""
        if local < self.start:
            return None
        known = max((each for each in (self.start, *self.dates) if each <= local), default=self.start)
        last = min(local, self._until)
        for year in range(last.year, max(last.year - _MAX_YEARS_BACK, known.year - 1), -1):
            onsets = [onset for onset in self._of_year(year, work) if onset <= last]
            if onsets:
                return max(known, onsets[-1])
        return known

    def _of_year(self, year: int, work: Work) -> list[datetime]:
        if year not in self._onsets:
            found: list[datetime] = []
            if self.rule is not None:
                begins = wall(date(year, 1, 1))
                after = begins - _SECOND if year > EARLIEST.year else begins
                onset = _first_after(self.rule, self.start, after, work)
                while onset is not None and onset.year == year and len(found) < _MAX_ONSETS_A_YEAR:
                    found.append(onset)
                    onset = _first_after(self.rule, self.start, onset, work)
            self._onsets[year] = found
        return self._onsets[year]


def _first_after(rule: Rule, start: datetime, after: datetime, work: Work) -> datetime | None:
    try:
        with sharing(work):
            return first_after(rule, start, after)
    except (TooMuchWork, OverflowError, ValueError):
        return None


class DefinedZone(tzinfo):
    """A zone of some observances, at least one.

    A time that clocks show twice is the first one, and one that they skip has the offset from before (section 3.3.5).
    """

    def __init__(self, name: str, observances: list[_Observance]) -> None:
        self._name = name
        self._observances = observances
        self._first = min(observances, key=lambda each: each.start)
        self._work = Work(_MAX_WORK)

    def utcoffset(self, moment: datetime | None, /) -> timedelta:
        """The offset when clocks show a time."""
        if moment is None:
            return self._first.before
        local = moment.replace(tzinfo=None)
        # Within what a change skips or repeats, the offset is that from before, unless `fold` asks for the other one.
        within = min if moment.fold else max
        return self._offset({each: local - within(each.offset - each.before, _NONE) for each in self._observances})

    def fromutc(self, moment: datetime, /) -> datetime:
        """What clocks show at an instant."""
        instant = moment.replace(tzinfo=None)
        offset = self._offset({each: instant + each.before for each in self._observances})
        shown = moment + offset
        return shown if self.utcoffset(shown) == offset else shown.replace(fold=1)

    def dst(self, moment: datetime | None, /) -> timedelta:
        """None of the offset is said to be daylight saving."""
        return timedelta()

    def tzname(self, moment: datetime | None, /) -> str:
        """The name that the calendar gives it."""
        return self._name

    def _offset(self, local: dict[_Observance, datetime]) -> timedelta:
        """The offset of the observance that began last, each looked at until a time on the clocks before it."""
        began = [
            (onset - each.before, each.offset)
            for each, until in local.items()
            if (onset := each.last_onset(until, self._work)) is not None
        ]
        return max(began)[1] if began else self._first.before


def read_zone(content: str) -> tzinfo | None:
    """The zone that a VTIMEZONE defines, or None if it cannot be read."""
    name = ""
    observances: list[_Observance] = []
    part: dict[str, list[Property]] | None = None
    for line in content.split("\n")[1:-1]:
        try:
            found = parse(line)
        except NotAProperty:
            continue
        if found.name == "BEGIN":
            part = {}
        elif found.name == "END" and part is not None:
            if (observance := _observance(part)) is not None:
                observances.append(observance)
            part = None
        elif part is not None:
            part.setdefault(found.name, []).append(found)
        elif found.name == "TZID":
            name = found.text()
    return DefinedZone(name, observances) if observances else None


def _observance(part: dict[str, list[Property]]) -> _Observance | None:
    try:
        start = wall(parse_moment(part["DTSTART"][0].value, None))
        offset = parse_offset(part["TZOFFSETTO"][0].value)
        before = parse_offset(part["TZOFFSETFROM"][0].value) if "TZOFFSETFROM" in part else offset
        # Programs look at offsets before the year 1 and after 9999 otherwise.
        if not EARLIEST.year < start.year < LATEST.year:
            start = wall(date(min(max(start.year, EARLIEST.year + 1), LATEST.year - 1), 1, 1))
        found = _Observance(start, before, offset)
        for rule in part.get("RRULE", ())[:1]:
            found.follow(rule.value.strip())
        for dates in part.get("RDATE", ()):
            found.dates += [_onset(text, before) for text in dates.value.split(",")]
    except (KeyError, ValueError, OverflowError):
        return None
    return found


def _onset(text: str, before: timedelta) -> datetime:
    moment = parse_moment(text.partition("/")[0], None)
    is_utc = isinstance(moment, datetime) and moment.tzinfo is UTC
    return wall(moment) + (before if is_utc else timedelta())


def parse_offset(text: str) -> timedelta:
    """An UTC-OFFSET (section 3.3.14).

    Raises
    ------
    ValueError
    """
    found = _OFFSET.fullmatch(text.strip())
    if found is None:
        raise ValueError("expected an offset (+0100)")
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4] or 0))
    if offset >= _LONGEST_OFFSET:
        raise ValueError("expected an offset of less than a day")
    return -offset if found[1] == "-" else offset
