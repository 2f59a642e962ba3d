"""A rule is kept only if it has a next date, and that is found out with bounded work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chalicelib.todos import occurrences, recurrence, rule_days, rules
from tests.unit.scenarios import complaints

pytestmark = pytest.mark.slow

HOURS = ",".join(map(str, range(24)))
MINUTES = ",".join(map(str, range(60)))
WEEK = "MO,TU,WE,TH,FR,SA,SU"
NEVER = [
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY;BYMINUTE=30;BYSETPOS=2",
    "FREQ=SECONDLY;BYMINUTE=30;BYSETPOS=2",
    "FREQ=SECONDLY;BYHOUR=3;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=WEEKLY;INTERVAL=999999999999",
    "FREQ=SECONDLY;INTERVAL=99999999999999999999",
    f"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYSETPOS={','.join(['-366'] * 90)}",
    # INTERVAL, which leads to the same second of each minute only, or to the same weekday only.
    "FREQ=SECONDLY;INTERVAL=60;BYSECOND=1,2",
    "FREQ=WEEKLY;BYMONTH=1;INTERVAL=20871000",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
    "FREQ=YEARLY;BYYEARDAY=100;BYMONTH=1",
    "FREQ=MONTHLY;BYDAY=1MO,1TU,2MO,5FR;BYMONTHDAY=10,11,12;BYSETPOS=3",
]
# Each takes one of the searches as far as it goes.
LONG = [
    "FREQ=DAILY;INTERVAL=14;BYDAY=MO",
    "FREQ=DAILY;INTERVAL=35;BYDAY=MO",
    "FREQ=HOURLY;INTERVAL=49;BYHOUR=3;BYDAY=TU",
    "FREQ=HOURLY;INTERVAL=840;BYDAY=MO",
    "FREQ=MINUTELY;INTERVAL=43201;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=SECONDLY;INTERVAL=7;BYHOUR=3;BYMINUTE=0;BYSECOND=0;BYDAY=MO",
    "FREQ=SECONDLY;INTERVAL=86399;BYHOUR=3;BYMINUTE=0;BYSECOND=0",
    "FREQ=SECONDLY;INTERVAL=604800;BYDAY=MO",
    "FREQ=WEEKLY;INTERVAL=773;BYMONTH=6;BYDAY=MO,TU;BYSETPOS=2",
    f"FREQ=HOURLY;BYDAY={WEEK};BYSETPOS=1{',1' * 200}",
    f"FREQ=YEARLY;BYDAY=53MO;BYYEARDAY=2;BYHOUR={HOURS};BYSETPOS={','.join(map(str, range(1, 25)))}",
]
DUES = [None, "2026-12-31", "2026-12-31T23:59:59-01:00"]
# What a trace of an evaluation may count for each unit of work: lines of Python that are run.
LINES_FOR_A_UNIT = 12


@pytest.fixture
def spent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What each search for a date has cost."""
    searches: list[int] = []
    spend = rule_days.Work.spend

    class Counted(rule_days.Work):
        def __init__(self, left: int = rule_days.MAX_WORK) -> None:
            super().__init__(left)
            self.number = len(searches)
            searches.append(0)

        def spend(self, units: int) -> None:
            searches[self.number] += units
            spend(self, units)

    monkeypatch.setattr(rule_days, "Work", Counted)
    return searches


def lines_run(call: Callable[[], object]) -> int:
    """How many lines of the package are run."""
    lines = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal lines
        if "chalicelib" not in frame.f_code.co_filename:
            return None
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("due", DUES)
@pytest.mark.parametrize("rule", NEVER)
def test_a_rule_without_any_date_is_refused_within_bounds(rule: str, due: str | None, spent: list[int]) -> None:
    assert list(complaints(repeat=rule, due=due)) == ["#/repeat"]
    assert len(spent) <= 1
    assert sum(spent) <= rule_days.MAX_WORK


@pytest.mark.parametrize("due", DUES)
@pytest.mark.parametrize("rule", LONG)
def test_no_search_goes_beyond_its_bound(rule: str, due: str | None, spent: list[int]) -> None:
    rules.parse.cache_clear()
    lines = lines_run(lambda: complaints(repeat=rule, due=due))
    assert len(spent) <= 1
    # The last step is refused before it is done. A year is looked at as a whole.
    assert sum(spent) <= rule_days.MAX_WORK + 366
    assert lines <= LINES_FOR_A_UNIT * sum(spent) + 5_000


@pytest.mark.parametrize("due", DUES)
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY;UNTIL=99991231T235959Z",
        "FREQ=SECONDLY;BYHOUR=3",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
        f"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR={HOURS};BYMINUTE={MINUTES}",
        # What it takes a step at a time is not within reach that way.
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
        "FREQ=MINUTELY;INTERVAL=1441;BYHOUR=3;BYMINUTE=7;BYMONTH=2;BYMONTHDAY=29",
    ],
)
def test_a_rule_that_takes_a_search_is_kept(rule: str, due: str | None, spent: list[int]) -> None:
    assert complaints(repeat=rule, due=due) == {}
    assert len(spent) <= 1


PARTS = ["BYSECOND", "BYMINUTE", "BYHOUR", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS"]
NUMBERS = st.sampled_from([*range(-31, 32), 52, 53, -52, -53, 59, 60, 100, 200, 365, 366, -365, -366]).map(str)
WEEKDAYS = st.builds("{}{}".format, st.sampled_from(["", 1, 2, -1, 5, -5, 53, -53]), st.sampled_from(WEEK.split(",")))
LISTS = st.one_of(
    st.builds("{}={}".format, st.sampled_from(PARTS), st.lists(NUMBERS, min_size=1, max_size=120).map(",".join)),
    st.lists(WEEKDAYS, min_size=1, max_size=100).map(lambda days: f"BYDAY={','.join(days)}"),
    st.integers(1, 10**6).map("INTERVAL={}".format),
    st.sampled_from(["WKST=SU", "SKIP=FORWARD", "SKIP=BACKWARD", "BYDAY=MO", "BYMONTH=2", "BYMONTHDAY=30", "BYHOUR=3"]),
)
ANY_RULE = st.builds(
    lambda frequency, parts: ";".join([f"FREQ={frequency}", *parts])[: rules.MAX_LENGTH].rstrip(",-;="),
    st.sampled_from(rules.FREQUENCIES),
    st.lists(LISTS, max_size=6, unique_by=lambda part: part.split("=")[0]),
)
ANY_TEXT = st.text("ABCDEFGHIKLMNOPQRSTUWXYZ0123456789=;,+-", max_size=rules.MAX_LENGTH)
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@patiently
@given(rule=ANY_RULE | ANY_TEXT, due=st.sampled_from(DUES))
@example(rule=f"FREQ=HOURLY;BYDAY={WEEK};BYSETPOS=2{',2' * 220}", due="2026-12-01T09:00:00Z")
def test_any_text_is_refused_or_evaluated_with_bounded_work(rule: str, due: str | None, spent: list[int]) -> None:
    spent.clear()
    found = complaints(repeat=rule, due=due)
    assert set(found) <= {"#/repeat"}
    assert sum(spent) <= rule_days.MAX_WORK + 366
    if not found:
        assert recurrence.goes_on(rule, due)


@patiently
@given(rule=ANY_RULE)
def test_a_part_names_each_value_once(rule: str) -> None:
    """So that a list is no longer than what it chooses from."""
    try:
        parsed = rules.parse(rule)
    except ValueError:
        return
    for numbers in parsed.numbers.values():
        assert list(numbers) == sorted(set(numbers))
    assert list(parsed.weekdays) == sorted(set(parsed.weekdays))


@pytest.mark.parametrize("length", [rules.MAX_LENGTH + 1, 4_000_000])
def test_what_is_too_long_is_not_even_read(length: int) -> None:
    rule = ("FREQ=DAILY;BYDAY=" + "MO," * length)[: length - 2] + "MO"
    assert lines_run(lambda: rules.rule_error(rule)) < 20
    assert f"{len(rule)} characters where 500 are allowed" in str(rules.rule_error(rule))


@pytest.mark.parametrize("rule", ["FREQ=DAILY;COUNT=1", "FREQ=DAILY;UNTIL=20200101"])
def test_a_rule_may_run_out(rule: str) -> None:
    """The last occurrence can still be edited."""
    assert complaints(repeat=rule, due="2026-12-01") == {}


def test_whether_there_is_a_next_date_depends_on_the_due_date() -> None:
    assert complaints(repeat="FREQ=MONTHLY;BYMONTH=2", due="2026-01-28") == {}
    assert complaints(repeat="FREQ=MONTHLY;BYMONTH=2", due="2026-01-30") == {
        "#/repeat": "has no next date within reach, counted from 2026-01-30"
    }


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2072-02-29", "2112-02-29"),
        ("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2072-02-29T23:59:59", "2112-02-29"),
        ("FREQ=YEARLY;INTERVAL=100;BYMONTH=2;BYMONTHDAY=29", "2100-01-01", "2400-02-29"),
        ("FREQ=WEEKLY;INTERVAL=52;BYMONTH=1", "2026-07-29", "2170-01-31"),
        ("FREQ=DAILY;INTERVAL=1461;BYMONTH=2;BYMONTHDAY=28", "2026-07-01", "9999-12-31"),
        ("FREQ=HOURLY;INTERVAL=876600;BYHOUR=3", "2026-07-01T03:00:00", "2126-07-02T03:00:00"),
    ],
)
def test_a_search_reaches_a_hundred_years_and_longer_intervals_further(rule: str, start: str, expected: str) -> None:
    begin = datetime.fromisoformat(start)
    found = occurrences.first_after(rules.parse(rule), begin, begin)
    assert found == (None if expected == "9999-12-31" else datetime.fromisoformat(expected))


def test_a_bad_due_date_is_told_of_first() -> None:
    assert list(complaints(repeat="FREQ=DAILY", due="soon")) == ["#/due"]


@pytest.mark.parametrize(
    "rule",
    [
        f"FREQ=YEARLY;BYHOUR={HOURS};BYMINUTE={MINUTES};BYSECOND=0,30",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;UNTIL=20261301",
        "FREQ=DAILY;UNTIL=2026-12-01",
        "FREQ=DAILY;UNTIL=20261201T0900Z",
        "FREQ=DAILY EXDATE:20261201",
        "DTSTART:20261201 RRULE:FREQ=DAILY",
        "FREQ=DAILY;BYDAY=MO(+1)",
        "FREQ=DAILY;BYHOUR=99",
        "FREQ=DAILY;BYHOUR=99999999999999999999",
        "ſREQ=DAILY",
        "FREQ=DAILY;",
    ],
)
def test_what_is_no_rule_is_refused(rule: str) -> None:
    assert list(complaints(repeat=rule, due="2026-12-01")) == ["#/repeat"]
