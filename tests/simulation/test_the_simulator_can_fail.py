"""Each way that is not enough is caught: a simulator that cannot fail would prove nothing."""

from __future__ import annotations

import pytest

from tests.simulation import repeating_mutants
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.seams import installed


@pytest.mark.parametrize("mutant", [*MUTANTS, *repeating_mutants.MUTANTS], ids=lambda mutant: mutant.name)
def test_the_simulator_catches(mutant: Mutant) -> None:
    with installed() as seat:
        for seed in range(mutant.found_within):
            differences = mutant.schedule(seed, seat)
            if differences:
                assert all(any(sign in line for sign in mutant.signs) for line in differences), differences
                return
    pytest.fail(f"not caught within {mutant.found_within} schedules")
