"""Rules in a time zone: they follow the clocks there, and each next date is a later instant."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.todos import content, instants, recurrence, zones
from chalicelib.todos.ids import Partition
from chalicelib.views import schema
from tests.unit.todos.recurring import completed
from tests.unit.todos.test_time_zones import near_changes, pinned

BERLIN = "Europe/Berlin"


def chain(rule: str, due: str, time_zone: str | None, length: int = 3, **fields: Any) -> list[str]:
    """The due dates of the todos that follow, one completed after the other."""
    dates: list[str] = []
    todo = completed(rule, due=due, time_zone=time_zone, **fields)
    while len(dates) < length:
        found = recurrence.next_occurrence(todo)
        if found is None:
            break
        dates.append(found["due"])
        if found["repeat"] is None:
            break
        todo = completed(found["repeat"], **{**fields, "due": found["due"], "time_zone": time_zone})
    return dates


@pytest.mark.parametrize(
    ("rule", "due", "time_zone", "expected"),
    [
        ("FREQ=DAILY", "2026-10-24T09:00:00+02:00", BERLIN, ["2026-10-25T09:00:00+01:00", "2026-10-26T09:00:00+01:00"]),
        ("FREQ=WEEKLY", "2026-03-27T09:00:00+01:00", BERLIN, ["2026-04-03T09:00:00+02:00"]),
        # In a gap the rule's time, with the offset before: nothing drifts.
        (
            "FREQ=DAILY", "2026-03-28T02:30:00+01:00", BERLIN,
            ["2026-03-29T02:30:00+01:00", "2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00"],
        ),
        # In a fold the first; and not a second time.
        ("FREQ=DAILY", "2026-10-24T02:30:00+02:00", BERLIN, ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]),
        # The second time that 02:15 comes is later than the first 02:45.
        (
            "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=15,45", "2026-10-25T02:15:00+01:00", BERLIN,
            ["2026-10-25T03:15:00+01:00", "2026-10-25T03:45:00+01:00"],
        ),
        # 02:30 that is skipped is the instant of 03:30.
        (
            "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30", "2026-03-29T02:30:00+01:00", BERLIN, ["2026-03-30T02:00:00+02:00"],
        ),
        # An instant in UTC is read on the zone's clocks, and goes on there.
        ("FREQ=DAILY", "2026-10-24T07:00:00Z", BERLIN, ["2026-10-25T09:00:00+01:00"]),
        ("FREQ=DAILY", "2026-10-24T07:00:00.25Z", BERLIN, ["2026-10-25T09:00:00.25+01:00"]),
        # The other hemisphere; half an hour; a day that never was.
        ("FREQ=DAILY", "2026-10-03T09:00:00+10:00", "Australia/Sydney", ["2026-10-04T09:00:00+11:00"]),
        ("FREQ=DAILY", "2026-04-04T09:00:00+11:00", "Australia/Lord_Howe", ["2026-04-05T09:00:00+10:30"]),
        (
            "FREQ=DAILY", "2011-12-29T09:00:00-10:00", "Pacific/Apia",
            ["2011-12-30T09:00:00-10:00", "2012-01-01T09:00:00+14:00"],
        ),
        ("FREQ=DAILY", "2011-12-29", "Pacific/Apia", ["2011-12-30", "2012-01-01"]),
        # DST that was abolished.
        ("FREQ=YEARLY", "2018-12-01T09:00:00-02:00", "America/Sao_Paulo", ["2019-12-01T09:00:00-03:00"]),
        # Hours and less count the time that has elapsed.
        ("FREQ=HOURLY", "2026-03-29T01:30:00+01:00", BERLIN, ["2026-03-29T03:30:00+02:00"]),
        (
            "FREQ=HOURLY", "2026-10-25T01:30:00+02:00", BERLIN,
            ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"],
        ),
        ("FREQ=HOURLY;INTERVAL=24", "2026-10-24T09:00:00+02:00", BERLIN, ["2026-10-25T08:00:00+01:00"]),
        ("FREQ=MINUTELY;INTERVAL=90", "2026-10-25T01:30:00+02:00", BERLIN, ["2026-10-25T02:00:00+01:00"]),
        # What BYHOUR names is what the clocks show.
        ("FREQ=HOURLY;BYHOUR=9", "2026-10-24T09:00:00+02:00", BERLIN, ["2026-10-25T09:00:00+01:00"]),
        ("FREQ=HOURLY;BYHOUR=2", "2026-10-24T02:00:00+02:00", BERLIN,
         ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-26T02:00:00+01:00"]),
        ("FREQ=HOURLY;BYHOUR=2", "2026-03-28T02:00:00+01:00", BERLIN, ["2026-03-30T02:00:00+02:00"]),
        # An unknown zone counts as none.
        ("FREQ=DAILY", "2026-10-24T09:00:00+02:00", "Gone/Zone", ["2026-10-25T09:00:00+02:00"]),
    ],
)  # fmt: skip
def test_the_dates_that_follow(rule: str, due: str, time_zone: str, expected: list[str]) -> None:
    assert chain(rule, due, time_zone, len(expected)) == expected


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("20261025T090000", ["2026-10-25T09:00:00+01:00"]),
        ("20261025T085959", []),
        ("20261025T080000Z", ["2026-10-25T09:00:00+01:00"]),
        ("20261025T075959Z", []),
        ("20261025", ["2026-10-25T09:00:00+01:00"]),
    ],
)
def test_a_local_until_is_a_time_on_the_clocks_and_one_in_utc_an_instant(until: str, expected: list[str]) -> None:
    assert chain(f"FREQ=DAILY;UNTIL={until}", "2026-10-24T09:00:00+02:00", BERLIN) == expected


@pytest.mark.parametrize(("until", "expected"), [("20261024T220000Z", ["2026-10-25"]), ("20261024T215959Z", [])])
def test_a_bare_date_is_past_an_instant_by_the_days_first_moment(until: str, expected: list[str]) -> None:
    assert chain(f"FREQ=DAILY;UNTIL={until}", "2026-10-24", BERLIN) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # Completed at 14:23:11 UTC, 23:23:11 in Tokyo, 15:23:11 in Berlin; the 11th in Kiritimati.
        ({"repeat_from": "completion", "due": "2026-11-01T09:00:00+01:00", "time_zone": BERLIN},
         "2026-11-11T09:00:00+01:00"),
        ({"repeat_from": "completion", "due": "2026-11-01T08:30:00+01:00", "time_zone": BERLIN,
          "repeat": "FREQ=DAILY;BYHOUR=8,20"}, "2026-11-10T20:30:00+01:00"),
        ({"repeat_from": "completion", "due": "2026-11-01", "time_zone": "Pacific/Kiritimati"}, "2026-11-12"),
        ({"repeat_from": "next_future", "due": "2026-11-01", "time_zone": "Pacific/Kiritimati"}, "2026-11-12"),
        ({"repeat_from": "next_future", "due": "2026-10-01T15:24:00+02:00", "time_zone": BERLIN},
         "2026-11-10T15:24:00+01:00"),
        ({"repeat_from": "next_future", "due": "2026-10-01T15:23:00+02:00", "time_zone": BERLIN},
         "2026-11-11T15:23:00+01:00"),
        ({"due": None, "time_zone": "Pacific/Kiritimati"}, "2026-11-12"),
    ],
)  # fmt: skip
def test_what_it_is_counted_from_is_on_the_zones_clocks(fields: dict[str, Any], expected: str) -> None:
    found = recurrence.next_occurrence(completed(**{"repeat": "FREQ=DAILY", **fields}))
    assert found is not None
    assert found["due"] == expected
    assert found["time_zone"] == fields["time_zone"]


@pytest.mark.parametrize(
    ("rule", "due", "remind_at", "expected"),
    [
        ("FREQ=DAILY", "2026-10-24T09:00:00+02:00", "2026-10-24T08:00:00+02:00", "2026-10-25T08:00:00+01:00"),
        ("FREQ=DAILY", "2026-10-24T09:00:00+02:00", "2026-10-23", "2026-10-24"),
        ("FREQ=DAILY", "2026-10-24", "2026-10-24T07:00:00Z", "2026-10-25T09:00:00+01:00"),
        ("FREQ=HOURLY", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"),
        ("FREQ=HOURLY", "2026-10-25T02:30:00+02:00", "2026-10-25", "2026-10-25T01:00:00+02:00"),
    ],
)
def test_a_reminder_keeps_its_distance(rule: str, due: str, remind_at: str, expected: str) -> None:
    found = recurrence.next_occurrence(completed(rule, due=due, remind_at=remind_at, time_zone=BERLIN))
    assert found is not None
    assert found["remind_at"] == expected


def test_a_reminder_without_a_due_date_follows_the_rule_to_after_the_completion() -> None:
    todo = completed("FREQ=DAILY", remind_at="2026-10-01T09:00:00+02:00", time_zone=BERLIN)
    found = recurrence.next_occurrence(todo)
    assert found is not None
    assert found["remind_at"] == "2026-11-11T09:00:00+01:00"


RULES = st.sampled_from(
    ["FREQ=DAILY", "FREQ=DAILY;BYHOUR=0,1,2,3,23;BYMINUTE=0,15,30,45", "FREQ=HOURLY", "FREQ=HOURLY;BYMINUTE=0,30",
     "FREQ=HOURLY;BYHOUR=0,2", "FREQ=MINUTELY;INTERVAL=17", "FREQ=SECONDLY;INTERVAL=4001", "FREQ=WEEKLY;BYDAY=SU,SA"]
)  # fmt: skip


@given(near_changes, RULES, st.booleans())
def test_each_next_is_a_later_instant_and_what_the_zone_writes(
    drawn: tuple[str, datetime], rule: str, is_bare: bool
) -> None:
    name, instant = drawn
    zone = pinned(name)
    due = zones.written_at(instant, zone)
    dates = [due[:10] if is_bare else due]
    dates += chain(rule, dates[0], name, 4)
    moments = [zones.instant_of(each, name) for each in dates]
    assert moments == sorted(set(moments))
    for each in dates[1:]:
        content.validate({"title": "x", "due": each, "time_zone": name, "repeat": rule})


@given(near_changes, st.integers(1, 30))
def test_hours_are_hours_whatever_the_clocks_do(drawn: tuple[str, datetime], hours: int) -> None:
    name, instant = drawn
    zone = pinned(name)
    (found,) = chain(f"FREQ=HOURLY;INTERVAL={hours}", zones.written_at(instant, zone), name, 1)
    assert instants.parse(found) == instant + timedelta(hours=hours)


@given(near_changes)
def test_a_rule_of_days_never_drifts(drawn: tuple[str, datetime]) -> None:
    name, instant = drawn
    zone = pinned(name)
    due = zones.written(zones.wall_at(instant, zone), zone)
    assert {each[11:19] for each in chain("FREQ=DAILY", due, name, 4)} == {due[11:19]}


EDGES = ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-30T23:59:59.9+23:59"]


@pytest.mark.parametrize("name", ["Pacific/Kiritimati", "America/New_York"])
@pytest.mark.parametrize("rule", ["FREQ=DAILY", "FREQ=HOURLY;BYHOUR=3", "FREQ=SECONDLY"])
@pytest.mark.parametrize("remind_at", EDGES)
@pytest.mark.parametrize("due", EDGES)
def test_at_the_ends_of_the_calendar_every_later_step_works(due: str, remind_at: str, rule: str, name: str) -> None:
    """What is accepted, and what follows it, can be indexed, reminded of and completed."""
    stated = {"title": "x", "due": due, "remind_at": remind_at, "time_zone": name}
    try:
        stated = content.validate({**stated, "repeat": rule})
    except content.InvalidContent:
        assert content.validate(stated)
    found: Any = {**stated}
    for _ in range(3):
        state = json.dumps({name: value for name, value in found.items() if value is not None and name != "completed"})
        schema.index_attributes(Partition("me"), "x", state)
        following = recurrence.next_occurrence(completed(found.get("repeat") or rule, **_dates(found)))
        if following is None:
            break
        found = following


def _dates(found: dict[str, Any]) -> dict[str, Any]:
    return {field: found[field] for field in ("due", "remind_at", "time_zone")}
