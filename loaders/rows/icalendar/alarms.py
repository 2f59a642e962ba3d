"""When a to-do reminds next (RFC 5545, section 3.6.6; RFC 9074).

An alarm goes off at its TRIGGER, and again by REPEAT and DURATION. It does not if its ACTION is NONE, if it is one by
place, or if it was acknowledged at that time or later. What was snoozed is an alarm of its own (RFC 9074, section 7),
or Mozilla's X-MOZ-SNOOZE-TIME. Of all times that are still to come, the next one counts; if there is none, the last
that was not acknowledged, which is past (`loaders.rows.reminders`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from loaders.rows.icalendar.moments import Duration, add, as_instant, parse_duration, parse_moment
from loaders.rows.icalendar.properties import Property
from loaders.rows.icalendar.zones import Zones
from loaders.rows.zones import rfc_3339

BY_PLACE: Final = "a reminder by place was kept as metadata"
MANY: Final = "only the next of several reminders was taken, the others were kept as metadata"
UNKNOWN: Final = "a reminder whose time is not known was kept as metadata"

_BY_PLACE: Final = frozenset({"X-APPLE-PROXIMITY", "X-APPLE-STRUCTURED-LOCATION", "PROXIMITY"})
# What Apple's programs write as the trigger of an alarm that has none: one by place, or one that is switched off.
_NO_TRIGGER: Final = datetime(1976, 4, 1, 0, 55, 45, tzinfo=UTC)
_MAX_REPEATS: Final = 1_000
_MOST_DIGITS: Final = 9


@dataclass(slots=True)
class Reminders:
    """When the alarms of a to-do go off, and what else is to be said of them."""

    remind_at: str | None = None
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Base:
    """What alarms count from.

    Attributes
    ----------
    zone : tzinfo, optional
        The zone in which days begin.
    acknowledged : datetime, optional
        Until when all alarms are acknowledged.
    """

    start: date | None
    due: date | None
    zone: tzinfo | None
    zones: Zones
    acknowledged: datetime | None = None


def read_reminders(alarms: list[list[Property]], base: Base, snoozed: datetime | None, now: datetime) -> Reminders:
    """The next reminder after `now` of a to-do that is open.

    Parameters
    ----------
    snoozed : datetime, optional
        Until when an alarm of the to-do was put off.
    """
    found = Reminders()
    times: list[datetime] = [snoozed] if snoozed is not None else []
    for alarm in alarms:
        given = {prop.name: prop for prop in reversed(alarm)}
        if "ACTION" in given and given["ACTION"].value.strip().upper() == "NONE":
            continue
        if given.keys() & _BY_PLACE:
            found.notices.append(BY_PLACE)
            continue
        try:
            goes_off = list(_times(given, base))
        except (ValueError, OverflowError):
            # No trigger, or one outside of the calendar.
            found.notices.append(UNKNOWN)
            continue
        acknowledged = _latest(base.acknowledged, _instant(given.get("ACKNOWLEDGED")))
        is_open = [each for each in goes_off if acknowledged is None or each > acknowledged]
        if is_open:
            times.append(min((each for each in is_open if each > now), default=max(is_open)))
    to_come = [each for each in times if each > now]
    if times:
        found.remind_at = rfc_3339(min(to_come) if to_come else max(times))
    if len(set(to_come)) > 1:
        found.notices.append(MANY)
    return found


def _times(given: dict[str, Property], base: Base) -> Iterator[datetime]:
    """When an alarm goes off.

    Raises
    ------
    ValueError, OverflowError
    """
    if "TRIGGER" not in given:
        raise ValueError("no TRIGGER")
    when = _trigger(given["TRIGGER"], base)
    if when == _NO_TRIGGER:
        return
    yield when
    every = parse_duration(given["DURATION"].value) if "DURATION" in given else None
    repeats = given["REPEAT"].value.strip() if "REPEAT" in given else ""
    if every is None or not repeats.isascii() or not repeats.isdecimal() or len(repeats) > _MOST_DIGITS:
        return
    for _ in range(min(int(repeats), _MAX_REPEATS)):
        later = add(when, every)
        if not isinstance(later, datetime) or later <= when:
            return
        when = later
        yield when


def _trigger(prop: Property, base: Base) -> datetime:
    duration = parse_duration(prop.value)
    if duration is None:
        moment = parse_moment(prop.value, base.zones.find(prop.parameter("TZID") or "") or base.zone)
        if not isinstance(moment, datetime):
            raise ValueError("a trigger is a time")
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    # A to-do without a start counts from when it is due, as the programs that write so do.
    counts_from_end = (prop.parameter("RELATED") or "").upper() == "END" or base.start is None
    return _after(base.due if counts_from_end else base.start, duration, base.zone)


def _after(moment: date | None, duration: Duration, zone: tzinfo | None) -> datetime:
    if moment is None:
        raise ValueError("nothing to count from")
    if not isinstance(moment, datetime):
        # Section 3.8.6.3: from 00:00 of the day in the user's zone, or else in UTC.
        moment = as_instant(moment, zone).astimezone(zone or UTC)
    later = add(moment, duration)
    assert isinstance(later, datetime)
    return later if later.tzinfo is not None else later.replace(tzinfo=UTC)


def _instant(prop: Property | None) -> datetime | None:
    if prop is None:
        return None
    try:
        return as_instant(parse_moment(prop.value, None), None)
    except (ValueError, OverflowError):
        return None


def _latest(*moments: datetime | None) -> datetime | None:
    return max((each for each in moments if each is not None), default=None)
