"""iCalendar: when a to-do reminds, of what its alarms say (RFC 5545, section 3.6.6; RFC 9074)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from loaders.planner import Planned
from loaders.reading.options import ReadOptions
from loaders.rows.icalendar import schedule
from loaders.rows.icalendar.alarms import BY_PLACE, MANY, UNKNOWN
from loaders.rows.reminders import PAST
from loaders.rows.row import Row
from tests.loaders.calendars import calendar, fields_of, notices_of, valarm, vtodo
from tests.loaders.loading import PLAINLY, plan, read

TIMES = ["DTSTART:20261201T080000Z", "DUE:20261201T090000Z"]


@pytest.fixture(autouse=True)
def noon_of_20_november(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the calendars are read."""
    monkeypatch.setattr(schedule, "now", lambda: datetime(2026, 11, 20, 12, tzinfo=UTC))


def remind_at(*properties: str, how: ReadOptions = PLAINLY) -> object:
    return fields_of(*properties, how=how).get("remind_at")


@pytest.mark.parametrize(
    ("alarm", "expected"),
    [
        ("TRIGGER:-PT15M", "2026-12-01T07:45:00Z"),
        ("TRIGGER;RELATED=START:-PT15M", "2026-12-01T07:45:00Z"),
        ("TRIGGER;RELATED=END:PT15M", "2026-12-01T09:15:00Z"),
        ('TRIGGER;RELATED="END":-P1DT1H', "2026-11-30T08:00:00Z"),
        ("TRIGGER;VALUE=DURATION;RELATED=END:-P1W", "2026-11-24T09:00:00Z"),
        ("TRIGGER:+PT0S", "2026-12-01T08:00:00Z"),
        ("TRIGGER;VALUE=DATE-TIME:20261130T090000Z", "2026-11-30T09:00:00Z"),
        ("TRIGGER:20261130T090000Z", "2026-11-30T09:00:00Z"),
        ("TRIGGER;VALUE=DATE-TIME;TZID=Europe/Berlin:20261130T090000", "2026-11-30T09:00:00+01:00"),
        ("TRIGGER:soon", None),
        ("TRIGGER:P", None),
        ("TRIGGER;VALUE=DATE:20261130", None),
        ("ACTION:DISPLAY", None),
    ],
)
def test_an_alarm_goes_off_at_its_trigger(alarm: str, expected: str | None) -> None:
    properties = [*TIMES, valarm(alarm)]
    assert remind_at(*properties) == expected
    assert fields_of(*properties)["metadata"]["VALARM"] == [f"{valarm(alarm)}\n"]
    assert (UNKNOWN in notices_of(*properties)) == (expected is None)


@pytest.mark.parametrize(
    ("times", "trigger", "expected"),
    [
        # 25 October 2026 has 25 hours in Berlin, 28 March 2027 has 23.
        (["DUE;TZID=Europe/Berlin:20270329T090000"], "-PT48H", "2027-03-27T08:00:00+01:00"),
        (["DUE;TZID=Europe/Berlin:20270329T090000"], "-P2D", "2027-03-27T09:00:00+01:00"),
        (["DUE;TZID=Europe/Berlin:20270329T090000"], "-P1DT24H", "2027-03-27T08:00:00+01:00"),
        (["DUE;TZID=Europe/Berlin:20271101T090000"], "-PT48H", "2027-10-30T10:00:00+02:00"),
        (["DTSTART;TZID=Europe/Berlin:20270327T090000", "DURATION:P2D"], "PT0S", "2027-03-29T09:00:00+02:00"),
        (["DTSTART;TZID=Europe/Berlin:20270327T090000", "DURATION:PT48H"], "PT0S", "2027-03-29T10:00:00+02:00"),
        (["DUE;VALUE=DATE:20270329"], "-PT15H", "2027-03-28T09:00:00Z"),
        (["DTSTART;VALUE=DATE:20270327", "DURATION:P2D"], "PT9H", "2027-03-29T09:00:00Z"),
    ],
)
def test_days_are_those_of_the_calendar_and_hours_are_exact(times: list[str], trigger: str, expected: str) -> None:
    assert remind_at(*times, valarm(f"TRIGGER;RELATED=END:{trigger}")) == expected


def test_a_day_begins_in_the_users_zone() -> None:
    alarm = valarm("TRIGGER;RELATED=END:PT9H")
    how = ReadOptions(time_zone="Europe/Berlin")
    assert remind_at("DUE;VALUE=DATE:20270329", alarm, how=how) == "2027-03-29T09:00:00+02:00"
    # It has 23 hours: nine hours after it began, clocks show ten.
    assert remind_at("DUE;VALUE=DATE:20270328", alarm, how=how) == "2027-03-28T10:00:00+02:00"


def test_an_alarm_counts_from_the_due_time_where_nothing_begins() -> None:
    assert remind_at("DUE:20261201T090000Z", valarm("TRIGGER:-PT15M")) == "2026-12-01T08:45:00Z"
    assert remind_at("DTSTART:20261201T080000Z", valarm("TRIGGER;RELATED=END:-PT15M")) is None
    assert remind_at(valarm("TRIGGER:-PT15M")) is None


@pytest.mark.parametrize(
    ("properties", "notices"),
    [
        (["ACTION:NONE", "TRIGGER:-PT15M"], ()),
        (["ACTION:none", "TRIGGER;VALUE=DATE-TIME:19760401T005545Z"], ()),
        (["ACTION:DISPLAY", "TRIGGER;VALUE=DATE-TIME:19760401T005545Z"], ()),
        (["TRIGGER:-PT15M", "X-APPLE-PROXIMITY:DEPART"], (BY_PLACE,)),
        (["TRIGGER:-PT15M", "PROXIMITY:ARRIVE", "BEGIN:VLOCATION", "UID:l", "END:VLOCATION"], (BY_PLACE,)),
        (["TRIGGER:-PT15M", "ACKNOWLEDGED:20261201T074500Z"], ()),
        (["TRIGGER:-PT15M", "ACKNOWLEDGED:20261201T080000Z"], ()),
    ],
)
def test_an_alarm_that_is_none_reminds_nobody(properties: list[str], notices: tuple[str, ...]) -> None:
    assert remind_at(*TIMES, valarm(*properties)) is None
    assert notices_of(*TIMES, valarm(*properties)) == notices


def test_an_alarm_that_was_acknowledged_before_its_time_goes_off() -> None:
    alarm = valarm("TRIGGER:-PT15M", "ACKNOWLEDGED:20261201T074459Z")
    assert remind_at(*TIMES, alarm) == "2026-12-01T07:45:00Z"


@pytest.mark.parametrize(
    ("repeated", "expected"),
    [
        (["REPEAT:2", "DURATION:PT1H"], "2026-11-20T12:30:00Z"),
        (["REPEAT:1", "DURATION:PT1H"], "2026-11-20T11:30:00Z"),
        (["REPEAT:2", "DURATION:-PT1H"], "2026-11-20T10:30:00Z"),
        (["REPEAT:999999999", "DURATION:PT1S"], "2026-11-20T10:46:40Z"),
        (["REPEAT:2"], "2026-11-20T10:30:00Z"),
        (["DURATION:PT1H"], "2026-11-20T10:30:00Z"),
        (["REPEAT:2", "DURATION:PT1H", "ACKNOWLEDGED:20261120T110000Z"], "2026-11-20T12:30:00Z"),
        (["REPEAT:2", "DURATION:PT1H", "ACKNOWLEDGED:20261120T123000Z"], None),
    ],
)
def test_an_alarm_repeats(repeated: list[str], expected: str | None) -> None:
    assert remind_at("DUE:20261120T103000Z", valarm("TRIGGER:PT0S", *repeated)) == expected


def test_of_several_alarms_the_next_one_counts() -> None:
    alarms = [valarm(f"TRIGGER:{trigger}") for trigger in ("-P30D", "-P1D", "-PT15M")]
    assert remind_at(*TIMES, *alarms) == "2026-11-30T08:00:00Z"
    assert notices_of(*TIMES, *alarms) == (MANY,)
    assert notices_of(*TIMES, *alarms[:2]) == ()


def test_what_was_snoozed_goes_off_then() -> None:
    first = valarm("UID:a", "TRIGGER:-P11D", "ACKNOWLEDGED:20261120T100000Z")
    snoozed = valarm("UID:b", "TRIGGER;VALUE=DATE-TIME:20261120T130000Z", 'RELATED-TO;RELTYPE="SNOOZE":a')
    assert remind_at(*TIMES, first, snoozed) == "2026-11-20T13:00:00Z"


def test_what_mozilla_notes_of_alarms_counts() -> None:
    alarm = valarm("TRIGGER:-PT15M")
    assert remind_at(*TIMES, alarm, "X-MOZ-LASTACK:20261201T074500Z") is None
    assert remind_at(*TIMES, alarm, "X-MOZ-LASTACK:20261130T000000Z") == "2026-12-01T07:45:00Z"
    snoozed = ["X-MOZ-LASTACK:20261201T074500Z", "X-MOZ-SNOOZE-TIME:20261201T080000Z"]
    assert remind_at(*TIMES, alarm, *snoozed) == "2026-12-01T08:00:00Z"


def test_a_completed_to_do_reminds_nobody() -> None:
    assert remind_at(*TIMES, valarm("TRIGGER:-PT15M"), "STATUS:COMPLETED") is None


def test_a_reminder_that_is_past_is_kept_without_being_sent() -> None:
    """It is the last one, and the event that creates the todo says that it was given."""
    alarms = [valarm(f"TRIGGER;VALUE=DATE-TIME:2001010{day}T000000Z") for day in (1, 3, 2)]
    [planned] = plan(calendar(vtodo("A", *alarms)))
    assert isinstance(planned, Planned)
    assert planned.event.state["remind_at"] == planned.event.state["reminded"] == "2001-01-03T00:00:00Z"
    assert planned.loss is not None
    assert planned.loss.notices == (PAST,)


def test_a_reminder_that_is_to_come_is_sent() -> None:
    [planned] = plan(calendar(vtodo("A", valarm("TRIGGER;VALUE=DATE-TIME:29010101T000000Z"))))
    assert isinstance(planned, Planned)
    assert (planned.event.state["remind_at"], planned.event.state["reminded"]) == ("2901-01-01T00:00:00Z", None)


@pytest.mark.parametrize(
    "trigger", ["P" + "9" * 30 + "D", "-P99999999999D", "99991231T235959Z", "P" + "1" * 5_000 + "W", "x" * 100_000]
)
def test_an_alarm_outside_of_the_calendar_is_no_reminder(trigger: str) -> None:
    [row] = read(calendar(vtodo("Milk", "DUE:99991231T000000Z", valarm(f"TRIGGER;RELATED=END:{trigger}"))))
    assert isinstance(row, Row)
    assert row.fields.get("remind_at") in (None, "9999-12-31T23:59:59Z")


def test_other_components_of_a_to_do_are_no_alarms() -> None:
    place = "BEGIN:VLOCATION\nUID:l\nTRIGGER:-PT15M\nEND:VLOCATION"
    assert fields_of(*TIMES, place)["metadata"]["VLOCATION"] == [f"{place}\n"]
    assert remind_at(*TIMES, place) is None
