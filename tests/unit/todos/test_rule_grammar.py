"""`repeat` keeps to the grammar of RFC 5545, section 3.3.10, and what it refuses it calls by its name."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

import icalendar
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from chalicelib.todos import recurrence
from chalicelib.todos.decide import Create, Patch
from tests.unit.scenarios import Stream, complaints, content_of


@pytest.mark.parametrize(
    ("rule", "detail"),
    [
        # Day 0 is every day to dateutil: a monthly rule that recurs daily.
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY must be numbers from 1 to 31 or -31 to -1, not 0"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,99", "BYMONTHDAY must be numbers from 1 to 31 or -31 to -1, not 15,99"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,0", "BYMONTHDAY must be numbers from 1 to 31 or -31 to -1, not 15,0"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,,2", "BYMONTHDAY must be numbers from 1 to 31 or -31 to -1, not 1,,2"),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", "BYMONTHDAY must be numbers from 1 to 31 or -31 to -1, not -32"),
        ("FREQ=YEARLY;BYYEARDAY=0", "BYYEARDAY must be numbers from 1 to 366 or -366 to -1, not 0"),
        ("FREQ=YEARLY;BYYEARDAY=1,367", "BYYEARDAY must be numbers from 1 to 366 or -366 to -1, not 1,367"),
        ("FREQ=YEARLY;BYWEEKNO=1,-54", "BYWEEKNO must be numbers from 1 to 53 or -53 to -1, not 1,-54"),
        ("FREQ=YEARLY;BYMONTH=13,1", "BYMONTH must be numbers from 1 to 12, not 13,1"),
        ("FREQ=YEARLY;BYMONTH=0,1", "BYMONTH must be numbers from 1 to 12, not 0,1"),
        ("FREQ=YEARLY;BYMONTH=-1,1", "BYMONTH must be numbers from 1 to 12, not -1,1"),
        ("FREQ=YEARLY;BYMONTH=001", "BYMONTH must be numbers from 1 to 12, not 001"),
        ("FREQ=YEARLY;BYMONTH=+1", "BYMONTH must be numbers from 1 to 12, not +1"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS must be numbers from 1 to 366 or -366 to -1, not 0"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,367", "BYSETPOS must be numbers from 1 to 366 or -366 to -1, not 1,367"),
        ("FREQ=DAILY;BYHOUR=9,24", "BYHOUR must be numbers from 0 to 23, not 9,24"),
        ("FREQ=HOURLY;BYMINUTE=0,60", "BYMINUTE must be numbers from 0 to 59, not 0,60"),
        ("FREQ=MINUTELY;BYSECOND=0,61", "BYSECOND must be numbers from 0 to 60, not 0,61"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY must be weekdays (MO), which a number"),
        ("FREQ=MONTHLY;BYDAY=1MO,54TU", "BYDAY must be weekdays (MO), which a number"),
        ("FREQ=WEEKLY;BYDAY=MO,", "BYDAY must be weekdays (MO), which a number"),
        ("FREQ=WEEKLY;BYDAY=MO;WKST=1SU", "WKST must be a weekday (MO), not 1SU"),
        ("FREQ=DAILY;INTERVAL=+2", "INTERVAL must be a whole number from 1, not +2"),
        ("FREQ=DAILY;COUNT=0", "COUNT must be a whole number from 1, not 0"),
        ("FREQ=DAILY;UNTIL=20260230", "UNTIL must be a date (20261231) or a date and time (20261231T235959Z), not"),
        ("FREQ=DAILY;UNTIL=20261231T240000Z", "UNTIL must be a date (20261231) or a date and time"),
        ("FREQ=FORTNIGHTLY", "FREQ must be one of YEARLY, MONTHLY,"),
        ("RSCALE=CHINESE;FREQ=YEARLY", "RSCALE must be GREGORIAN, not CHINESE"),
        ("FREQ=MONTHLY;SKIP=NEAREST", "SKIP must be one of OMIT, BACKWARD, FORWARD, not NEAREST"),
        ("BYDAY=MO", "FREQ is missing"),
        ("FREQ=DAILY;freq=DAILY", "FREQ stands twice"),
        ("FREQ=YEARLY;BYMONTH=1;BYMONTH=2", "BYMONTH stands twice"),
    ],
)
def test_a_part_holds_what_it_can_mean(rule: str, detail: str) -> None:
    found = complaints(repeat=rule, due="2026-12-01")
    assert list(found) == ["#/repeat"]
    assert detail in found["#/repeat"]


@pytest.mark.parametrize(
    ("rule", "detail"),
    [
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY must name weekdays without numbers with FREQ=WEEKLY"),
        ("FREQ=DAILY;BYDAY=TU,-1MO", "BYDAY must name weekdays without numbers with FREQ=DAILY"),
        ("FREQ=HOURLY;BYDAY=1MO", "BYDAY must name weekdays without numbers with FREQ=HOURLY"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "BYDAY must name weekdays without numbers with BYWEEKNO"),
        ("FREQ=WEEKLY;BYMONTHDAY=5", "BYMONTHDAY must not stand with FREQ=WEEKLY"),
        ("FREQ=DAILY;BYYEARDAY=100", "BYYEARDAY must not stand with FREQ=DAILY"),
        ("FREQ=WEEKLY;BYYEARDAY=100", "BYYEARDAY must not stand with FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYYEARDAY=100", "BYYEARDAY must not stand with FREQ=MONTHLY"),
        ("FREQ=MONTHLY;BYWEEKNO=20", "BYWEEKNO must not stand with FREQ=MONTHLY"),
        ("FREQ=SECONDLY;BYWEEKNO=20", "BYWEEKNO must not stand with FREQ=SECONDLY"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS must stand with another part that begins with BY"),
        ("FREQ=WEEKLY;WKST=SU;BYSETPOS=1", "BYSETPOS must stand with another part that begins with BY"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20301231", "UNTIL and COUNT must not stand together"),
        # dateutil's own.
        ("FREQ=WEEKLY;BYWEEKDAY=MO", "BYWEEKDAY is no part of a rule"),
        ("FREQ=YEARLY;BYEASTER=0", "BYEASTER is no part of a rule"),
        ("FREQ=DAILY;X-SKIP=1", "'X-SKIP=1' is not a NAME=VALUE"),
        # More than any week, month or year of the rule has.
        ("FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=3", "BYSETPOS names 3 of at most 2 in a period of FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYDAY=MO,-1FR;BYSETPOS=1,-7", "BYSETPOS names -7 of at most 6 in a period of FREQ=MONTHLY"),
        ("FREQ=YEARLY;BYMONTH=1,2;BYHOUR=1,2;BYSETPOS=5", "BYSETPOS names 5 of at most 4"),
        ("FREQ=HOURLY;BYDAY=MO;BYSETPOS=2", "BYSETPOS names 2 of at most 1"),
        ("FREQ=MINUTELY;BYSECOND=1,2,2;BYMINUTE=1,2;BYSETPOS=3", "BYSETPOS names 3 of at most 2"),
    ],
)
def test_parts_stand_together_only_as_the_rfc_has_it(rule: str, detail: str) -> None:
    found = complaints(repeat=rule, due="2026-12-01")
    assert list(found) == ["#/repeat"]
    assert detail in found["#/repeat"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;BYMONTHDAY=1,+15,-31,31",
        "FREQ=YEARLY;BYYEARDAY=1,366,-366",
        "FREQ=HOURLY;BYYEARDAY=100",
        "FREQ=YEARLY;BYWEEKNO=53,-53,01;BYDAY=MO",
        "FREQ=YEARLY;BYMONTH=01,12",
        "FREQ=YEARLY;BYDAY=+53MO,-53FR,1SU",
        "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=10,1,-1,1",
        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366",
        "FREQ=YEARLY;BYYEARDAY=1,2,3;BYHOUR=8,9;BYSETPOS=3",
        "FREQ=YEARLY;BYMONTHDAY=13;BYSETPOS=-12",
        "FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO,TU;BYSETPOS=4",
        "FREQ=HOURLY;BYMINUTE=0,30;BYSECOND=0,60;BYSETPOS=4",
        "FREQ=DAILY;BYHOUR=0,23;BYMINUTE=0,59;BYSECOND=0,60",
        "FREQ=DAILY;BYMONTHDAY=13;BYDAY=FR",
        "FREQ=SECONDLY;BYHOUR=0,9",
        "BYDAY=MO;WKST=SU;INTERVAL=007;FREQ=WEEKLY",
        "freq=weekly;byday=mo;until=20301231t000000z",
        "RSCALE=GREGORIAN;FREQ=DAILY;SKIP=OMIT",
        "rscale=gregorian;freq=monthly;skip=backward",
        "FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD",
        # The times of day are for a due date that has one; section 3.3.10 has them ignored where it has none.
        "FREQ=DAILY;BYHOUR=9",
    ],
)
@pytest.mark.parametrize("due", [None, "2026-12-01", "2026-12-01T09:00:00+01:00"])
def test_all_that_the_rfc_allows_is_kept_as_it_was_written(rule: str, due: str | None) -> None:
    assert content_of(repeat=rule, due=due)["repeat"] == rule


@pytest.mark.parametrize(
    ("rule", "next_due"), [("FREQ=DAILY;BYHOUR=9", "2026-12-02"), ("FREQ=WEEKLY;BYHOUR=0,9", "2026-12-08")]
)
def test_the_hours_of_a_rule_do_not_matter_to_a_date(rule: str, next_due: str) -> None:
    assert following_dates(rule, date(2026, 12, 1), 1) == [date.fromisoformat(next_due)]


def following_dates(rule: str, due: date, how_many: int) -> list[date]:
    """When the todo is due next, each time that it is completed."""
    dates: list[date] = []
    for _ in range(how_many):
        todo = Stream().after(Create(content_of(repeat=rule, due=due.isoformat())), Patch({"completed": True})).todo
        assert todo is not None
        found = recurrence.next_occurrence(todo)
        if found is None or found["repeat"] is None:
            break
        due = date.fromisoformat(found["due"])
        dates.append(due)
    return dates


WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def numbers(name: str, *values: int) -> st.SearchStrategy[str]:
    some = st.lists(st.sampled_from(values), min_size=1, max_size=3)
    return some.map(lambda chosen: f"{name}={','.join(map(str, chosen))}")


DAYS = st.builds(str.__add__, st.sampled_from(["", "", "1", "+2", "-1", "5", "0", "53"]), st.sampled_from(WEEKDAYS))
PARTS = st.one_of(
    numbers("BYMONTH", 0, 1, 2, 6, 12, 13),
    numbers("BYMONTHDAY", -32, -31, -1, 0, 1, 13, 30, 31, 32),
    numbers("BYYEARDAY", -367, -366, -1, 0, 1, 60, 366, 367),
    numbers("BYWEEKNO", -53, -1, 0, 1, 20, 53, 54),
    numbers("BYSETPOS", -1, 0, 1, 2),
    numbers("BYHOUR", 0, 9, 23, 24),
    numbers("INTERVAL", 0, 1, 2, 5),
    numbers("COUNT", 0, 9),
    st.lists(DAYS, min_size=1, max_size=3).map(lambda days: f"BYDAY={','.join(days)}"),
    st.sampled_from(["WKST=SU", "WKST=XX", "UNTIL=20301231", "UNTIL=20301231T0000", "BYEASTER=0", "BYWEEKDAY=MO"]),
)  # fmt: skip
RULES = st.builds(
    lambda frequency, parts: ";".join([f"FREQ={frequency}", *parts]),
    st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]),
    st.lists(PARTS, max_size=3, unique_by=lambda part: part.split("=")[0]),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(rule=RULES, due=st.dates(date(1970, 1, 1), date(2100, 12, 31)))
def test_an_accepted_rule_is_one_to_other_programs_and_gives_no_date_but_what_it_names(rule: str, due: date) -> None:
    assume(not complaints(repeat=rule, due=due.isoformat()))
    read = icalendar.vRecur.from_ical(rule)
    assert set(read.to_ical().decode().split(";")) == set(rule.split(";"))
    before = due
    for found in following_dates(rule, due, 3):
        assert found > before
        before = found
        assert found.month in read.get("BYMONTH", [found.month])
        days_of_month = monthrange(found.year, found.month)[1]
        assert {found.day, found.day - days_of_month - 1} & set(read.get("BYMONTHDAY", [found.day]))
        day_of_year, days_of_year = found.timetuple().tm_yday, date(found.year, 12, 31).timetuple().tm_yday
        assert {day_of_year, day_of_year - days_of_year - 1} & set(read.get("BYYEARDAY", [day_of_year]))
        if "BYDAY" in read:
            by_month = read["FREQ"] == ["MONTHLY"] or "BYMONTH" in read
            place, places = (found.day, days_of_month) if by_month else (day_of_year, days_of_year)
            weekday = WEEKDAYS[found.weekday()]
            named = {weekday, f"{(place - 1) // 7 + 1}{weekday}", f"-{(places - place) // 7 + 1}{weekday}"}
            assert named & {str(day).removeprefix("+") for day in read["BYDAY"]}
