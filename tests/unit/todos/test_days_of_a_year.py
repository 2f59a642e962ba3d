"""Which days of a year a rule names: those around Easter, and in months of weeks."""

from __future__ import annotations

from datetime import datetime

import pytest
from dateutil.easter import easter

from chalicelib.todos import recurrence, rule_days, rules
from chalicelib.todos.rule_days import Days, Work
from tests.unit.todos.recurring import completed

START = datetime.fromisoformat("2026-01-01")


def days(rule: str, year: int) -> list[int]:
    """The numbers of the days in a year, 1 January being 1."""
    return list(Days(rules.parse(rule), START, Work()).list_of_year(year))


def test_easter_is_where_another_implementation_has_it() -> None:
    assert [year for year in range(1583, 4100) if rule_days._easter(year) != easter(year)] == []


@pytest.mark.parametrize(
    ("year", "offset", "expected"),
    [
        (2027, 0, [87]),
        (2027, 278, [365]),
        (2027, 279, []),
        (2027, -86, [1]),
        (2027, -87, []),
        (2028, 0, [107]),
        (2028, 259, [366]),
        (2028, 260, []),
        (2028, -106, [1]),
        (2028, -107, []),
    ],
)
def test_a_day_so_far_from_easter_is_in_easters_year(year: int, offset: int, expected: list[int]) -> None:
    assert days(f"FREQ=YEARLY;BYEASTER={offset}", year) == expected


@pytest.mark.parametrize(
    ("rule", "due", "expected"),
    [
        # 27 December to 2 January is a week of both months; the next one with a day in them is at the end of January.
        ("FREQ=WEEKLY;BYMONTH=1;BYDAY=MO,SA", "2026-12-26", "2027-01-02"),
        ("FREQ=WEEKLY;BYMONTH=2;BYDAY=MO,SU", "2027-01-02", "2027-02-01"),
        ("FREQ=WEEKLY;BYMONTH=1;BYDAY=SU", "2027-01-31", "2028-01-02"),
        ("FREQ=WEEKLY;INTERVAL=2;BYMONTH=3;BYDAY=WE", "2027-01-06", "2027-03-03"),
        ("FREQ=WEEKLY;INTERVAL=3;BYMONTH=3;BYDAY=WE", "2027-01-06", "2027-03-10"),
        ("FREQ=WEEKLY;WKST=SU;INTERVAL=2;BYMONTH=5;BYDAY=SU", "2027-01-03", "2027-05-09"),
        ("FREQ=WEEKLY;BYMONTH=1,6;BYDAY=TU", "2027-01-26", "2027-06-01"),
        ("FREQ=WEEKLY;BYMONTH=6,12;BYDAY=FR", "2027-12-31", "2028-06-02"),
    ],
)
def test_weeks_are_looked_for_in_the_months_that_are_named(rule: str, due: str, expected: str) -> None:
    following = recurrence.next_occurrence(completed(rule, due=due))
    assert following is not None
    assert following["due"] == expected
