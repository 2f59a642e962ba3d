"""Ids of next occurrences as they were made before: the same still, whatever a rule is found to mean by now."""

from __future__ import annotations

import pytest

from chalicelib.todos import earlier_ids, ids
from chalicelib.todos.earlier_ids import MAX_STEPS, OutOfSteps, Steps
from chalicelib.todos.ids import Owner
from tests.unit.todos.recurring import COMPLETED_AT, completed

PARTITION = ids.partition_of(Owner("al#ice"))
TODO_ID = "0197e1f0-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("repeat", "due", "instant"),
    [
        ("FREQ=WEEKLY", "2026-12-01", "2026-12-08T00:00:00.000000Z"),
        ("FREQ=WEEKLY;COUNT=2", "2026-12-01T09:00:00+01:00", "2026-12-08T08:00:00.000000Z"),
        ("freq=daily;interval=2;until=20270101", "2026-12-01T09:00:00.5Z", "2026-12-03T09:00:00.500000Z"),
        ("FREQ=WEEKLY", None, "2026-11-17T00:00:00.000000Z"),
        ("FREQ=HOURLY", None, "2026-11-10T15:23:11.000000Z"),
        ("FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9", "2026-12-01", "2026-12-07T00:00:00.000000Z"),
        ("FREQ=MINUTELY;BYSECOND=60", "2026-12-01T09:00:00Z", "2026-12-01T09:00:59.000000Z"),
        # Where dateutil is wrong: RFC 5545 has 13 January.
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", "2027-01-06", "2027-01-08T00:00:00.000000Z"),
    ],
)
def test_it_is_the_id_of_the_date_that_was_found_then(repeat: str, due: str | None, instant: str) -> None:
    found = earlier_ids.id_of_next(PARTITION, TODO_ID, completed(repeat, due=due), Steps())
    assert found == earlier_ids.id_for_occurrence(PARTITION, TODO_ID, instant)


def test_ids_are_derived_as_they_were() -> None:
    found = earlier_ids.id_for_occurrence(PARTITION, TODO_ID, "2026-12-08T00:00:00.000000Z")
    assert found == "679082ae-f0b9-5c6d-8af7-fa3f4345df60"


@pytest.mark.parametrize(
    ("repeat", "due"),
    [
        ("FREQ=MONTHLY;BYDAY=MO,-1WE", "2026-12-01"),
        ("no rule", "2026-12-01"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-12-01"),
        ("FREQ=DAILY", "9999-12-31"),
        (
            f"FREQ=SECONDLY;BYSECOND={','.join(map(str, range(60)))};BYMINUTE={','.join(map(str, range(60)))}",
            "2026-12-01",
        ),
        (None, "2026-12-01"),
    ],
)
def test_what_had_no_next_date_had_no_id(repeat: str | None, due: str) -> None:
    assert earlier_ids.id_of_next(PARTITION, TODO_ID, completed(repeat, due=due), Steps()) is None


def test_an_open_todo_has_made_none() -> None:
    assert COMPLETED_AT
    assert earlier_ids.id_of_next(PARTITION, TODO_ID, completed("FREQ=DAILY", completed_at=None), Steps()) is None


def test_the_searches_of_one_command_are_bounded_together() -> None:
    steps = Steps()
    never = completed("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", due="2026-12-01T09:00:00Z")
    assert earlier_ids.id_of_next(PARTITION, TODO_ID, never, steps) is None
    daily = completed("FREQ=DAILY", due="2026-12-01")
    assert earlier_ids.id_of_next(PARTITION, TODO_ID, daily, steps) is None
    assert earlier_ids.id_of_next(PARTITION, TODO_ID, daily, Steps()) is not None


def test_a_value_that_a_rule_repeats_is_looked_at_once() -> None:
    repeated = completed("FREQ=HOURLY;BYSETPOS=" + ",".join(["1"] * 200), due="2026-12-01T09:00:00Z")
    once = completed("FREQ=HOURLY;BYSETPOS=1", due="2026-12-01T09:00:00Z")
    found, plain = (earlier_ids.id_of_next(PARTITION, TODO_ID, each, Steps()) for each in (repeated, once))
    assert found == plain is not None


def test_a_step_too_many_is_refused() -> None:
    steps = Steps()
    for _ in range(MAX_STEPS):
        steps.count()
    with pytest.raises(OutOfSteps):
        steps.count()
