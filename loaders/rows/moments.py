"""Instants and days as apps write them: milliseconds since 1970, ISO 8601, and dates that mean that there is none."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from chalicelib.todos import instants
from loaders.reading.options import ReadOptions
from loaders.rows.zones import rfc_3339, zone_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# The first day of .NET and Go, of Windows, of spreadsheets and of Unix, and the last one of Cocoa.
_NO_DAYS: Final = frozenset({"0000-12-30", "0001-01-01", "1601-01-01", "1899-12-30", "1970-01-01", "4001-01-01"})
_FIRST_HOUR_OF_THE_EAST: Final = 11
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SPACED_OFFSET: Final = re.compile(r" (?=[+-]\d{2}:?\d{2}\Z)", re.ASCII)
_EXPECTED: Final = "expected a date or date-time such as 2026-12-01 or 2026-12-01T09:00:00Z"


def zone_for(how: ReadOptions) -> tzinfo:
    """The zone of times and days without one: that of ``--timezone``, or UTC."""
    return (zone_of(how.time_zone) if how.time_zone else None) or UTC


def from_milliseconds(value: Any) -> datetime | None:
    """The instant of milliseconds since 1970; None for 0, which apps write for no date.

    Raises
    ------
    ValueError
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("expected milliseconds since 1970")
    try:
        return _EPOCH + timedelta(milliseconds=value) if value > 0 else None
    except OverflowError:
        raise ValueError("expected milliseconds since 1970, before the year 10000") from None


def instant_of_milliseconds(value: Any) -> str | None:
    """As `from_milliseconds`, in RFC 3339."""
    moment = from_milliseconds(value)
    return rfc_3339(moment) if moment else None


def is_no_date(text: str) -> bool:
    """Whether a date is one of those that programs write for no date, at 00:00 or without a time."""
    day, _, time = text.strip().partition("T")
    return day in _NO_DAYS and not time.rstrip("Zz").strip("0:.")


def day_or_instant(value: Any, zone: tzinfo = UTC) -> str | None:
    """A day as it is written, or an instant in RFC 3339; None for a date that means that there is none.

    A time without an offset is one in `zone`.

    Raises
    ------
    ValueError
    """
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > instants.MAX_LENGTH:
        raise ValueError(_EXPECTED)
    if is_no_date(text):
        return None
    try:
        if _DAY.fullmatch(text):
            return datetime.fromisoformat(text).date().isoformat()
        moment = datetime.fromisoformat(_SPACED_OFFSET.sub("", text))
        return rfc_3339(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        raise ValueError(_EXPECTED) from None


def day_at_midnight(value: Any, zone: tzinfo = UTC) -> str | None:
    """As `day_or_instant`, but an instant at midnight, as it is written or in `zone`, is that day.

    Raises
    ------
    ValueError
    """
    found = day_or_instant(value, zone)
    if found is None or _DAY.fullmatch(found):
        return found
    try:
        moments = [datetime.fromisoformat(found), datetime.fromisoformat(found).astimezone(zone)]
    except OverflowError:
        raise ValueError(_EXPECTED) from None
    return next((moment.date().isoformat() for moment in moments if not any(_clock(moment))), found)


def _clock(moment: datetime) -> tuple[int, int, int, int]:
    return moment.hour, moment.minute, moment.second, moment.microsecond


def nearest_day(moment: datetime) -> str:
    """The day whose midnight an instant is, in the zone of whoever wrote it, if all that is known is the instant.

    Between UTC-10 (Hawaii) and UTC+13 (New Zealand in summer), where nearly all people live, there is one such day.
    """
    in_utc = moment.astimezone(UTC)
    return (in_utc + timedelta(days=1) if in_utc.hour >= _FIRST_HOUR_OF_THE_EAST else in_utc).date().isoformat()
