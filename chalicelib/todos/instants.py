"""Instants: RFC 3339 text in and out, and the one order that a stream's events are in."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta
from typing import Final

# What a caller may state: enough for nanoseconds and an offset. Older events can have longer ones.
MAX_LENGTH: Final = 40
MAX_FRACTION_DIGITS: Final = 9
TOO_LONG: Final = f"an instant has at most {MAX_LENGTH} characters, {MAX_FRACTION_DIGITS} of them decimals of a second"

# In milliseconds; machines keep time to less than that.
MORE_THAN_CLOCKS_DIFFER: Final = 10_000

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII)

_TOO_PRECISE = re.compile(rf"\.\d{{{MAX_FRACTION_DIGITS + 1}}}", re.ASCII)


def format_milliseconds(milliseconds: int) -> str:
    """RFC 3339 in UTC with three decimals, from milliseconds since 1970."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03d}Z"


def canonical(instant: datetime) -> str:
    """An instant in UTC as `format_milliseconds` writes it; what is finer than a millisecond is cut off."""
    return f"{instant.isoformat(timespec='milliseconds')[:-6]}Z"


def milliseconds_of(instant: str) -> int:
    """Milliseconds since 1970 of an instant that `format_milliseconds` made."""
    return round(datetime.fromisoformat(instant).timestamp() * 1000)


def now_milliseconds() -> int:
    """The clock's milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def instant_after(previous: str | None, milliseconds: int | None = None) -> str:
    """Now, or a millisecond after the event before, so that a stream's instants only grow (a clock may be set back).

    Parameters
    ----------
    milliseconds : int, optional
        Instead of now.
    """
    now = format_milliseconds(now_milliseconds() if milliseconds is None else milliseconds)
    if previous is None or now > previous:
        return now
    return format_milliseconds(milliseconds_of(previous) + 1)


def parse(text: str) -> datetime:
    """The instant that an RFC 3339 date or date-time names, in UTC; a bare date is its 00:00 UTC.

    Raises
    ------
    ValueError
        When `text` is neither, or names a day that no calendar has.
    """
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        if _DATE_TIME.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"names no instant: {error}") from None
    raise ValueError("expected an RFC 3339 date (2026-12-01) or date-time (2026-12-01T09:00:00Z)")


def parse_stated(text: str) -> datetime:
    """As `parse`, for an instant that a caller states: bounded before anything is done with it.

    Raises
    ------
    ValueError
        Also when it is longer than `MAX_LENGTH`, or more precise than `MAX_FRACTION_DIGITS`.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(TOO_LONG)
    instant = parse(text)
    if _TOO_PRECISE.search(text):
        raise ValueError(TOO_LONG)
    return instant


def shifted(text: str, hours: int) -> str:
    """A valid date or date-time so many hours later, as `sortable` text; empty beyond the first and the last year."""
    try:
        return sortable_of(parse(text) + timedelta(hours=hours))
    except OverflowError:
        return ""


def sortable(text: str) -> str:
    """A valid date or date-time as UTC text of fixed width: text order is then the order in time."""
    return sortable_of(parse(text))


def sortable_of(instant: datetime) -> str:
    """An instant in UTC as `sortable` has it."""
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond:06d}Z".rjust(27, "0")
