"""Dates as files write them: in the forms of ISO 8601, as a number since 1970, or as ``--date-format`` says.

A day stays a day. A time without a time zone is one in the zone that is given, otherwise in UTC. What programs write
for "no date", such as the first day of their calendar, is none.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Any, Final, NamedTuple

from chalicelib.todos import zones
from chalicelib.todos.instants import MAX_FRACTION_DIGITS

NOT_IN_THE_CALENDAR: Final = "{!r} is not in the calendar, or not on the clock"
# Enough for every form, also with the name of a time zone.
_MAX_CHARACTERS: Final = 80

# The first day of the calendars of Go, Windows, spreadsheets, SQL Server and Unix, and the last day of any.
_NO_DAYS: Final = frozenset(
    date(*day) for day in ((1, 1, 1), (1601, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1970, 1, 1))
) | {date.max}
_NO_INSTANTS: Final = frozenset(datetime(day.year, day.month, day.day, tzinfo=UTC) for day in _NO_DAYS)
_SUSPECT_YEARS: Final = frozenset(f"{each.year + more:04d}" for each in _NO_DAYS for more in (-1, 0))
# So spreadsheets show their day 0.
_DAY_ZERO: Final = (1900, 1, 0)

# What most files have is what a todo has, and stays as it is.
_PLAIN: Final = re.compile(
    rf"\d{{4}}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{{1,{MAX_FRACTION_DIGITS}}})?(?:Z|[+-]\d\d:[0-5]\d))?", re.ASCII
)
_CLOCK: Final = (
    r"(?P<hour>\d{1,2}):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
    r"\s*(?P<offset>[Zz]|UTC|GMT|[+-]\d\d(?::?\d\d)?)?(?:\[(?P<zone>[A-Za-z0-9_+/-]+)\])?"
)
_THEN_CLOCK: Final = rf"(?:(?:[Tt]|,?\s+){_CLOCK})?"
_YEAR_FIRST: Final = re.compile(
    r"(?P<year>\d{4})(?:(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})|(?P<digits>\d{4}))" + _THEN_CLOCK,
    re.ASCII,
)
_YEAR_LAST: Final = re.compile(
    rf"(?P<one>\d{{1,2}})(?P<mark>[-/.])(?P<two>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}|\d\d){_THEN_CLOCK}", re.ASCII
)
_DAY_AND_CLOCK: Final = re.compile(rf"(?P<day>.+?)(?:[Tt]|,?\s+){_CLOCK}", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d+", re.ASCII)
_WALL_LENGTH: Final = len("2026-12-31T17:30:00")
_DAY_NUMBER: Final = re.compile(r"[3-9]\d{4}(?:[.,]\d+)?", re.ASCII)
_SECOND_IN_DIGITS: Final = re.compile(r"(\d{8})(\d{6})", re.ASCII)
# By the digits of a number since 1970, how many of its units are a second, from 1973 to 2286.
_UNITS: Final = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# The codes of `datetime.strptime` for a time of the day, with what separates them from the day.
_CODES_OF_A_CLOCK: Final = re.compile(r"[\s,T]*%-?[HIMSfpXzZ].*", re.DOTALL)


class ReadDate(NamedTuple):
    """A date of a file as a todo has it.

    Attributes
    ----------
    text : str, optional
        RFC 3339; None if the file says that there is none.
    has_zone : bool
        Whether it names an instant by itself. A day does not, nor does a time without a zone.
    """

    text: str | None
    has_zone: bool


_NONE: Final = ReadDate(None, has_zone=True)


class _NotInTheCalendar(Exception):
    """A date has a form that is read, and there is no such day or time."""


def read_date(value: Any, time_zone: str | None = None) -> str | None:
    """The RFC 3339 date or date-time that a value of a file means; None if it says that there is none.

    Parameters
    ----------
    value : object
        A text, or a number since 1970: of seconds, milliseconds, microseconds or nanoseconds, as its length shows.
    time_zone : str, optional
        The IANA zone of a time without one; UTC without it.

    Raises
    ------
    ValueError
        It is not a date; the message says so to a person.
    """
    return _read(_text_of(value), time_zone, None, asks=False).text


def read_generic_date(value: Any, time_zone: str | None, date_format: str | None) -> ReadDate:
    """As `read_date`, for a file whose dates may be in a form that only its user knows (``--date-format``).

    Raises
    ------
    ValueError
    """
    return _read(_text_of(value), time_zone, date_format, asks=True)


def is_plain(value: Any) -> bool:
    """Whether a value has the form that a todo takes, and is in no year with a date that means none."""
    return isinstance(value, str) and value[:4] not in _SUSPECT_YEARS and _PLAIN.fullmatch(value) is not None


def means_none(moment: date) -> bool:
    """Whether programs write this day or instant (a `datetime`) for "no date"."""
    if not isinstance(moment, datetime):
        return moment in _NO_DAYS
    day = moment.date()
    if day in _NO_DAYS and (day == date.max or moment.time() == time()):
        return True
    # The same instant, as clocks elsewhere show it.
    return moment.tzinfo is not None and moment in _NO_INSTANTS


def has_the_year_last(value: Any) -> bool:
    """Whether a value has the form of a date that only ``--date-format`` makes certain."""
    return isinstance(value, str) and len(value) <= _MAX_CHARACTERS and _YEAR_LAST.fullmatch(value.strip()) is not None


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        text = str(int(value))
    else:
        raise ValueError(f"expected a date, not {value!r:.80}")
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(f"expected a date, not {text[:20]!r}… of {len(text)} characters")
    return text


# The same dates come again and again.
@lru_cache(maxsize=1024)
def _read(text: str, time_zone: str | None, date_format: str | None, *, asks: bool) -> ReadDate:
    try:
        found = _by_format(text, time_zone, date_format) if date_format else None
        found = found or _by_itself(text, time_zone)
    except (_NotInTheCalendar, OverflowError):
        raise ValueError(NOT_IN_THE_CALENDAR.format(text)) from None
    if found is None:
        raise ValueError(_explain(text, date_format, asks=asks))
    return found


def _explain(text: str, date_format: str | None, *, asks: bool) -> str:
    """What a person can do about a date that is not read."""
    if date_format:
        example = datetime(2026, 12, 31, 17, 30).strftime(date_format)  # noqa: DTZ001 - shows the form only
        return f"expected a date such as {example} (--date-format {date_format}) or 2026-12-31, not {text!r}"
    if _DAY_NUMBER.fullmatch(text):
        return f"{text!r} looks like a spreadsheet's number for a day: format the column as a date there, and save it"
    shape = _YEAR_LAST.fullmatch(text)
    if shape is None or not asks:
        return f"expected a date such as 2026-12-31 or 2026-12-31T17:30:00Z, not {text!r}" + (
            "; say with --date-format how the file writes its dates" if asks else ""
        )
    mark, year = shape["mark"], "%Y" if len(shape["year"]) == len("2026") else "%y"
    return (
        f"{text!r}: say whether the day or the month comes first, with --date-format %d{mark}%m{mark}{year} or"
        f" --date-format %m{mark}%d{mark}{year}"
    )


def _by_itself(text: str, time_zone: str | None) -> ReadDate | None:
    """A date in a form that can be read in one way only; None if it has another."""
    if not text:
        return _NONE
    if _PLAIN.fullmatch(text) is not None:
        return _plain(text)
    if (digits := _SECOND_IN_DIGITS.fullmatch(text)) is not None:
        text = "T".join(digits.groups())
    elif _NUMBER.fullmatch(text) is not None and (found := _since_1970(int(text))) is not None:
        return found
    if (parts := _YEAR_FIRST.fullmatch(text)) is not None:
        month, day = (parts["month"], parts["day"]) if parts["mark"] else (parts["digits"][:2], parts["digits"][2:])
        numbers = (int(parts["year"]), int(month), int(day))
        if numbers[0] == 0 or numbers == _DAY_ZERO:
            return _NONE
        return _of_parts(_day(*numbers), parts, time_zone)
    if (parts := _YEAR_LAST.fullmatch(text)) is not None and len(parts["year"]) == len("2026"):
        return _none_with_the_year_last(parts)
    return None


def _plain(text: str) -> ReadDate:
    try:
        moment = date.fromisoformat(text) if len(text) == len("2026-12-31") else datetime.fromisoformat(text)
    except ValueError:
        if text.startswith("0000-") or text == "1900-01-00" or text.startswith("1900-01-00T"):
            return _NONE
        raise _NotInTheCalendar from None
    return _NONE if means_none(moment) else ReadDate(text, isinstance(moment, datetime))


def _since_1970(number: int) -> ReadDate | None:
    """The instant of a number since 1970; None if its length shows no unit."""
    if number == 0:
        return _NONE
    unit = _UNITS.get(len(str(number))) if number > 0 else 1
    if unit is None:
        return None
    seconds, rest = divmod(number, unit)
    instant = _EPOCH + timedelta(seconds=seconds)
    if means_none(instant):
        return _NONE
    fraction = f".{rest * (10**9 // unit):09d}".rstrip("0") if rest else ""
    return None if number < 0 else ReadDate(f"{instant:%Y-%m-%dT%H:%M:%S}{fraction}Z", has_zone=True)


def _none_with_the_year_last(parts: re.Match[str]) -> ReadDate | None:
    """That there is no date, if one way to read a date with the year last says so; None otherwise."""
    one, two, year = int(parts["one"]), int(parts["two"]), int(parts["year"])
    if (year, one, two) == (0, 0, 0) or _DAY_ZERO in ((year, one, two), (year, two, one)):
        return _NONE
    for month, day in ((one, two), (two, one)):
        try:
            if _of_parts(_day(year, month, day), parts, None) == _NONE:
                return _NONE
        except _NotInTheCalendar:
            continue
    return None


def _by_format(text: str, time_zone: str | None, date_format: str) -> ReadDate | None:
    """A date as its user says that the file writes them; None if it is not written so.

    A time of the day may be missing, or follow a date for which the format has none.
    """
    day_format = _CODES_OF_A_CLOCK.sub("", date_format)
    if day_format != date_format:
        try:
            moment = datetime.strptime(text, date_format)  # noqa: DTZ007 - the zone is added below
        except ValueError:
            pass
        else:
            return _of_moment(moment, "", time_zone)
    parts = _DAY_AND_CLOCK.fullmatch(text)
    for day_text, clock in ((text, None), *([(parts["day"], parts)] if parts else [])):
        try:
            day = datetime.strptime(day_text, day_format).date()  # noqa: DTZ007 - a day
        except ValueError:
            continue
        return _of_parts(day, clock, time_zone)
    return None


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise _NotInTheCalendar from None


def _of_parts(day: date, parts: re.Match[str] | None, time_zone: str | None) -> ReadDate:
    """The date-time of a day and the parts of `_CLOCK`; without a clock, the day."""
    if parts is None or parts["hour"] is None:
        return _NONE if means_none(day) else ReadDate(day.isoformat(), has_zone=False)
    hour = int(parts["hour"])
    if parts["half"]:
        if not 1 <= hour <= 12:
            raise _NotInTheCalendar
        hour = hour % 12 + (12 if parts["half"] in "Pp" else 0)
    try:
        clock = time(hour, int(parts["minute"]), int(parts["second"] or 0), tzinfo=_offset(parts["offset"]))
    except ValueError:
        raise _NotInTheCalendar from None
    fraction = (parts["fraction"] or "")[:MAX_FRACTION_DIGITS].rstrip("0")
    named = parts["zone"] if zones.find(parts["zone"]) else None
    return _of_moment(datetime.combine(day, clock), f".{fraction}" if fraction else "", named or time_zone)


def _of_moment(moment: datetime, fraction: str, time_zone: str | None) -> ReadDate:
    """A date-time, whose fraction of a second may be given as text because it can be finer than Python's."""
    if means_none(moment):
        return _NONE
    if moment.microsecond:
        fraction = f".{moment.microsecond:06d}".rstrip("0")
    moment = moment.replace(microsecond=0)
    has_zone = moment.tzinfo is not None
    if not has_zone:
        zone = zones.find(time_zone)
        moment = moment.replace(tzinfo=UTC) if zone is None else datetime.fromisoformat(zones.written(moment, zone))
        if means_none(moment):
            return _NONE
    text = moment.isoformat()
    wall, offset = text[:_WALL_LENGTH], text[_WALL_LENGTH:]
    return ReadDate(f"{wall}{fraction}{'Z' if offset == '+00:00' else offset}", has_zone=has_zone)


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return UTC
    hours, minutes = int(text[1:3]), int(text[3:].removeprefix(":") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
