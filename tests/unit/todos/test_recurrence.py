"""`repeat`: what follows a todo that is completed, and which rules cannot be kept."""

from __future__ import annotations

import pytest

from chalicelib.todos import content, recurrence
from tests.unit.todos.recurring import completed, following, next_due


@pytest.mark.parametrize(
    ("rule", "due", "expected"),
    [
        ("FREQ=DAILY", "2026-12-31", "2027-01-01"),
        ("FREQ=DAILY", "2028-02-28", "2028-02-29"),
        ("FREQ=DAILY;INTERVAL=10", "2026-12-25", "2027-01-04"),
        ("freq=daily;interval=2", "2026-12-01", "2026-12-03"),
        ("FREQ=WEEKLY", "2026-12-01", "2026-12-08"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", "2026-12-02", "2026-12-04"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", "2026-12-04", "2026-12-07"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "2026-12-04", "2026-12-14"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU", "2026-12-07", "2026-12-20"),
        ("FREQ=WEEKLY;BYDAY=MO", "2026-12-03", "2026-12-07"),
        # The set of a week is all of it, also before the todo's own day.
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", "2027-01-06", "2027-01-13"),
        # Weekdays with and without a number: all Mondays, and the last Wednesday.
        ("FREQ=MONTHLY;BYDAY=MO,-1WE", "2027-01-25", "2027-01-27"),
        ("FREQ=MONTHLY;BYDAY=MO,-1WE", "2027-01-27", "2027-02-01"),
        # The weekday is the due date's.
        ("FREQ=YEARLY;BYWEEKNO=20", "2026-12-02", "2027-05-19"),
        # A month without such a day is left out (RFC 5545: invalid dates are ignored).
        ("FREQ=MONTHLY", "2026-01-31", "2026-03-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31", "2026-02-28"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2026-11-27", "2026-12-25"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "2026-12-01", "2027-01-01"),
        ("FREQ=MONTHLY;INTERVAL=3", "2026-11-30", "2027-05-30"),
        ("FREQ=YEARLY", "2024-02-29", "2028-02-29"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2024-02-29", "2044-02-29"),
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", "2026-12-28", "2032-12-27"),
        ("FREQ=DAILY", "9999-12-30", "9999-12-31"),
        ("FREQ=DAILY", "0999-12-31", "1000-01-01"),
    ],
)
def test_a_date_moves_on_and_stays_a_date(rule: str, due: str, expected: str) -> None:
    assert next_due(rule, due) == expected


@pytest.mark.parametrize(
    ("rule", "due", "expected"),
    [
        ("FREQ=DAILY", "2026-12-01T09:00:00Z", "2026-12-02T09:00:00Z"),
        ("FREQ=DAILY", "2026-12-01T09:00:00+01:00", "2026-12-02T09:00:00+01:00"),
        # 00:30 on Tuesday over there is still Monday in UTC, and the Tuesday is what counts.
        ("FREQ=WEEKLY;BYDAY=TU", "2026-12-01T00:30:00+05:30", "2026-12-08T00:30:00+05:30"),
        # An offset is no time zone: it does not change when a clock somewhere does (25 October 2026).
        ("FREQ=DAILY", "2026-10-24T09:00:00+02:00", "2026-10-25T09:00:00+02:00"),
        ("FREQ=DAILY", "2026-12-01T09:00:00.250-08:00", "2026-12-02T09:00:00.250-08:00"),
        ("FREQ=DAILY", "2026-12-01t09:00:00z", "2026-12-02T09:00:00z"),
        ("FREQ=DAILY;BYHOUR=9,17", "2026-12-01T09:00:00Z", "2026-12-01T17:00:00Z"),
        # Nobody here knows leap seconds, for which second 60 is (RFC 5545, section 3.3.12).
        ("FREQ=DAILY;BYSECOND=60", "2026-12-01T09:00:00Z", "2026-12-01T09:00:59Z"),
        ("FREQ=MINUTELY;BYSECOND=60,59,6", "2026-12-01T09:00:59+01:00", "2026-12-01T09:01:06+01:00"),
        ("FREQ=SECONDLY;BYSECOND=60", "2026-12-01T09:00:59Z", "2026-12-01T09:01:59Z"),
        ("FREQ=HOURLY;INTERVAL=8", "2026-12-01T22:00:00+01:00", "2026-12-02T06:00:00+01:00"),
        ("FREQ=MINUTELY;INTERVAL=90", "2026-12-01T23:00:00Z", "2026-12-02T00:30:00Z"),
        ("FREQ=SECONDLY;UNTIL=99991231T235959Z", "2026-12-01T23:59:59Z", "2026-12-02T00:00:00Z"),
        ("FREQ=YEARLY", "2024-02-29T23:00:00-01:00", "2028-02-29T23:00:00-01:00"),
    ],
)
def test_a_date_time_moves_on_in_its_own_offset(rule: str, due: str, expected: str) -> None:
    assert next_due(rule, due) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=HOURLY", "2026-12-02"),
        ("FREQ=SECONDLY", "2026-12-02"),
        ("FREQ=DAILY;BYHOUR=9", "2026-12-02"),
        ("FREQ=HOURLY;INTERVAL=36", "2026-12-02"),
    ],
)
def test_a_date_without_a_time_never_stays_where_it_is(rule: str, expected: str) -> None:
    assert next_due(rule, "2026-12-01") == expected


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=2"),
        ("COUNT=10;FREQ=DAILY", "COUNT=9;FREQ=DAILY"),
        ("freq=weekly;count=2;byday=mo", "freq=weekly;COUNT=1;byday=mo"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20301231", "FREQ=DAILY;COUNT=1;UNTIL=20301231"),
        ("FREQ=DAILY;UNTIL=20301231", "FREQ=DAILY;UNTIL=20301231"),
        ("FREQ=DAILY", "FREQ=DAILY"),
    ],
)
def test_each_occurrence_carries_what_is_left_of_the_count(rule: str, left: str) -> None:
    assert following(rule, due="2026-12-01")["repeat"] == left


def dues(rule: str, due: str, how_many: int) -> list[str]:
    """When a todo and those that follow it are due, each counted from the one before it."""
    found = [due]
    for _ in range(how_many):
        content = following(rule, due=due)
        rule, due = content["repeat"], content["due"]
        found.append(due)
    return found


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=MONTHLY;SKIP=BACKWARD", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        ("FREQ=MONTHLY;SKIP=FORWARD", ["2027-01-31", "2027-03-01", "2027-03-31", "2027-05-01", "2027-05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD", ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        # From December to February, which leads into March, and to April.
        ("FREQ=MONTHLY;INTERVAL=2;SKIP=FORWARD", ["2026-12-31", "2027-03-01", "2027-05-01", "2027-07-01"]),
        ("FREQ=YEARLY;SKIP=FORWARD", ["2024-02-29", "2025-03-01", "2026-03-01", "2027-03-01", "2028-02-29"]),
        ("FREQ=YEARLY;SKIP=BACKWARD", ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("FREQ=MONTHLY", ["2027-01-31", "2027-03-31", "2027-05-31", "2027-07-31"]),
        # Every second year in week 1, which begins in December.
        ("FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1", ["2023-01-02", "2024-12-30", "2027-01-04", "2029-01-01"]),
    ],
)  # fmt: skip
def test_no_occurrence_loses_the_day_that_the_first_one_had(rule: str, expected: list[str]) -> None:
    assert dues(rule, expected[0], len(expected) - 1) == expected


def test_the_rule_of_the_next_names_that_day() -> None:
    found = following("FREQ=MONTHLY;COUNT=3;SKIP=BACKWARD", due="2027-01-31")
    assert found["repeat"] == "FREQ=MONTHLY;COUNT=2;SKIP=BACKWARD;BYMONTHDAY=31"
    assert content.validate(found) == found


@pytest.mark.parametrize(
    ("rule", "next_due"),
    [
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYHOUR=9,17;BYSETPOS=2", "2026-12-07"),
        ("FREQ=WEEKLY;BYDAY=TU;BYHOUR=9", "2026-12-08"),
    ],
)
def test_for_a_date_a_set_has_no_times(rule: str, next_due: str) -> None:
    """RFC 5545, 3.3.10: BYHOUR, BYMINUTE and BYSECOND are ignored, so that BYSETPOS counts days."""
    expected = {"2026-12-01": next_due}
    assert {due: following(rule, due=due)["due"] for due in expected} == expected


def test_a_count_of_one_is_the_last() -> None:
    assert next_due("FREQ=DAILY;COUNT=1", "2026-12-01") is None


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_count_is_how_often_the_todo_comes_in_all(count: int) -> None:
    occurrences, todo = 1, completed(f"FREQ=DAILY;COUNT={count}", due="2026-12-01")
    while found := recurrence.next_occurrence(todo):
        occurrences += 1
        todo = completed(found["repeat"], due=found["due"])
    assert occurrences == count


@pytest.mark.parametrize(
    ("until", "due", "is_next"),
    [
        # A date means its whole day, whatever the due date's form.
        ("20261202", "2026-12-01", True),
        ("20261201", "2026-12-01", False),
        ("20261202", "2026-12-01T23:30:00-11:00", True),
        ("20261201", "2026-12-01T23:30:00-11:00", False),
        # A time without a Z is one in the due date's own offset,
        ("20261202T090000", "2026-12-01T09:00:00+01:00", True),
        ("20261202T085959", "2026-12-01T09:00:00+01:00", False),
        # and one with it an instant.
        ("20261202T080000Z", "2026-12-01T09:00:00+01:00", True),
        ("20261202T075959Z", "2026-12-01T09:00:00+01:00", False),
        ("20261202T000000Z", "2026-12-01", True),
        ("20261201T235959Z", "2026-12-01", False),
        ("20200101", "2026-12-01", False),
    ],
)
def test_past_until_there_is_no_next(until: str, due: str, is_next: bool) -> None:
    assert (next_due(f"FREQ=DAILY;UNTIL={until}", due) is not None) == is_next


@pytest.mark.parametrize(
    ("due", "remind_at", "expected"),
    [
        ("2026-12-01T09:00:00Z", "2026-12-01T08:30:00Z", "2026-12-08T08:30:00Z"),
        ("2026-12-01T09:00:00+01:00", "2026-12-01T03:00:00-05:00", "2026-12-08T03:00:00-05:00"),
        ("2026-12-01", "2026-11-30T18:00:00+01:00", "2026-12-07T18:00:00+01:00"),
        ("2026-12-01T09:00:00Z", "2026-11-30", "2026-12-07"),
        ("2026-12-01", "2026-12-03", "2026-12-10"),
        ("2026-12-01", None, None),
    ],
)
def test_the_reminder_keeps_its_distance(due: str, remind_at: str | None, expected: str | None) -> None:
    assert following("FREQ=WEEKLY", due=due, remind_at=remind_at)["remind_at"] == expected


def test_also_where_a_bare_date_moves_by_hours() -> None:
    """A bare date is its 00:00 UTC."""
    found = following("FREQ=HOURLY;INTERVAL=6", due="2026-12-01T09:00:00Z", remind_at="2026-12-01")
    assert (found["due"], found["remind_at"]) == ("2026-12-01T15:00:00Z", "2026-12-01T06:00:00Z")


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        ("FREQ=WEEKLY", "2026-11-17"),
        ("FREQ=DAILY", "2026-11-11"),
        ("FREQ=WEEKLY;BYDAY=MO", "2026-11-16"),
        ("FREQ=DAILY;BYHOUR=9", "2026-11-11T09:23:11Z"),
        ("FREQ=HOURLY;INTERVAL=4", "2026-11-10T18:23:11Z"),
    ],
)
def test_without_a_due_date_it_is_counted_from_the_completion(rule: str, due: str) -> None:
    assert following(rule)["due"] == due


@pytest.mark.parametrize(
    ("rule", "remind_at", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=MO", "2026-11-10T09:00:00+01:00", "2026-11-16T09:00:00+01:00"),
        # Long ago: to its first date after the completion (Tuesday, 14:23 UTC), not one week on.
        ("FREQ=WEEKLY", "2026-09-01T09:00:00Z", "2026-11-17T09:00:00Z"),
        ("FREQ=WEEKLY", "2026-09-01T15:00:00Z", "2026-11-10T15:00:00Z"),
        ("FREQ=DAILY", "2026-09-01T15:00:00+01:00", "2026-11-11T15:00:00+01:00"),
        ("FREQ=DAILY", "2026-09-01", "2026-11-11"),
        # Not yet: counted from itself all the same.
        ("FREQ=WEEKLY", "2026-12-01T09:00:00Z", "2026-12-08T09:00:00Z"),
        ("FREQ=HOURLY;INTERVAL=6", "2026-11-10T00:30:00Z", "2026-11-10T18:30:00Z"),
        # COUNT counts the todos that are made, not the dates that have passed.
        ("FREQ=WEEKLY;COUNT=2", "2026-09-01T09:00:00Z", "2026-11-17T09:00:00Z"),
        # The next todo is due in time, its reminder would not be; and a year that no calendar has.
        ("FREQ=DAILY;UNTIL=20261111T120000Z", "2026-09-01T13:00:00Z", None),
        ("FREQ=YEARLY", "9999-12-31T00:00:00Z", None),
    ],
)
def test_then_the_reminder_follows_the_rule_by_itself(rule: str, remind_at: str, expected: str | None) -> None:
    assert following(rule, remind_at=remind_at)["remind_at"] == expected


@pytest.mark.parametrize(
    ("repeat_from", "rule", "due", "expected"),
    [
        # Completed on Tuesday 10 November, 14:23 UTC.
        (None, "FREQ=DAILY", "2026-11-01", "2026-11-02"),
        ("due", "FREQ=DAILY", "2026-11-01", "2026-11-02"),
        ("next_future", "FREQ=DAILY", "2026-11-01", "2026-11-11"),
        ("next_future", "FREQ=DAILY;INTERVAL=4", "2026-11-01", "2026-11-13"),
        ("next_future", "FREQ=DAILY", "2026-11-01T14:00:00Z", "2026-11-11T14:00:00Z"),
        ("next_future", "FREQ=DAILY", "2026-11-01T15:00:00Z", "2026-11-10T15:00:00Z"),
        ("next_future", "FREQ=DAILY", "2026-11-01T15:00:00+02:00", "2026-11-11T15:00:00+02:00"),
        ("next_future", "FREQ=DAILY", "2026-11-01T17:00:00+02:00", "2026-11-10T17:00:00+02:00"),
        ("next_future", "FREQ=WEEKLY;BYDAY=MO", "2026-10-05", "2026-11-16"),
        ("next_future", "FREQ=HOURLY", "2026-11-01T09:30:00Z", "2026-11-10T14:30:00Z"),
        ("next_future", "FREQ=DAILY", "2026-12-24", "2026-12-25"),
        ("completion", "FREQ=DAILY;INTERVAL=3", "2026-11-01", "2026-11-13"),
        ("completion", "FREQ=DAILY;INTERVAL=3", "2026-11-01T09:00:00Z", "2026-11-13T09:00:00Z"),
        ("completion", "FREQ=DAILY", "2026-11-01T09:00:00+10:00", "2026-11-12T09:00:00+10:00"),
        ("completion", "FREQ=WEEKLY;BYDAY=MO", "2026-10-05", "2026-11-16"),
        ("completion", "FREQ=HOURLY;INTERVAL=5", "2026-11-01T09:30:00Z", "2026-11-10T19:23:11Z"),
        ("completion", "FREQ=DAILY;BYHOUR=8", "2026-11-01T08:00:00Z", "2026-11-11T08:00:00Z"),
        ("completion", "FREQ=DAILY;BYHOUR=8,20", "2026-11-01T08:30:00Z", "2026-11-10T20:30:00Z"),
        ("completion", "FREQ=DAILY;BYHOUR=14", "2026-11-01T14:30:00Z", "2026-11-10T14:30:00Z"),
        ("completion", "FREQ=DAILY;BYHOUR=14", "2026-11-01T14:20:00Z", "2026-11-11T14:20:00Z"),
        ("completion", "FREQ=DAILY;BYMINUTE=10,50", "2026-11-01T14:10:05Z", "2026-11-10T14:50:05Z"),
        ("completion", "FREQ=DAILY;INTERVAL=3;BYHOUR=8;BYMINUTE=0", "2026-11-01T08:00:09Z", "2026-11-13T08:00:09Z"),
        ("completion", "FREQ=HOURLY;BYMINUTE=15", "2026-11-01T09:15:00Z", "2026-11-10T15:15:11Z"),
        # Done early, the next is early too.
        ("completion", "FREQ=DAILY;INTERVAL=3", "2026-11-20", "2026-11-13"),
        ("completion", "FREQ=WEEKLY", None, "2026-11-17"),
        ("next_future", "FREQ=WEEKLY", None, "2026-11-17"),
    ],
)
def test_repeat_from_says_what_the_next_date_is_counted_from(
    repeat_from: str | None, rule: str, due: str | None, expected: str
) -> None:
    found = following(rule, due=due, repeat_from=repeat_from)
    assert (found["due"], found["repeat_from"]) == (expected, repeat_from)


@pytest.mark.parametrize(("repeat_from", "expected"), [("next_future", "2026-11-10"), ("completion", "2026-11-12")])
def test_the_reminder_keeps_its_distance_then_too(repeat_from: str, expected: str) -> None:
    rule = "FREQ=DAILY" if repeat_from == "next_future" else "FREQ=DAILY;INTERVAL=3"
    found = following(rule, due="2026-11-01", remind_at="2026-10-31", repeat_from=repeat_from)
    assert found["remind_at"] == expected


def test_a_date_past_until_ends_the_series_however_it_is_counted() -> None:
    todo = completed("FREQ=DAILY;UNTIL=20261110", due="2026-11-01", repeat_from="next_future")
    assert recurrence.next_occurrence(todo) is None


def test_the_next_is_an_open_copy_of_all_but_where_it_came_from() -> None:
    said = {
        "title": "Water",
        "notes": "n",
        "list": "home",
        "tags": ["a"],
        "priority": "high",
        "order": 1.5,
        "parent": "0197e1f0-0000-7000-8000-000000000009",
        "metadata": {"a": {"b": None}},
    }
    found = following("FREQ=DAILY", due="2026-12-01", source="jsonl:7", **said)
    assert found == {
        **said,
        "completed": False,
        "due": "2026-12-02",
        "remind_at": None,
        "repeat": "FREQ=DAILY",
        "repeat_from": None,
        "time_zone": None,
        "source": None,
    }
    assert content.validate(found) == found


def test_what_does_not_repeat_has_no_next() -> None:
    assert recurrence.next_occurrence(completed(None, due="2026-12-01")) is None


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("FREQ=DAILY", {"due": "9999-12-31"}),
        ("FREQ=DAILY", {"due": "9999-12-30T23:30:00-01:00"}),
        ("FREQ=WEEKLY", {"due": "2026-12-01", "remind_at": "9999-12-31"}),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", {"due": "2026-12-01"}),
        ("FREQ=MONTHLY;BYMONTH=2", {"due": "2026-01-30"}),
        ("FREQ=YEARLY;BYEASTER=1000", {"due": "2026-12-01"}),
        ("every Monday", {"due": "2026-12-01"}),
    ],
)
def test_a_rule_that_leads_nowhere_ends_there(rule: str, fields: dict[str, str]) -> None:
    """Completing the todo works all the same."""
    assert recurrence.next_occurrence(completed(rule, **fields)) is None


@pytest.mark.parametrize(
    ("rule", "due", "last"),
    [
        ("FREQ=DAILY", "9999-12-30", "9999-12-31"),
        ("FREQ=SECONDLY", "9999-12-31T23:59:58Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_where_the_dates_end_the_last_one_repeats_no_more(rule: str, due: str, last: str) -> None:
    """So that it, too, is a valid todo, which can be edited and completed."""
    found = following(rule, due=due)
    assert (found["due"], found["repeat"]) == (last, None)
    assert content.validate(found) == found


def test_what_is_counted_from_each_completion_keeps_no_day_of_the_first() -> None:
    found = following("FREQ=MONTHLY;SKIP=BACKWARD", repeat_from="completion", completed_at="2026-10-31T12:00:00.000Z")
    assert (found["due"], found["repeat"]) == ("2026-11-30", "FREQ=MONTHLY;SKIP=BACKWARD")
    found = following("FREQ=MONTHLY;SKIP=BACKWARD", completed_at="2026-10-31T12:00:00.000Z")
    assert (found["due"], found["repeat"]) == ("2026-11-30", "FREQ=MONTHLY;SKIP=BACKWARD;BYMONTHDAY=31")
