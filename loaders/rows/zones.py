"""Times of day with the name of a time zone, and without.

A todo's date-times name an instant (RFC 3339). One with a zone becomes its wall clock with the zone's offset on that
day, so that a todo which repeats keeps its time of day; the caller keeps the zone's name. A floating time, which has no
zone or an unknown one, is taken as UTC; the caller keeps the original.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Final

from chalicelib.todos import zones as todo_zones

MAX_NAME_LENGTH: Final = 200


def zone_of(name: str) -> tzinfo | None:
    """The zone with an IANA or Windows name, or None."""
    if len(name) > MAX_NAME_LENGTH:
        return None
    return todo_zones.find(name) or todo_zones.find(_iana_names().get(name))


@cache
def _iana_names() -> dict[str, str]:
    """The IANA names of Windows' zones (Unicode CLDR)."""
    # Loaded only for files that have other names than IANA's.
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    return dict(WINDOWS_TO_OLSON)


def rfc_3339(moment: datetime) -> str:
    """A date-time as a todo has it; one without a zone is taken as UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    offset = aware.utcoffset()
    # Before there were time zones, places had offsets of hours, minutes and seconds, which RFC 3339 cannot express.
    if offset is None or offset.seconds % 60:
        aware = aware.astimezone(UTC)
    return aware.isoformat().replace("+00:00", "Z")
