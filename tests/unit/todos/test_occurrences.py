"""The dates of rules: those that the RFCs name themselves, and where calendars are hard."""

from __future__ import annotations

from datetime import datetime

import pytest

from chalicelib.todos import occurrences, rules

SEPTEMBER_2 = "1997-09-02T09:00:00"


def following(rule: str, start: str, how_many: int, *, after: str | None = None) -> list[str]:
    """The occurrences after a time, without a time of 00:00."""
    parsed, begin = rules.parse(rule), datetime.fromisoformat(start)
    found, last = [], datetime.fromisoformat(after or start)
    for _ in range(how_many):
        occurrence = occurrences.first_after(parsed, begin, last)
        if occurrence is None:
            break
        found.append(occurrence.isoformat().removesuffix("T00:00:00"))
        last = occurrence
    return found


def days(*dates: str) -> list[str]:
    """Dates at 09:00; each may leave out the year or month that it shares with the one before."""
    full: list[str] = []
    for each in dates:
        before = full[-1] if full else ""
        full.append(before[: 10 - len(each)] + each)
    return [f"{each}T09:00:00" for each in full]


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=10", SEPTEMBER_2, days("1997-09-12", "22", "10-02", "12")),
        ("FREQ=YEARLY;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", "1998-01-30T09:00:00", days("1998-01-31", "1999-01-01")),
        ("FREQ=DAILY;BYMONTH=1", "1998-01-30T09:00:00", days("1998-01-31", "1999-01-01")),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", SEPTEMBER_2, days("1997-09-16", "30", "10-14", "28", "11-11")),
        ("FREQ=WEEKLY;WKST=SU;BYDAY=TU,TH", SEPTEMBER_2, days("1997-09-04", "09", "11", "16")),
        (
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,FR", "1997-09-01T09:00:00",
            days("1997-09-03", "05", "15", "17", "19", "29", "10-01", "03", "13"),
        ),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,TH", SEPTEMBER_2, days("1997-09-04", "16", "18", "30", "10-02")),
        ("FREQ=MONTHLY;BYDAY=1FR", "1997-09-05T09:00:00", days("1997-10-03", "11-07", "12-05", "1998-01-02")),
        (
            "FREQ=MONTHLY;INTERVAL=2;BYDAY=1SU,-1SU", "1997-09-07T09:00:00",
            days("1997-09-28", "11-02", "30", "1998-01-04", "25", "03-01", "29"),
        ),
        ("FREQ=MONTHLY;BYDAY=-2MO", "1997-09-22T09:00:00", days("1997-10-20", "11-17", "12-22", "1998-01-19")),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-3", "1997-09-28T09:00:00",
            days("1997-10-29", "11-28", "12-29", "1998-01-29", "02-26"),
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=2,15", SEPTEMBER_2, days("1997-09-15", "10-02", "15", "11-02")),
        ("FREQ=MONTHLY;BYMONTHDAY=1,-1", "1997-09-30T09:00:00", days("1997-10-01", "31", "11-01", "30", "12-01")),
        (
            "FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=10,11,12,13,14,15", "1997-09-10T09:00:00",
            days("1997-09-11", "12", "13", "14", "15", "1999-03-10", "11"),
        ),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", SEPTEMBER_2, days("1997-09-09", "16", "23", "30", "11-04", "11")),
        ("FREQ=YEARLY;BYMONTH=6,7", "1997-06-10T09:00:00", days("1997-07-10", "1998-06-10", "07-10")),
        (
            "FREQ=YEARLY;INTERVAL=2;BYMONTH=1,2,3", "1997-03-10T09:00:00",
            days("1999-01-10", "02-10", "03-10", "2001-01-10"),
        ),
        (
            "FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200", "1997-01-01T09:00:00",
            days("1997-04-10", "07-19", "2000-01-01", "04-09", "07-18", "2003-01-01", "04-10"),
        ),
        ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19T09:00:00", days("1998-05-18", "1999-05-17")),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-05-12T09:00:00", days("1998-05-11", "1999-05-17")),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1997-03-13T09:00:00", days("1997-03-20", "27", "1998-03-05", "12")),
        (
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", SEPTEMBER_2,
            days("1998-02-13", "03-13", "11-13", "1999-08-13", "2000-10-13"),
        ),
        (
            "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "1997-09-13T09:00:00",
            days("1997-10-11", "11-08", "12-13", "1998-01-10"),
        ),
        # The presidential election day of the United States.
        (
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "1996-11-05T09:00:00",
            days("2000-11-07", "2004-11-02"),
        ),
        ("FREQ=MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04T09:00:00", days("1997-10-07", "11-06")),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "1997-09-29T09:00:00",
            days("1997-10-30", "11-27", "12-30", "1998-01-29"),
        ),
        ("FREQ=HOURLY;INTERVAL=3", SEPTEMBER_2, ["1997-09-02T12:00:00", "1997-09-02T15:00:00"]),
        (
            "FREQ=MINUTELY;INTERVAL=90", SEPTEMBER_2,
            ["1997-09-02T10:30:00", "1997-09-02T12:00:00", "1997-09-02T13:30:00"],
        ),
        (
            "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", "1997-09-02T16:20:00",
            ["1997-09-02T16:40:00", "1997-09-03T09:00:00", "1997-09-03T09:20:00"],
        ),
        (
            "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", "1997-09-02T16:20:00",
            ["1997-09-02T16:40:00", "1997-09-03T09:00:00", "1997-09-03T09:20:00"],
        ),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO", "1997-08-05T09:00:00", days("1997-08-10", "19", "24")),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "1997-08-05T09:00:00", days("1997-08-17", "19", "31")),
        ("FREQ=MONTHLY;BYMONTHDAY=15,30", "2007-01-15T09:00:00", days("2007-01-30", "02-15", "03-15", "30")),
    ],
)  # fmt: skip
def test_the_examples_of_rfc_5545(rule: str, start: str, expected: list[str]) -> None:
    """Section 3.8.5.3, from where they become interesting."""
    assert following(rule, start, len(expected)) == expected


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("FREQ=MONTHLY;SKIP=OMIT", "2027-01-31", ["2027-03-31", "2027-05-31"]),
        ("FREQ=MONTHLY;SKIP=BACKWARD", "2027-01-31", ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        ("FREQ=MONTHLY;SKIP=FORWARD", "2027-01-31", ["2027-03-01", "2027-03-31", "2027-05-01", "2027-05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=29,30,31;SKIP=BACKWARD", "2027-01-31", ["2027-02-28", "2027-03-29", "2027-03-30"]),
        ("FREQ=YEARLY;SKIP=BACKWARD", "2024-02-29", ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("FREQ=YEARLY;SKIP=FORWARD", "2024-02-29", ["2025-03-01", "2026-03-01", "2027-03-01", "2028-02-29"]),
        # BYMONTH comes before SKIP, BYDAY after it.
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30;SKIP=FORWARD", "2027-01-01", ["2027-03-01", "2028-03-01"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=TU;SKIP=BACKWARD", "2027-01-01", ["2027-08-31", "2027-11-30", "2028-02-29"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-31;SKIP=FORWARD", "2027-01-01", ["2027-02-01", "2027-03-01", "2027-04-01"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-31;SKIP=BACKWARD", "2027-01-01", ["2027-01-31", "2027-03-01", "2027-03-31"]),
        ("FREQ=YEARLY;BYYEARDAY=366;SKIP=BACKWARD", "2024-12-31", ["2025-12-31", "2026-12-31"]),
        (
            "FREQ=YEARLY;BYYEARDAY=366;SKIP=FORWARD", "2024-12-31",
            ["2026-01-01", "2027-01-01", "2028-01-01", "2028-12-31"],
        ),
        # Two dates that SKIP makes one are one.
        ("FREQ=MONTHLY;BYMONTHDAY=30,31;BYSETPOS=-1;SKIP=BACKWARD", "2027-01-31", ["2027-02-28", "2027-03-31"]),
        # What only limits has no invalid dates.
        ("FREQ=DAILY;BYMONTHDAY=31;SKIP=BACKWARD", "2027-01-31", ["2027-03-31", "2027-05-31"]),
        # A number of a weekday is not a date.
        ("FREQ=MONTHLY;BYDAY=5MO;SKIP=BACKWARD", "2027-01-31", ["2027-03-29", "2027-05-31"]),
    ],
)  # fmt: skip
def test_rfc_7529_says_what_becomes_of_an_invalid_date(rule: str, start: str, expected: list[str]) -> None:
    assert following(rule, start, len(expected)) == expected


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        # Weeks of a year that lie in another, and that have the number 53.
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "2024-01-01", ["2024-12-30", "2025-12-29", "2027-01-04"]),
        ("FREQ=YEARLY;BYWEEKNO=53", "2021-01-01", ["2027-01-01", "2032-12-31", "2038-01-01"]),
        ("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU", "2026-01-01", ["2027-01-03", "2028-01-02", "2028-12-31"]),
        ("FREQ=YEARLY;BYWEEKNO=-53;BYDAY=MO", "2026-01-01", ["2031-12-29", "2036-12-29", "2042-12-29"]),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=SU;WKST=SU", "2024-01-01", ["2024-12-29", "2026-01-04", "2027-01-03"]),
        # Its set is the whole week, whose first workday is Monday in any year.
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "2024-01-01", ["2024-12-30", "2025-12-29"]),
        # Every second year from the week that a day in December belongs to.
        ("FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO", "2024-12-30", ["2027-01-04", "2029-01-01"]),
        (
            "FREQ=YEARLY;BYMONTH=12;BYWEEKNO=1;BYDAY=MO,TU,WE,TH,FR", "2024-01-01",
            ["2024-12-30", "2024-12-31", "2025-12-29"],
        ),
        # The month is not the start's: BYMONTHDAY names days of all of them, as BYDAY does.
        ("FREQ=YEARLY;BYMONTHDAY=13", "2026-12-13", ["2027-01-13", "2027-02-13"]),
        ("FREQ=YEARLY;BYMONTHDAY=-1;BYMONTH=2", "2026-12-13", ["2027-02-28", "2028-02-29"]),
        ("FREQ=YEARLY;BYYEARDAY=-366", "2026-12-13", ["2028-01-01", "2032-01-01"]),
        ("FREQ=YEARLY;BYDAY=53TH", "2026-12-13", ["2026-12-31", "2032-12-30"]),
        ("FREQ=YEARLY;BYMONTH=2;BYDAY=5TU,-5MO", "2024-01-01", ["2028-02-29", "2044-02-01"]),
        ("FREQ=YEARLY;BYYEARDAY=60,61;BYMONTHDAY=1", "2026-12-13", ["2027-03-01", "2028-03-01"]),
        # Leap days: 2100 has none.
        ("FREQ=YEARLY", "2096-02-29", ["2104-02-29", "2108-02-29"]),
        ("FREQ=MONTHLY;BYMONTHDAY=29;BYMONTH=2", "2096-02-29", ["2104-02-29"]),
        ("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=29", "2096-02-29T23:00:00", ["2104-02-29", "2104-02-29T01:00:00"]),
        ("FREQ=HOURLY;BYYEARDAY=-1;BYHOUR=9", "2026-12-13", ["2026-12-31T09:00:00", "2027-12-31T09:00:00"]),
        # Sets of an hour and a minute.
        (
            "FREQ=HOURLY;BYMINUTE=0,20,40;BYSETPOS=-1,2", "2026-12-13T09:15:00",
            ["2026-12-13T09:20:00", "2026-12-13T09:40:00"],
        ),
        (
            "FREQ=MINUTELY;BYSECOND=0,60;BYSETPOS=-1", "2026-12-13T09:15:00",
            ["2026-12-13T09:15:59", "2026-12-13T09:16:59"],
        ),
        (
            "FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0,30;BYSETPOS=-1", "2026-12-13",
            ["2026-12-13T17:30:00", "2026-12-14T17:30:00"],
        ),
        # An interval that is longer than a day, or leads through the hours of one.
        ("FREQ=MINUTELY;INTERVAL=1441;BYHOUR=9", "2026-12-13T08:58:00", ["2026-12-15T09:00:00", "2026-12-16T09:01:00"]),
        ("FREQ=HOURLY;INTERVAL=25;BYHOUR=0", "2026-12-13", ["2027-01-07", "2027-02-01"]),
        ("FREQ=SECONDLY;INTERVAL=7;BYHOUR=9;BYMINUTE=0", "2026-12-13T09:00:58", ["2026-12-14T09:00:03"]),
    ],
)  # fmt: skip
def test_where_calendars_are_hard(rule: str, start: str, expected: list[str]) -> None:
    assert following(rule, start, len(expected)) == expected


@pytest.mark.parametrize(
    ("rule", "after", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=3", "2026-12-31T12:00:00", "2027-01-03T09:00:00"),
        ("FREQ=DAILY", "2026-12-31T09:00:00", "2027-01-01T09:00:00"),
        ("FREQ=DAILY", "2026-12-31T08:59:59.999999", "2026-12-31T09:00:00"),
        ("FREQ=DAILY", "2020-01-01", "2026-11-11T09:00:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "2126-12-31", "2127-01-07T09:00:00"),
        ("FREQ=MONTHLY;INTERVAL=5;SKIP=BACKWARD", "2100-01-01", "2100-03-10T09:00:00"),
        ("FREQ=SECONDLY;INTERVAL=7", "9000-01-01", "9000-01-01T00:00:05"),
    ],
)
def test_the_next_after_any_time_keeps_the_rhythm(rule: str, after: str, expected: str) -> None:
    """A completion that is late: counted from the due date all the same."""
    assert following(rule, "2026-11-10T09:00:00", 1, after=after) == [expected]


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("FREQ=DAILY", "9999-12-30T09:00:00", ["9999-12-31T09:00:00"]),
        ("FREQ=SECONDLY", "9999-12-31T23:59:58", ["9999-12-31T23:59:59"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD", "9999-12-01", ["9999-12-31"]),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO,SU", "9998-12-28", ["9999-01-04", "9999-01-10"]),
        ("FREQ=YEARLY;BYDAY=FR", "9999-12-30", ["9999-12-31"]),
        ("FREQ=WEEKLY;BYDAY=FR,SA", "9999-12-30", ["9999-12-31"]),
        ("FREQ=WEEKLY;BYMONTH=1", "9999-12-30", []),
        ("FREQ=YEARLY;BYYEARDAY=366;SKIP=FORWARD", "9999-12-30", []),
        ("FREQ=DAILY", "0001-01-01", ["0001-01-02"]),
        ("FREQ=WEEKLY;WKST=SU;BYDAY=SU,SA", "0001-01-01", ["0001-01-06", "0001-01-07"]),
        ("FREQ=YEARLY;BYWEEKNO=-1,1;WKST=TH", "0001-01-01", ["0001-01-08", "0001-12-31"]),
        ("FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;WKST=FR", "0001-01-01", ["0003-01-06", "0005-01-03"]),
        ("FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=-31;SKIP=BACKWARD", "0001-01-01", ["0001-03-01"]),
    ],
)
def test_the_calendar_ends(rule: str, start: str, expected: list[str]) -> None:
    assert following(rule, start, 2)[: len(expected)] == expected


def test_a_todo_that_skip_has_moved_remembers_its_day() -> None:
    start = datetime(2027, 1, 31)  # noqa: DTZ001
    assert rules.anchored("FREQ=MONTHLY;SKIP=BACKWARD", start) == "FREQ=MONTHLY;SKIP=BACKWARD;BYMONTHDAY=31"


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("freq=monthly;skip=forward", "2027-01-30", "freq=monthly;skip=forward;BYMONTHDAY=30"),
        ("FREQ=YEARLY;SKIP=FORWARD", "2028-02-29", "FREQ=YEARLY;SKIP=FORWARD;BYMONTH=2;BYMONTHDAY=29"),
        ("FREQ=YEARLY;BYMONTH=1,2;SKIP=FORWARD", "2027-01-30", "FREQ=YEARLY;BYMONTH=1,2;SKIP=FORWARD;BYMONTHDAY=30"),
        # These cannot lose it.
        ("FREQ=MONTHLY;SKIP=BACKWARD", "2027-01-28", "FREQ=MONTHLY;SKIP=BACKWARD"),
        ("FREQ=MONTHLY;SKIP=OMIT", "2027-01-31", "FREQ=MONTHLY;SKIP=OMIT"),
        ("FREQ=MONTHLY", "2027-01-31", "FREQ=MONTHLY"),
        ("FREQ=YEARLY;SKIP=BACKWARD", "2027-01-31", "FREQ=YEARLY;SKIP=BACKWARD"),
        ("FREQ=MONTHLY;BYDAY=-1FR;SKIP=BACKWARD", "2027-01-29", "FREQ=MONTHLY;BYDAY=-1FR;SKIP=BACKWARD"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD", "2027-02-28", "FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD"),
        ("FREQ=YEARLY;BYYEARDAY=366;SKIP=BACKWARD", "2028-12-31", "FREQ=YEARLY;BYYEARDAY=366;SKIP=BACKWARD"),
        ("FREQ=WEEKLY;SKIP=BACKWARD", "2027-01-31", "FREQ=WEEKLY;SKIP=BACKWARD"),
    ],
)
def test_a_rule_names_its_day_only_where_skip_could_lose_it(rule: str, start: str, expected: str) -> None:
    anchored = rules.anchored(rule, datetime.fromisoformat(start))
    assert anchored == expected
    assert rules.anchored(anchored, datetime.fromisoformat(start)) == anchored


def test_there_is_room_for_the_day() -> None:
    rule = f"FREQ=YEARLY;SKIP=BACKWARD;BYHOUR={'09,' * 147}09"
    assert rules.rule_error(rule) is None
    assert len(rules.anchored(rule, datetime(2028, 2, 29))) == rules.MAX_LENGTH  # noqa: DTZ001
    assert "without BYMONTHDAY it may have 476 characters" in str(rules.rule_error(f"{rule},9"))
