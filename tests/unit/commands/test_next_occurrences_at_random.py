"""Repeating todos under random schedules: a quick part of what `python -m tests.simulation --repeating` runs."""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import REPEATING, run_seeds
from tests.simulation.repeating_mutants import MUTANTS
from tests.support.thorough import many

SEEDS = range(20_000, 20_000 + many(100))

pytestmark = pytest.mark.slow


def test_no_schedule_ends_with_a_difference() -> None:
    assert run_seeds(REPEATING, SEEDS) == []


@pytest.mark.parametrize("name", ["an id from the date", "only completions and reopenings act", "never taken back"])
def test_a_simpler_rule_is_caught(name: str) -> None:
    (mutant,) = [each for each in MUTANTS if each.name == name]
    assert run_seeds(mutant, range(mutant.found_within)) != []
