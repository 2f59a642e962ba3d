"""The time zones of one calendar: those of IANA and Windows, and those that it defines (VTIMEZONE)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import Final

from chalicelib.todos import zones as todo_zones
from loaders.rows.icalendar.defined_zone import read_zone
from loaders.rows.icalendar.properties import NotAProperty, parse
from loaders.rows.zones import MAX_NAME_LENGTH, zone_of

# All definitions of a calendar together. A zone with the rules of each year has a few KB, those of all IANA zones 1 MB.
MAX_DEFINITIONS_BYTES: Final = 2 * 1024 * 1024
# More than there are in the whole IANA database.
MAX_DEFINED: Final = 1_000


class Zones:
    """Time zones by name, in one calendar.

    What the calendar says of a zone counts (RFC 5545, section 3.8.3.1), but not of one with IANA's name: programs write
    only its rules of today, which are wrong in other years.
    """

    def __init__(self) -> None:
        self._definitions: dict[str, str] = {}
        self._size = 0
        self._read: dict[str, tzinfo | None] = {}

    def define(self, content: str) -> None:
        """Note a VTIMEZONE, which is read when it is needed.

        The first of a name counts. One without a name is ignored, and so are all beyond the bounds.
        """
        name = _name_in(content)
        self._size += len(content)
        has_room = self._size <= MAX_DEFINITIONS_BYTES and len(self._definitions) < MAX_DEFINED
        if name and has_room and name not in self._definitions:
            self._definitions[name] = content

    def find(self, name: str) -> tzinfo | None:
        """The zone of a name, or None; of ``/vendor/Europe/Berlin``, the longest end that is a zone's name."""
        name = name.strip()
        if len(name) > MAX_NAME_LENGTH:
            return None
        steps = name.strip("/").split("/")
        ends = ["/".join(steps[start:]) for start in range(len(steps) if name.startswith("/") else 1)]
        return (
            _first(todo_zones.find(end) for end in ends if "/" in end)
            or self._defined(name)
            or _first(zone_of(end) for end in ends)
        )

    def definition(self, name: str) -> str | None:
        """The VTIMEZONE of a name, if a time in it needs that."""
        name = name.strip()
        return self._definitions.get(name) if self._read.get(name) is not None else None

    def _defined(self, name: str) -> tzinfo | None:
        if name not in self._read and name in self._definitions:
            self._read[name] = read_zone(self._definitions[name])
        return self._read.get(name)


def _first(zones: Iterable[tzinfo | None]) -> tzinfo | None:
    return next((zone for zone in zones if zone is not None), None)


def _name_in(content: str) -> str | None:
    for line in content.split("\n"):
        if line[:4].upper() == "TZID":
            try:
                name = parse(line).text().strip()
            except NotAProperty:
                continue
            return name if len(name) <= MAX_NAME_LENGTH else None
    return None
