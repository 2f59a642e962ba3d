"""Times of day with the name of a time zone, and without.

A todo's date-times name an instant (RFC 3339). One with a zone becomes its wall clock with the zone's offset on that
day, so that a todo which repeats keeps its time of day; the caller keeps the zone's name. A floating time, which has no
zone or an unknown one, is taken as UTC; the caller keeps the original.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Final

MAX_NAME_LENGTH: Final = 200
# More than there are in the whole IANA database.
MAX_DEFINED: Final = 1_000


class Zones:
    """Time zones by name: those of IANA and Windows, and those that one calendar defines (RFC 5545, VTIMEZONE).

    A definition counts for this object only, not for other files that the process reads.
    """

    def __init__(self) -> None:
        # Loaded only for files that have zones.
        from icalendar.timezone.tzp import TZP

        self._provider = TZP()
        self._defined = 0

    def define(self, name: str, content: bytes) -> None:
        """Add a zone from its VTIMEZONE; one that cannot be read, or has the name of a known zone, is ignored.

        So are those after the first `MAX_DEFINED` of a file, since they are all kept.

        Parameters
        ----------
        content : bytes
            Its lines without TZID: icalendar makes a zone with an id known to the whole process.
        """
        from icalendar import Timezone

        if self._defined == MAX_DEFINED or len(name) > MAX_NAME_LENGTH:
            return
        self._defined += 1
        try:
            zone = Timezone.from_ical(content)
            zone.add("TZID", name)
            self._provider.cache_timezone_component(zone)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            return

    def find(self, name: str) -> tzinfo | None:
        """The zone of a name, or None; of ``/vendor/Europe/Berlin``, the longest end that is a zone's name."""
        if len(name) > MAX_NAME_LENGTH:
            return None
        steps = name.strip("/").split("/")
        for start in range(len(steps) if name.startswith("/") else 1):
            try:
                zone: tzinfo | None = self._provider.timezone("/".join(steps[start:]))
            except (OSError, ValueError, LookupError):
                continue
            if zone is not None:
                return zone
        return None


@cache
def _known_zones() -> Zones:
    return Zones()


def zone_of(name: str) -> tzinfo | None:
    """The zone with an IANA or Windows name, or None."""
    return _known_zones().find(name)


def rfc_3339(moment: datetime) -> str:
    """A date-time as a todo has it; one without a zone is taken as UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    offset = aware.utcoffset()
    # Before there were time zones, places had offsets of hours, minutes and seconds, which RFC 3339 cannot express.
    if offset is None or offset.seconds % 60:
        aware = aware.astimezone(UTC)
    return aware.isoformat().replace("+00:00", "Z")
