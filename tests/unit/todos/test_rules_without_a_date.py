"""A rule is kept only if it has a next date, and that is found out soon."""

from __future__ import annotations

import pytest

from chalicelib.todos import recurrence, rules
from tests.unit.scenarios import complaints

HOURS = ",".join(map(str, range(24)))
MINUTES = ",".join(map(str, range(60)))
NEVER = [
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
    pytest.param("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", marks=pytest.mark.slow),
    "FREQ=HOURLY;BYMINUTE=30;BYSETPOS=2",
    "FREQ=SECONDLY;BYMINUTE=30;BYSETPOS=2",
    "FREQ=SECONDLY;BYHOUR=3;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=WEEKLY;INTERVAL=999999999999",
    "FREQ=SECONDLY;INTERVAL=99999999999999999999",
    f"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYSETPOS={','.join(['-366'] * 90)}",
]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many steps each search for a date has taken; dateutil alone takes as many as lead to the year 9999."""
    taken: list[int] = []

    class Counted(recurrence._CountedInterval):
        def _count(self) -> None:
            if not hasattr(self, "number"):
                self.number = len(taken)
                taken.append(0)
            taken[self.number] += 1
            super()._count()

    monkeypatch.setattr(recurrence, "_CountedInterval", Counted)
    return taken


def test_a_search_is_bounded_by_a_few_hundred_thousand_steps() -> None:
    """Each of them is quick: MAX_TIMES_OF_DAY bounds what there is to do in one."""
    assert max(recurrence.SEARCH_STEPS.values()) <= 300_000


@pytest.mark.parametrize("due", [None, "2026-12-31", "2026-12-31T23:59:59-01:00"])
@pytest.mark.parametrize("rule", NEVER)
def test_a_rule_without_any_date_is_refused_soon(rule: str, due: str | None, steps: list[int]) -> None:
    assert list(complaints(repeat=rule, due=due)) == ["#/repeat"]
    assert len(steps) <= 1
    assert sum(steps) <= recurrence.SEARCH_STEPS[rules.parse(rule).frequency] + 1


@pytest.mark.parametrize("due", [None, "2026-12-31", "2026-12-31T23:59:59-01:00"])
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY;UNTIL=99991231T235959Z",
        "FREQ=SECONDLY;BYHOUR=3",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
        f"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR={HOURS};BYMINUTE={MINUTES}",
    ],
)
def test_a_rule_that_takes_a_search_is_kept(rule: str, due: str | None, steps: list[int]) -> None:
    assert complaints(repeat=rule, due=due) == {}
    assert len(steps) <= 1


@pytest.mark.parametrize("rule", ["FREQ=DAILY;COUNT=1", "FREQ=DAILY;UNTIL=20200101"])
def test_a_rule_may_run_out(rule: str) -> None:
    """The last occurrence can still be edited."""
    assert complaints(repeat=rule, due="2026-12-01") == {}


def test_whether_there_is_a_next_date_depends_on_the_due_date() -> None:
    assert complaints(repeat="FREQ=MONTHLY;BYMONTH=2", due="2026-01-28") == {}
    assert complaints(repeat="FREQ=MONTHLY;BYMONTH=2", due="2026-01-30") == {
        "#/repeat": "has no next date within reach, counted from 2026-01-30"
    }


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
