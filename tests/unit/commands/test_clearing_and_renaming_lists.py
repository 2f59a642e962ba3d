"""Schedules of clients that clear and rename lists, in the simulator: a part of what `tests/simulation` runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.mutants import MUTANTS, OURS, WITH_LISTS, Mutant
from tests.simulation.seams import installed
from tests.support.thorough import many

SCHEDULES = many(100)
# Those that a few schedules catch.
SOON = 200
OF_LISTS = [mutant for mutant in MUTANTS if mutant.always == WITH_LISTS and mutant.found_within <= SOON]

pytestmark = pytest.mark.slow


def test_no_list_is_cleared_or_renamed_of_what_was_not_meant() -> None:
    lists = replace(OURS, always=WITH_LISTS)
    with installed() as seat:
        wrong = {seed: differences for seed in range(SCHEDULES) if (differences := lists.schedule(seed, seat))}
    assert wrong == {}


@pytest.mark.parametrize("mutant", OF_LISTS, ids=lambda mutant: mutant.name)
def test_a_way_that_is_not_enough_is_caught(mutant: Mutant) -> None:
    with installed() as seat:
        found = next(filter(None, (mutant.schedule(seed, seat) for seed in range(mutant.found_within))), [])
    assert found
    assert all(any(sign in line for sign in mutant.signs) for line in found), found
