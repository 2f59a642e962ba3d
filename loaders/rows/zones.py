"""Times of day with the name of a time zone, and without.

A todo's date-times name an instant (RFC 3339). One with a zone becomes its wall clock with the zone's offset on that
day, so that what repeats keeps its time of day; the zone's name is for the caller to keep. A floating one, which has no
zone or one that nobody knows, is taken for UTC; the caller keeps the original.
"""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, tzinfo


def zone_of(name: str) -> tzinfo | None:
    """The time zone of an IANA name, one of Windows, or one that a calendar defined; None where it is none of these."""
    # Loaded for files that have zones only.
    from icalendar.timezone import tzp

    with warnings.catch_warnings():
        # It warns of a zone that it takes from the end of a longer name.
        warnings.simplefilter("ignore")
        try:
            zone: tzinfo | None = tzp.timezone(name)
        except (OSError, ValueError, LookupError):
            return None
    return zone


def rfc_3339(moment: datetime) -> str:
    """A date-time as a todo has it; one without a zone is taken for UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    offset = aware.utcoffset()
    # Before there were time zones, places had offsets of hours, minutes and seconds, which RFC 3339 cannot say.
    if offset is None or offset.seconds % 60:
        aware = aware.astimezone(UTC)
    return aware.isoformat().replace("+00:00", "Z")
