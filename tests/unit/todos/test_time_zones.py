"""Time zones: which names count, and which instants and clocks dates have in them, over real changes of the clocks."""

from __future__ import annotations

import tracemalloc
import zoneinfo
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.todos import content, instants, zones

# Both hemispheres, half hours, a change of half an hour, a skipped day, clocks set at midnight, DST that was abolished.
ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia",
    "America/Sao_Paulo", "America/Havana", "Asia/Tehran", "Africa/Casablanca", "Pacific/Chatham", "Africa/Monrovia",
)  # fmt: skip
SECOND = timedelta(seconds=1)


def pinned(name: str) -> zoneinfo.ZoneInfo:
    """The zone as the pinned database has it; the machine's may be another."""
    zone = zones.find(name)
    assert zone is not None
    return zone


def changes(name: str) -> list[datetime]:
    """The instants from which a zone has another offset, from 1965 to 2030."""
    zone = pinned(name)
    found = []
    at, last = datetime(1965, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    while at < last:
        low, high = at, at + timedelta(days=5)
        offset = low.astimezone(zone).utcoffset()
        if high.astimezone(zone).utcoffset() != offset:
            while high - low > SECOND:
                middle = low + (high - low) // 2 // SECOND * SECOND
                low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
            found.append(high)
        at += timedelta(days=5)
    return found


CHANGES = [(name, change) for name in ZONES for change in changes(name)]
near_changes = st.tuples(st.sampled_from(CHANGES), st.integers(-30 * 3600, 30 * 3600)).map(
    lambda drawn: (drawn[0][0], drawn[0][1] + timedelta(seconds=drawn[1]))
)


def test_there_are_changes_to_test_with() -> None:
    assert {name for name, _ in CHANGES} >= set(ZONES) - {"Asia/Kolkata"}
    assert len(CHANGES) > 500


@pytest.mark.parametrize("name", [*ZONES, "UTC", "Etc/GMT+5", "America/Argentina/ComodRivadavia"])
def test_a_name_of_the_database_is_a_time_zone(name: str) -> None:
    assert content.validate({"title": "x", "time_zone": name})["time_zone"] == name


@pytest.mark.parametrize(
    "name",
    ["", "CET ", "europe/berlin", "Europe", "Mars/Olympus", "/etc/localtime", "../zoneinfo/UTC", "Europe/../UTC",
     "zone.tab", "Europe\\Berlin", "UTC\0", "Europe/Berlin\n",
     "tzdata.zi", "__init__.py", "\u00c9tc", "x" * 65, "a/" * 60_000],
    ids=lambda name: ascii(name)[:24],
)  # fmt: skip
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(content.InvalidContent) as refused:
        content.validate({"title": "x", "time_zone": name})
    assert [error.pointer for error in refused.value.errors] == ["#/time_zone"]
    assert zones.find(name) is None


def test_a_long_name_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "_zone", None)
    assert zones.find("A" * (zones.MAX_LENGTH + 1)) is None


def test_no_database_of_the_machine_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    zones._zone.cache_clear()
    monkeypatch.setattr(zoneinfo, "TZPATH", ("/nowhere",))
    assert zones.find("Europe/Berlin") is not None


@given(st.sampled_from(ZONES), st.dates(date(1, 1, 2), date(9999, 12, 30)))
@example("Pacific/Apia", date(2011, 12, 30))
@example("America/Sao_Paulo", date(2018, 11, 4))
@example("America/Havana", date(2026, 11, 1))
def test_a_bare_date_is_the_first_moment_of_its_day_there(name: str, day: date) -> None:
    zone = pinned(name)
    instant = zones.instant_of(day.isoformat(), name)
    assert (instant - SECOND).astimezone(zone).date() < day
    assert instant.astimezone(zone).date() >= day


@pytest.mark.parametrize("name", ["Asia/Tokyo", "America/New_York", "Gone/Zone", None])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_whose_first_moment_no_calendar_has_counts_as_without_a_zone(day: str, name: str | None) -> None:
    assert abs(zones.instant_of(day, name) - instants.parse(day)) <= timedelta(hours=14)
    assert len(zones.sortable(day, name)) == len(instants.sortable(day))


@given(near_changes, st.integers(-14 * 60, 14 * 60))
def test_the_instant_that_a_date_time_names_counts_whatever_the_zone(drawn: tuple[str, datetime], minutes: int) -> None:
    name, instant = drawn
    text = (instant.astimezone(UTC) + timedelta(minutes=minutes)).replace(tzinfo=None).isoformat()
    sign = "-" if minutes < 0 else "+"
    text += f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    assert zones.instant_of(text, name) == instant
    assert zones.sortable(text, name) == instants.sortable(text)


@given(near_changes)
def test_what_is_written_back_has_the_zones_offset_and_the_same_clock(drawn: tuple[str, datetime]) -> None:
    name, instant = drawn
    zone = pinned(name)
    wall = zones.wall_at(instant, zone)
    text = zones.written(wall, zone)
    assert zones.wall_of(text, name) == wall
    assert abs(instants.parse(text) - wall.replace(tzinfo=zone).astimezone(UTC)) < timedelta(minutes=1)
    if not instant.astimezone(zone).fold:
        assert abs(instants.parse(text) - instant) < timedelta(minutes=1)


@given(near_changes)
def test_an_instant_on_the_zones_clocks_is_the_same_instant_and_shows_what_they_show(
    drawn: tuple[str, datetime],
) -> None:
    name, instant = drawn
    zone = pinned(name)
    text = zones.written_at(instant, zone)
    assert instants.parse(text) == instant
    assert abs(zones.wall_of(text, name) - zones.wall_at(instant, zone)) < timedelta(minutes=1)


@given(near_changes)
def test_every_time_after_the_last_until_an_instant_is_written_as_a_later_one(drawn: tuple[str, datetime]) -> None:
    name, instant = drawn
    zone = pinned(name)
    last = zones.last_wall_until(instant, zone)
    for seconds in (1, 60, 1800, 3600, 7200, 86_400):
        wall = last + seconds * SECOND
        assert wall.replace(tzinfo=zone).astimezone(UTC) > instant


@pytest.mark.parametrize(
    ("text", "name", "wall"),
    [
        # Written with an offset that the zone has: the time that is written, also where the clocks skip it.
        ("2026-12-01T09:00:00+01:00", "Europe/Berlin", "2026-12-01T09:00:00"),
        ("2026-03-29T02:30:00+01:00", "Europe/Berlin", "2026-03-29T02:30:00"),
        ("2026-10-25T02:30:00+02:00", "Europe/Berlin", "2026-10-25T02:30:00"),
        ("2026-10-25T02:30:00+01:00", "Europe/Berlin", "2026-10-25T02:30:00"),
        ("2011-12-30T09:00:00-10:00", "Pacific/Apia", "2011-12-30T09:00:00"),
        # With another: what the zone's clocks show then.
        ("2026-12-01T08:00:00Z", "Europe/Berlin", "2026-12-01T09:00:00"),
        ("2026-07-01T08:00:00Z", "Europe/London", "2026-07-01T09:00:00"),
        ("2026-12-01T08:00:00Z", "Asia/Kolkata", "2026-12-01T13:30:00"),
        # An unknown one counts as none.
        ("2026-12-01T08:00:00Z", "Gone/Zone", "2026-12-01T08:00:00"),
        ("2026-12-01", "Pacific/Apia", "2026-12-01T00:00:00"),
    ],
)
def test_the_clock_of_a_rule(text: str, name: str, wall: str) -> None:
    assert zones.wall_of(text, name).isoformat() == wall


def test_zones_in_memory_are_few() -> None:
    zones._zone.cache_clear()
    zones._names.cache_clear()
    tracemalloc.start()
    try:
        for name in ("Europe/Berlin", *sorted(zones._names())):
            zones.find(name)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert zones._zone.cache_info().currsize == 64
    assert held < 400 * 1024
