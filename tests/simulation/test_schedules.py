"""Whatever fails, and in whatever order: nothing lost, nothing doubled, nothing stuck.

A failing test names its seeds; ``python -m tests.simulation --seed N`` replays one.
"""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import REPEATING, run_seeds
from tests.simulation.mutants import FAILING_SELDOM_CALLS, OURS, UNDOING
from tests.support.thorough import many

SCHEDULES = many(1_000)
CHUNK = 100
# Those of undos, and those with more failures.
LONG_SCHEDULES = many(100)
LONG_CHUNK = 20

CHUNKS = [range(first, first + CHUNK) for first in range(0, SCHEDULES, CHUNK)]
LONG_CHUNKS = [range(first, first + LONG_CHUNK) for first in range(0, LONG_SCHEDULES, LONG_CHUNK)]


@pytest.mark.parametrize("seeds", CHUNKS, ids=lambda seeds: f"seeds {seeds.start} to {seeds.stop - 1}")
def test_no_schedule_ends_with_a_difference(seeds: range) -> None:
    wrong = run_seeds(OURS, seeds)
    assert not wrong, "\n".join(f"--seed {seed}: {differences}" for seed, differences in wrong)


@pytest.mark.parametrize("seeds", CHUNKS, ids=lambda seeds: f"seeds {seeds.start} to {seeds.stop - 1}")
def test_no_schedule_of_repeating_todos_does(seeds: range) -> None:
    wrong = run_seeds(REPEATING, seeds)
    assert not wrong, "\n".join(f"--repeating --seed {seed}: {differences}" for seed, differences in wrong)


@pytest.mark.parametrize("seeds", LONG_CHUNKS, ids=lambda seeds: f"seeds {seeds.start} to {seeds.stop - 1}")
def test_no_schedule_does_in_which_calls_that_are_seldom_made_fail(seeds: range) -> None:
    wrong = run_seeds(FAILING_SELDOM_CALLS, seeds)
    assert not wrong, "\n".join(f"--seldom --seed {seed}: {differences}" for seed, differences in wrong)


@pytest.mark.parametrize("seeds", LONG_CHUNKS, ids=lambda seeds: f"seeds {seeds.start} to {seeds.stop - 1}")
def test_no_schedule_of_undos_does(seeds: range) -> None:
    wrong = run_seeds(UNDOING, seeds)
    assert not wrong, "\n".join(f"--undoing --seed {seed}: {differences}" for seed, differences in wrong)


def test_a_seed_replays_its_schedule() -> None:
    from tests.simulation.schedule import Schedule
    from tests.simulation.seams import installed

    def played() -> tuple[int, list[str], list[str]]:
        with installed() as seat:
            schedule = Schedule(7, seat)
            schedule.run()
            world = schedule.world
            return world.scheduler.steps, [str(item) for item in world.records], [str(i) for i in world.view_items()]

    assert played() == played()
