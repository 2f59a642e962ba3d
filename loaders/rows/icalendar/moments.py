"""Dates, date-times and durations (RFC 5545, sections 3.3.4 to 3.3.6), and how they are added."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

# No date, time or duration is longer.
MAX_LENGTH: Final = 100

# With hyphens and colons, as ISO 8601 has them and some programs write them, too.
_MOMENT: Final = re.compile(
    r"(\d{4})(-?)(\d\d)\2(\d\d)(?:[Tt ](\d\d):?(\d\d)(?::?(\d\d)(?:\.\d{1,9})?)?([Zz])?)?", re.ASCII
)
_DURATION: Final = re.compile(
    r"([+-]?)P(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?:(\d{1,12})H)?(?:(\d{1,12})M)?(?:(\d{1,12})S)?)?",
    re.ASCII | re.IGNORECASE,
)
_LAST_SECOND: Final = 59
EARLIEST: Final = datetime.combine(date.min, time.min)
LATEST: Final = datetime.combine(date.max, time.max)
# What programs write where there is no date: of .NET, Windows' file times, Unix and Outlook.
_NO_DATES: Final = frozenset({date(1, 1, 1), date(1601, 1, 1), date(1970, 1, 1), date(4501, 1, 1)})


class Duration(NamedTuple):
    """Days on the calendar, and seconds that elapse: clocks may change in a day, but not in 24 hours."""

    days: int
    seconds: int


def parse_moment(text: str, zone: tzinfo | None) -> date:
    """A DATE or DATE-TIME; a date-time is in `zone`, unless it is in UTC.

    Raises
    ------
    ValueError
    """
    found = _MOMENT.fullmatch(text.strip()) if len(text) <= MAX_LENGTH else None
    try:
        if found is None:
            raise ValueError(text[:MAX_LENGTH])
        year, _, month, day, hour, minute, second, utc = found.groups()
        if hour is None:
            return date(int(year), int(month), int(day))
        # Second 60 is second 59 (section 3.3.12).
        seconds = _LAST_SECOND if second == "60" else int(second or 0)
        return datetime(
            int(year), int(month), int(day), int(hour), int(minute), seconds, tzinfo=UTC if utc else zone
        )  # fmt: skip
    except ValueError:
        raise ValueError("expected a DATE (20261201) or DATE-TIME (20261201T090000Z)") from None


def is_none(moment: date) -> bool:
    """Whether it is what programs write where there is no date."""
    day = moment.date() if isinstance(moment, datetime) else moment
    return day in _NO_DATES and (not isinstance(moment, datetime) or moment.time() == time.min)


def parse_duration(text: str) -> Duration | None:
    """A DURATION, or None."""
    found = _DURATION.fullmatch(text.strip()) if len(text) <= MAX_LENGTH else None
    if found is None or not any(found.groups()[1:]):
        return None
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in found.groups()[1:])
    sign = -1 if found[1] == "-" else 1
    return Duration(sign * (7 * weeks + days), sign * ((hours * 60 + minutes) * 60 + seconds))


def add(moment: date, duration: Duration) -> date:
    """A moment so much later: the days first, on its clock, then the seconds (section 3.3.6).

    A day plus some hours is a date-time without a zone.

    Raises
    ------
    OverflowError, ValueError
        It would lie outside of the calendar.
    """
    days = timedelta(days=duration.days)
    if not isinstance(moment, datetime):
        if not duration.seconds:
            return moment + days
        moment = datetime.combine(moment, time.min)
    later = moment + days
    seconds = timedelta(seconds=duration.seconds)
    if later.tzinfo is None or not seconds:
        return later + seconds
    return (later.astimezone(UTC) + seconds).astimezone(later.tzinfo)


def as_instant(moment: date, zone: tzinfo | None) -> datetime:
    """The instant of a moment; a day is its 00:00 there, a time without a zone is in `zone`, or else in UTC."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time.min)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone or UTC)).astimezone(UTC)


def wall(moment: date) -> datetime:
    """What a clock on the wall shows."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time.min)
    return moment.replace(tzinfo=None)


def wall_in(moment: date, base: date) -> datetime:
    """What a clock on the wall shows where `base` is, at another moment."""
    if not isinstance(moment, datetime) or moment.tzinfo is None or not isinstance(base, datetime):
        return wall(moment)
    return wall(moment.astimezone(base.tzinfo or UTC))


def at_wall(when: datetime, base: date) -> date:
    """The moment at which a clock on the wall shows a time, in the form and zone of `base`."""
    if isinstance(base, datetime):
        return when.replace(tzinfo=base.tzinfo)
    return when.date()
