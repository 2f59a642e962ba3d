"""What a calendar says of all its to-dos: its name, its time zones, and how it is written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from loaders.reading.options import ReadOptions
from loaders.rows.icalendar.defined_zone import parse_offset
from loaders.rows.icalendar.moments import EARLIEST, parse_moment, wall
from loaders.rows.icalendar.properties import NotAProperty, Property, parse
from loaders.rows.icalendar.zones import Zones
from loaders.rows.zones import zone_of

# Of a property that is looked at; others may be pictures.
_LONGEST_LINE: Final = 2_000
# What X-WR-CALNAME says is as old as calendars on the web; NAME (RFC 7986) may be given in several languages.
_NAMES: Final = ("X-WR-CALNAME", "NAME")
_ZONE: Final = "X-WR-TIMEZONE"
# Of vCalendar 1.0: the offset from UTC, and from when to when there is another.
_OFFSET: Final = "TZ"
_SUMMERS: Final = "DAYLIGHT"
_MAX_SUMMERS: Final = 200
# How a row that is read again says that others of its calendar have a place.
_IS_SORTED: Final = "X-TODO-LEDGER-IS-SORTED"
_OVERRIDE: Final = "RECURRENCE-ID"


class Calendar:
    """A calendar, as far as its to-dos depend on it.

    Attributes
    ----------
    is_sorted : bool
        Some of its to-dos state their place.
    overrides : list of str
        For one to-do: the RECURRENCE-ID lines of its occurrences that are to-dos of their own.
    repeated_in : str, optional
        For one to-do: the line with another of the same id, which counts.
    """

    def __init__(self, how: ReadOptions) -> None:
        self.zones = Zones()
        self.is_sorted = False
        self.overrides: list[str] = []
        self.repeated_in: str | None = None
        self._zone_of_file = how.time_zone
        self._said: dict[str, Property] = {}
        self._summers: list[Property] = []
        self._name: str | None = None
        self._floating: tzinfo | None = None
        self._knows_floating = False

    def note(self, line: str) -> None:
        """Note a property of the calendar."""
        if len(line) > _LONGEST_LINE:
            return
        try:
            found = parse(line)
        except NotAProperty:
            return
        if found.name == _OVERRIDE:
            self.overrides.append(line)
        elif found.name == _IS_SORTED:
            self.is_sorted = True
        elif found.name == _SUMMERS:
            if len(self._summers) < _MAX_SUMMERS:
                self._summers.append(found)
        elif found.name in (*_NAMES, _ZONE, _OFFSET, "VERSION"):
            self._said.setdefault(found.name, found)
            self._name = None

    @property
    def name(self) -> str:
        """Its name, or an empty text."""
        if self._name is None:
            self._name = next((name for each in _NAMES if (name := self._text(each))), "")
        return self._name

    @property
    def written_name(self) -> str:
        """Its name with the escapes."""
        return next((self._said[each].value.strip() for each in _NAMES if self._text(each)), "")

    @property
    def is_version_1(self) -> bool:
        """Whether it is vCalendar 1.0."""
        return self._text("VERSION") == "1.0"

    @property
    def floating(self) -> tzinfo | None:
        """The zone of times without one: the calendar's, or else the one that the user names; None if unknown."""
        if not self._knows_floating:
            self._floating = self._find_floating()
            self._knows_floating = True
        return self._floating

    def id_of(self, uid: str) -> str:
        """The id of a to-do beyond its calendar, of which the UID says only which one it is within it."""
        name = self.name.replace("%", "%25").replace("/", "%2F")
        return f"{name}/{uid}" if name else uid

    def context_of(self, zones: Iterable[str]) -> str:
        """What a to-do with times in these zones needs of its calendar, as lines that follow it."""
        lines = [prop.key + ":" + prop.value for prop in (*self._said.values(), *self._summers) if _is_needed(prop)]
        lines += [f"{_IS_SORTED}:TRUE"] if self.is_sorted else []
        lines += self.overrides
        lines += [text for name in sorted(set(zones)) if (text := self.zones.definition(name)) is not None]
        return "".join("\n" + line for line in lines)

    def _text(self, name: str) -> str:
        return self._said[name].text().strip() if name in self._said else ""

    def _find_floating(self) -> tzinfo | None:
        if (zone := self.zones.find(self._text(_ZONE))) is not None:
            return zone
        try:
            return _FixedZone(parse_offset(_with_minutes(self._text(_OFFSET))), self._summers)
        except ValueError:
            return zone_of(self._zone_of_file or "")


def _is_needed(prop: Property) -> bool:
    return prop.name != "VERSION" or prop.text().strip() == "1.0"


def _with_minutes(offset: str) -> str:
    """An offset of vCalendar 1.0, which need not have minutes, or a plus."""
    signed = offset if offset[:1] in ("+", "-") else f"+{offset}"
    return f"{signed}00" if len(signed) == len("+01") else signed


class _FixedZone(tzinfo):
    """The clocks of vCalendar 1.0: an offset, and another one between some times, which are local."""

    def __init__(self, offset: timedelta, summers: list[Property]) -> None:
        self._offset = offset
        self._summers: list[tuple[datetime, datetime, timedelta]] = []
        for prop in summers:
            is_used, *rest = prop.value.split(";")
            try:
                if is_used.strip().upper() == "TRUE":
                    begins, ends = (self._local(each) for each in rest[1:3])
                    self._summers.append((begins, ends, parse_offset(_with_minutes(rest[0].strip()))))
            except (ValueError, IndexError, OverflowError):
                continue

    def _local(self, text: str) -> datetime:
        moment: date = parse_moment(text, None)
        return wall(moment) + (self._offset if isinstance(moment, datetime) and moment.tzinfo is UTC else timedelta())

    def utcoffset(self, moment: datetime | None, /) -> timedelta:
        """The offset when clocks show a time."""
        local = moment.replace(tzinfo=None) if moment is not None else EARLIEST
        return next((offset for begins, ends, offset in self._summers if begins <= local < ends), self._offset)

    def dst(self, moment: datetime | None, /) -> timedelta:
        """None of the offset is said to be daylight saving, so that `fromutc` takes it whole."""
        return timedelta()

    def fromutc(self, moment: datetime, /) -> datetime:
        """What clocks show at an instant."""
        guess = moment + self._offset
        return moment + self.utcoffset(guess)

    def tzname(self, moment: datetime | None, /) -> str:
        """It has no name."""
        return ""
