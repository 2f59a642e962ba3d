"""Time zones by their IANA names, and a todo's dates in them: instants, wall clocks, and wall clocks written back.

Only the pinned `tzdata` package counts, and no database of the machine: each zone is read from its file there, so that
every Lambda and every operator's machine has the same instants. The database changes; so an instant that a date-time
names is never taken from it, but the day of a bare date and the wall clock of a rule are.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chalicelib.todos import instants

if TYPE_CHECKING:
    from types import ModuleType
    from zoneinfo import ZoneInfo

# Checked before anything is looked up. The longest name in the database has 32 characters.
MAX_LENGTH: Final = 64

_NAME: Final = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*", re.ASCII)
_DATE_LENGTH: Final = len("2026-12-01")
_WALL_LENGTH: Final = len("2026-12-01T09:00:00")
_MINUTE: Final = timedelta(minutes=1)
_SECOND: Final = timedelta(seconds=1)
# No clock was ever set back further.
_LONGEST_FOLD_SECONDS: Final = 26 * 60 * 60


def version() -> str:
    """The version of the database, as IANA names it (``2026f``)."""
    return str(_package().IANA_VERSION)


def zone_error(name: str) -> str | None:
    """What keeps a text from being the name of a time zone, or None."""
    if len(name) > MAX_LENGTH:
        return f"{len(name)} characters where {MAX_LENGTH} are allowed"
    if find(name) is None:
        return f"expected the name of an IANA time zone, such as Europe/Berlin, as it is in version {version()}"
    return None


def find(name: str | None) -> ZoneInfo | None:
    """The zone of a name; None without one, or where the database has no such zone (any more)."""
    if name is None or len(name) > MAX_LENGTH or _NAME.fullmatch(name) is None:
        return None
    return _zone(name)


# A zone takes some 20 KB; an owner has todos in a few.
@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo | None:
    # Only a todo with a time zone pays for the import, and for reading files.
    from zoneinfo import ZoneInfo

    if name not in _names():
        return None
    with (_database() / "zoneinfo" / name).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@cache
def _names() -> frozenset[str]:
    return frozenset((_database() / "zones").read_text(encoding="ascii").split())


@cache
def _database() -> Path:
    return Path(str(_package().__file__)).parent


def _package() -> ModuleType:
    import tzdata  # type: ignore[import-untyped]

    package: ModuleType = tzdata
    return package


def instant_of(text: str, time_zone: str | None) -> datetime:
    """The instant of a todo's date or date-time, in UTC: of a bare date, its first moment in the time zone.

    Without a zone, with one that is unknown, and where that moment lies before the year 1 or after 9999, a bare date is
    its 00:00 UTC.

    Raises
    ------
    ValueError
        See `instants.parse`.
    """
    instant = instants.parse(text)
    if time_zone is None or len(text) != _DATE_LENGTH:
        return instant
    zone = find(time_zone)
    if zone is None:
        return instant
    try:
        # Where clocks skip midnight, this is the moment at which they skip it; where they repeat it, the first.
        return instant.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return instant


def is_same(one: str | None, other: str | None, time_zone: str | None) -> bool:
    """Whether two valid dates or date-times name the same instant in a time zone; None is no instant."""
    if one is None or other is None or one == other:
        return one == other
    return instant_of(one, time_zone) == instant_of(other, time_zone)


def sortable(text: str, time_zone: str | None) -> str:
    """The instant of a todo's date or date-time as `instants.sortable` writes it."""
    return instants.sortable_of(instant_of(text, time_zone))


def wall_of(text: str, time_zone: str | None) -> datetime:
    """What a clock on the wall shows at a date or date-time, to the second, without a zone.

    It is the time that is written, if the zone's clocks show that time with that offset, or would if they were not set
    forward over it. Otherwise it is the zone's at that instant. Without a zone, it is the time that is written.
    """
    written = datetime.fromisoformat(text[:_WALL_LENGTH].upper())
    zone = find(time_zone)
    if zone is None or len(text) == _DATE_LENGTH:
        return written
    stated = datetime.fromisoformat(text.upper()).utcoffset()
    if any(_offset(written, zone, fold) == stated for fold in (0, 1)):
        return written
    try:
        return wall_at(instants.parse(text), zone)
    except OverflowError:
        return written


def wall_at(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the zone's clocks show at an instant, to the second, without a zone.

    Raises
    ------
    OverflowError
        When they show a year before 1 or after 9999.
    """
    return instant.astimezone(zone).replace(microsecond=0, tzinfo=None, fold=0)


def last_wall_until(instant: datetime, zone: ZoneInfo) -> datetime:
    """The last wall-clock time, to the second, that `written` does not take for an instant later than this one.

    It is what the clocks show then, except when that is the second time that they show it: `written` means the first,
    also with what they have yet to show again.

    Raises
    ------
    OverflowError
        See `wall_at`.
    """
    shown = instant.astimezone(zone)
    wall = shown.replace(microsecond=0, tzinfo=None, fold=0)
    if not shown.fold:
        return wall
    # The times that are repeated come before those that are not.
    repeated, not_repeated = 0, _LONGEST_FOLD_SECONDS
    while not_repeated - repeated > 1:
        middle = (repeated + not_repeated) // 2
        if zone.utcoffset(wall + middle * _SECOND) == zone.utcoffset((wall + middle * _SECOND).replace(fold=1)):
            not_repeated = middle
        else:
            repeated = middle
    return wall + repeated * _SECOND


def written(wall: datetime, zone: ZoneInfo, fraction: str = "") -> str:
    """A wall-clock time as an RFC 3339 date-time with the zone's offset.

    A time that clocks skip keeps the offset from before: 02:30+01:00 is what a rule for 02:30 means on the day that has
    no 02:30, and what it goes on from. Of a time that they show twice, it is the first.
    """
    return f"{wall.isoformat()}{fraction}{_offset_text(_offset(wall, zone, 0))}"


def written_at(instant: datetime, zone: ZoneInfo, fraction: str = "") -> str:
    """An instant as an RFC 3339 date-time on the zone's clocks.

    Raises
    ------
    OverflowError
    """
    offset = offset_at(instant, zone)
    return f"{(instant.replace(microsecond=0, tzinfo=None) + offset).isoformat()}{fraction}{_offset_text(offset)}"


def offset_at(instant: datetime, zone: ZoneInfo) -> timedelta:
    """The zone's offset at an instant, as RFC 3339 has it.

    Raises
    ------
    OverflowError
    """
    return _in_minutes(instant.astimezone(zone).utcoffset())


def _offset(wall: datetime, zone: ZoneInfo, fold: int) -> timedelta:
    return _in_minutes(zone.utcoffset(wall.replace(fold=fold)))


def _in_minutes(offset: timedelta | None) -> timedelta:
    """An offset in whole minutes: places had offsets with seconds, which RFC 3339 cannot express (Monrovia to 1972)."""
    return (offset or timedelta(0)) // _MINUTE * _MINUTE


def _offset_text(offset: timedelta) -> str:
    sign, size = ("-", -offset) if offset < timedelta(0) else ("+", offset)
    hours, minutes = divmod(size // _MINUTE, 60)
    return f"{sign}{hours:02d}:{minutes:02d}"
