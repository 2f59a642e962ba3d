"""Instants and days as apps write them: milliseconds since 1970, and days as the midnight of a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from chalicelib.todos import zones
from loaders.reading.options import ReadOptions
from loaders.rows.dates import read_date
from loaders.rows.zones import rfc_3339

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_LENGTH: Final = len("2026-12-01")
_FIRST_HOUR_OF_THE_EAST: Final = 11


def zone_for(how: ReadOptions) -> tzinfo:
    """The zone of times and days without one: that of ``--timezone``, or UTC."""
    return zones.find(how.time_zone) or UTC


def is_day(date: str) -> bool:
    """Whether an RFC 3339 date or date-time is a day."""
    return len(date) == _DAY_LENGTH


def from_milliseconds(value: Any) -> datetime | None:
    """The instant of milliseconds since 1970; None for 0, which apps write for no date.

    Raises
    ------
    ValueError
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected milliseconds since 1970, not {value!r:.80}")
    try:
        return _EPOCH + timedelta(milliseconds=value) if value > 0 else None
    except OverflowError:
        raise ValueError("expected milliseconds since 1970, before the year 10000") from None


def instant_of_milliseconds(value: Any) -> str | None:
    """As `from_milliseconds`, in RFC 3339."""
    moment = from_milliseconds(value)
    return rfc_3339(moment) if moment else None


def day_at_midnight(value: Any, how: ReadOptions) -> str | None:
    """As `read_date`, but an instant at midnight, as it is written or in ``--timezone``, is that day.

    Raises
    ------
    ValueError
    """
    found = read_date(value, how.time_zone)
    if found is None or is_day(found):
        return found
    written = datetime.fromisoformat(found)
    moments = (written, in_zone(written, zone_for(how)))
    return next((moment.date().isoformat() for moment in moments if is_midnight(moment)), found)


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """An instant on the clocks of a zone; unchanged at the ends of the calendar, where there is no such time."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def is_midnight(moment: datetime) -> bool:
    """Whether an instant is the first of its day."""
    return not (moment.hour or moment.minute or moment.second or moment.microsecond)


def nearest_day(moment: datetime) -> str:
    """The day whose midnight an instant is, in the zone of whoever wrote it, if all that is known is the instant.

    Between UTC-10 (Hawaii) and UTC+13 (New Zealand in summer), where nearly all people live, there is one such day.
    """
    in_utc = in_zone(moment, UTC)
    is_in_the_east = in_utc.hour >= _FIRST_HOUR_OF_THE_EAST and in_utc.date() < in_utc.date().max
    return (in_utc.date() + timedelta(days=is_in_the_east)).isoformat()


def next_of(moments: list[datetime]) -> datetime:
    """The first of some instants that is still to come; if none is, the last."""
    now = datetime.now(UTC)
    return min((moment for moment in moments if moment > now), default=max(moments))
