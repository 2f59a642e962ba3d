"""iCalendar: a recurring to-do is due at its next open occurrence, and repeats from there."""

from __future__ import annotations

import time
from typing import Any

import pytest

from loaders.rows.icalendar.occurrences import (
    LATER_EXCEPTIONS,
    MAX_EXCEPTIONS,
    NONE_LEFT,
    NOT_FOLLOWED,
    OTHER_DATES,
    TOO_MANY,
)
from loaders.rows.icalendar.schedule import SEVERAL_RULES
from loaders.rows.icalendar.todo import ALL_LATER
from tests.loaders.calendars import calendar, fields_of, notices_of, rows_of, valarm, vtodo

MONDAYS = ["DTSTART;VALUE=DATE:20311103", "DUE;VALUE=DATE:20311103"]
NINE = ["DTSTART;TZID=Europe/Berlin:20311103T090000", "DUE;TZID=Europe/Berlin:20311103T090000"]


def due_and_repeat(*properties: str) -> tuple[Any, Any]:
    fields = fields_of(*properties)
    return fields.get("due"), fields.get("repeat")


@pytest.mark.parametrize(
    ("properties", "due", "repeat"),
    [
        # Nothing is left out.
        ([*MONDAYS, "RRULE:FREQ=WEEKLY"], "2031-11-03", "FREQ=WEEKLY"),
        (["DUE;VALUE=DATE:20311103", "RRULE:FREQ=WEEKLY"], "2031-11-03", "FREQ=WEEKLY"),
        # EXDATE, of each form.
        ([*MONDAYS, "RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20311103"], "2031-11-10", "FREQ=WEEKLY"),
        ([*MONDAYS, "RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20311103,20311110"], "2031-11-17", "FREQ=WEEKLY"),
        (
            [*MONDAYS, "RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20311103", "EXDATE;VALUE=DATE:20311110"],
            "2031-11-17",
            "FREQ=WEEKLY",
        ),
        ([*MONDAYS, "RRULE:FREQ=WEEKLY", "EXDATE:20311103T000000Z"], "2031-11-10", "FREQ=WEEKLY"),
        (
            [*NINE, "RRULE:FREQ=WEEKLY", "EXDATE;TZID=Europe/Berlin:20311103T090000"],
            "2031-11-10T09:00:00+01:00",
            "FREQ=WEEKLY",
        ),
        ([*NINE, "RRULE:FREQ=WEEKLY", "EXDATE:20311103T080000Z"], "2031-11-10T09:00:00+01:00", "FREQ=WEEKLY"),
        ([*NINE, "RRULE:FREQ=WEEKLY", "EXDATE:20311103T090000Z"], "2031-11-03T09:00:00+01:00", "FREQ=WEEKLY"),
        ([*NINE, "RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20311103"], "2031-11-10T09:00:00+01:00", "FREQ=WEEKLY"),
        ([*NINE, "RRULE:FREQ=WEEKLY", "EXDATE:20311103T090000"], "2031-11-10T09:00:00+01:00", "FREQ=WEEKLY"),
        # What is left of COUNT, and UNTIL as it was.
        ([*MONDAYS, "RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE;VALUE=DATE:20311103"], "2031-11-10", "FREQ=WEEKLY;COUNT=4"),
        (
            [*MONDAYS, "RRULE:FREQ=WEEKLY;UNTIL=20311124", "EXDATE;VALUE=DATE:20311103"],
            "2031-11-10",
            "FREQ=WEEKLY;UNTIL=20311124",
        ),
        ([*MONDAYS, "RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE;VALUE=DATE:20311103"], "2031-11-10", "FREQ=WEEKLY;COUNT=1"),
        # A date more, and a rule that leads from it to its own days.
        ([*MONDAYS, "RRULE:FREQ=WEEKLY", "RDATE;VALUE=DATE:20311101"], "2031-11-01", "FREQ=WEEKLY;BYDAY=MO"),
        (
            [*MONDAYS, "RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20311103", "RDATE;VALUE=DATE:20311106"],
            "2031-11-06",
            "FREQ=WEEKLY;BYDAY=MO",
        ),
        (
            [*MONDAYS, "RRULE:FREQ=MONTHLY;COUNT=3", "EXDATE;VALUE=DATE:20311103", "RDATE;VALUE=DATE:20311106"],
            "2031-11-06",
            "FREQ=MONTHLY;COUNT=3;BYMONTHDAY=3",
        ),
        ([*MONDAYS, "RDATE;VALUE=DATE:20311110,20311117"], "2031-11-03", None),
        (
            [*NINE, "RDATE;VALUE=PERIOD:20311110T080000Z/PT1H", "EXDATE:20311103T080000Z"],
            "2031-11-10T09:00:00+01:00",
            None,
        ),
        # Due some time after the beginning.
        (
            ["DTSTART;VALUE=DATE:20311103", "DUE;VALUE=DATE:20311105", "RRULE:FREQ=WEEKLY;BYDAY=MO"],
            "2031-11-05",
            "FREQ=WEEKLY;BYDAY=WE",
        ),
        (
            ["DTSTART;VALUE=DATE:20311103", "DUE;VALUE=DATE:20311105", "RRULE:FREQ=WEEKLY", "EXDATE:20311103"],
            "2031-11-12",
            "FREQ=WEEKLY",
        ),
        (["DTSTART:20311103T090000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY"], "2031-11-03T11:00:00Z", "FREQ=DAILY"),
        # The start is no day of the rule, as Tasks.org has it, which counts from the due date.
        (
            ["DTSTART;VALUE=DATE:20311101", "DUE;VALUE=DATE:20311103", "RRULE:FREQ=WEEKLY;BYDAY=MO"],
            "2031-11-03",
            "FREQ=WEEKLY;BYDAY=MO",
        ),
        # Over a clock change, the time of day stays.
        (
            [
                "DUE;TZID=Europe/Berlin:20311020T090000",
                "RRULE:FREQ=WEEKLY",
                "EXDATE;TZID=Europe/Berlin:20311020T090000",
            ],
            "2031-10-27T09:00:00+01:00",
            "FREQ=WEEKLY",
        ),
    ],
)
def test_it_is_due_at_the_next_open_occurrence(properties: list[str], due: str, repeat: str | None) -> None:
    assert due_and_repeat(*properties) == (due, repeat)


def test_an_occurrence_that_differs_is_a_todo_of_its_own() -> None:
    master = vtodo("A", "UID:1", *MONDAYS, "RRULE:FREQ=WEEKLY;COUNT=4")
    done = vtodo("Done", "UID:1", "RECURRENCE-ID;VALUE=DATE:20311103", "STATUS:COMPLETED")
    moved = vtodo("Moved", "UID:1", "RECURRENCE-ID;VALUE=DATE:20311110", "DUE;VALUE=DATE:20311112")
    for order in ([master, done, moved], [moved, done, master]):
        rows = {row.fields["title"]: row for row in rows_of(calendar(*order))}
        assert (rows["A"].fields["due"], rows["A"].fields["repeat"]) == ("2031-11-17", "FREQ=WEEKLY;COUNT=2")
        assert rows["Moved"].fields["due"] == "2031-11-12"
        assert {row.own_id for row in rows.values()} == {"1", "1/20311103", "1/20311110"}


def test_only_its_own_occurrences_count() -> None:
    other = vtodo("Done", "UID:2", "RECURRENCE-ID;VALUE=DATE:20311103", "STATUS:COMPLETED")
    rows = rows_of(calendar(vtodo("A", "UID:1", *MONDAYS, "RRULE:FREQ=WEEKLY"), other))
    assert rows[0].fields["due"] == "2031-11-03"
    [row, _] = rows_of(
        calendar(vtodo("A", "UID:1", *MONDAYS, "RRULE:FREQ=WEEKLY")) + calendar(other.replace("UID:2", "UID:1"))
    )
    assert row.fields["due"] == "2031-11-03"


def test_without_an_open_occurrence_it_is_completed() -> None:
    properties = [*MONDAYS, "RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE;VALUE=DATE:20311103,20311110"]
    fields = fields_of(*properties)
    assert (fields["completed"], fields["due"]) == (True, "2031-11-03")
    assert notices_of(*properties) == (NONE_LEFT,)


@pytest.mark.parametrize(
    ("properties", "notice"),
    [
        (["RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20311110"], LATER_EXCEPTIONS),
        (["RRULE:FREQ=WEEKLY", "RDATE;VALUE=DATE:20311106"], LATER_EXCEPTIONS),
        (["RRULE:FREQ=WEEKLY", "RRULE:FREQ=MONTHLY"], SEVERAL_RULES),
        (["RRULE:FREQ=WEEKLY", "EXRULE:FREQ=MONTHLY"], SEVERAL_RULES),
        (["RRULE:FREQ=FORTNIGHTLY"], NOT_FOLLOWED),
        (["RRULE:FREQ=MONTHLY;BYDAY=1MO", "RDATE;VALUE=DATE:20311102", "EXDATE:20311103"], LATER_EXCEPTIONS),
        (["RRULE:FREQ=WEEKLY;INTERVAL=2", "RDATE;VALUE=DATE:20311029"], OTHER_DATES),
        (["RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20311103", "UID:1"], ALL_LATER),
    ],
)
def test_what_a_todo_cannot_say_is_kept_and_named(properties: list[str], notice: str | None) -> None:
    assert notices_of(*MONDAYS, *properties) == ((notice,) if notice else ())
    metadata = fields_of(*MONDAYS, *properties)["metadata"]
    kept = [key.partition(";")[0] for key in metadata]
    if notice in (OTHER_DATES, NOT_FOLLOWED, SEVERAL_RULES):
        assert "RRULE" in kept
        assert "repeat" not in fields_of(*MONDAYS, *properties)
    assert {each.partition(";")[0].partition(":")[0] for each in properties} - {"RRULE", "UID"} <= set(kept)


def test_alarms_count_from_the_occurrence() -> None:
    alarm = valarm("TRIGGER:-PT15M")
    fields = fields_of(*NINE, "RRULE:FREQ=WEEKLY", "EXDATE:20311103T080000Z", alarm)
    assert fields["remind_at"] == "2031-11-10T08:45:00+01:00"


def test_a_completed_to_do_stays_where_it_is() -> None:
    assert due_and_repeat(*MONDAYS, "RRULE:FREQ=WEEKLY", "EXDATE:20311103", "STATUS:COMPLETED") == (
        "2031-11-03",
        "FREQ=WEEKLY",
    )


@pytest.mark.parametrize("frequency", ["DAILY", "HOURLY", "SECONDLY"])
def test_thousands_of_exceptions_are_passed_over(frequency: str) -> None:
    steps = {"DAILY": 86_400, "HOURLY": 3_600, "SECONDLY": 1}[frequency]
    dates = [time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(1_950_000_000 + n * steps)) for n in range(1_001)]
    due, _ = due_and_repeat(f"DUE:{dates[0]}", f"RRULE:FREQ={frequency}", f"EXDATE:{','.join(dates[:-1])}")
    assert due.translate(str.maketrans("", "", "-:")) == dates[-1]


def test_a_rule_with_more_exceptions_than_that_is_read_without_them() -> None:
    dates = ",".join(f"20311103T{n // 3600:02}{n // 60 % 60:02}{n % 60:02}" for n in range(MAX_EXCEPTIONS + 1))
    properties = ["DUE:20311103T000000Z", "RRULE:FREQ=SECONDLY", f"EXDATE:{dates}"]
    assert due_and_repeat(*properties)[0] == "2031-11-03T00:00:00Z"
    assert TOO_MANY in notices_of(*properties)
