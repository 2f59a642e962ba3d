"""The dates of random rules are those that brute force finds; `random_rules` runs as many as wanted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

import pytest

from chalicelib.todos import occurrences, rule_days, rule_sets, rules
from tests.unit.todos import random_rules
from tests.unit.todos.brute_force import BruteForce

pytestmark = pytest.mark.slow

# Days and units that brute force looks at for each rule: of many rules, and of few.
STEPS, MORE_STEPS = 1_000, 2_000


@pytest.mark.parametrize("seed", range(20))
def test_five_thousand_random_rules_have_the_dates_that_brute_force_finds(seed: int) -> None:
    found, kinds = random_rules.differences(seed, 250, STEPS)
    assert found == []
    assert kinds["with an occurrence"] > 150


@pytest.mark.parametrize("seed", range(10))
def test_each_occurrence_may_be_the_start_of_the_following_ones(seed: int) -> None:
    """As it is here: the due date of the next todo is what its rule is counted from."""
    drawn = random_rules.cases(Random(1_000 + seed))
    for _ in range(20):
        rule, start, _ = next(drawn)
        for _ in range(4):
            wrong, _ = random_rules.difference(rule, start, start, STEPS)
            assert wrong is None
            following = occurrences.first_after(rules.parse(rule), start, start)
            if following is None:
                break
            start = following


def first_week_by_monday(self: Any, year: int) -> int:
    first = rule_days.first_day_of(year)
    days_before = (first - 1) % 7
    return first - days_before + (7 if days_before > 3 else 0)


def cut_off_before_the_bound(self: Any, before: int, days: int, bound: datetime) -> datetime | None:
    place = max(bound.toordinal() - before, 0)
    found: datetime | None = FIRST_AFTER(self, before, days >> place << place, bound)
    return found


FIRST_AFTER = rule_sets.DatesAndTimes.first_after
NUMBERED, IN_WEEK, FROM = rule_days._numbered, rule_days._in_week, occurrences._Units._from
MUTANTS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "weeks begin on Monday": (rule_days.Days, "_first_week", first_week_by_monday),
    "a set is cut off": (rule_sets.DatesAndTimes, "first_after", cut_off_before_the_bound),
    "every fourth year is a leap year": (rule_days, "is_leap_year", lambda year: year % 4 == 0),
    "SKIP is ignored": (rule_days, "_numbered", lambda numbers, length, _: NUMBERED(numbers, length, "OMIT")),
    "INTERVAL counts from the calendar's": (
        occurrences._Intervals, "_origin", lambda self: self._interval_of(self._start),
    ),
    "the last weekday is the last but one": (
        rule_days, "_in_week", lambda ordinal, length, weeks: IN_WEEK(ordinal - (ordinal < 0), length, weeks),
    ),
    "INTERVAL does not limit shorter units": (
        occurrences._Units, "_from", lambda self, unit: (found := FROM(self, unit)) and max(found - 1, unit),
    ),
}  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS)
def test_wrong_dates_are_found(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, wrong = MUTANTS[mutant]
    monkeypatch.setattr(owner, name, wrong)
    found = (random_rules.differences(seed, 100, MORE_STEPS)[0] for seed in range(2_000, 2_030))
    assert any(found)


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", "2027-01-06", "2027-01-13"),
        ("FREQ=MONTHLY;BYDAY=MO,-1WE", "2027-01-25", "2027-01-27"),
        ("FREQ=YEARLY;BYWEEKNO=20", "2027-05-19", "2028-05-17"),
        ("FREQ=MONTHLY;SKIP=BACKWARD", "2027-01-31", "2027-02-28"),
        ("FREQ=YEARLY;SKIP=FORWARD", "2024-02-29", "2025-03-01"),
        ("FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO", "2024-12-30", "2027-01-04"),
    ],
)
def test_brute_force_itself_finds_what_is_known(rule: str, start: str, expected: str) -> None:
    begin = datetime.fromisoformat(start)
    found = BruteForce(rule, begin, MORE_STEPS).first_after(begin)
    assert found.occurrence == datetime.fromisoformat(expected)
