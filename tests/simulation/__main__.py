"""`python -m tests.simulation`: replay a seed, run many schedules on every core, or compare with what is not enough."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.simulation import repeating_mutants
from tests.simulation.emulated import play_on_the_emulator
from tests.simulation.faults import Site
from tests.simulation.game import FULL, play_in_memory
from tests.simulation.hits import least_hit, table_of_hits, torn_reads
from tests.simulation.mutants import FAILING_SELDOM_CALLS, MUTANTS, OURS, UNDOING, Mutant
from tests.simulation.seams import Seat, installed
from tests.simulation.units import BATCH, table

CHUNK = 250
COMPARED = 1000
REPEATING = repeating_mutants.OURS
ALL = (OURS, *MUTANTS, REPEATING, *repeating_mutants.MUTANTS, UNDOING, FAILING_SELDOM_CALLS)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay this schedule and print what the audit finds")
    parser.add_argument("--schedules", type=int, default=100_000, help="run so many, on every core")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--minutes", type=float, help="begin none after so many minutes")
    parser.add_argument("--processes", type=int, help="how many work at once, by default one on each core")
    parser.add_argument("--compare", action="store_true", help=f"run {COMPARED} schedules of each mutant, and of ours")
    parser.add_argument("--repeating", action="store_true", help="schedules of repeating todos alone")
    parser.add_argument("--undoing", action="store_true", help="schedules in which operations are undone alone")
    parser.add_argument("--seldom", action="store_true", help="schedules in which calls seldom made fail often")
    parser.add_argument("--game", action="store_true", help="play the aggregation game in full")
    parser.add_argument("--engine", choices=("memory", "emulator"), default="memory", help="what to play it on")
    arguments = parser.parse_args()
    if arguments.game:
        return _play(arguments.engine)
    ours = _chosen(arguments)
    if arguments.seed is not None:
        differences = run_seed(ours, arguments.seed)
        print("\n".join(differences) or f"seed {arguments.seed}: no difference")
        return bool(differences)
    if arguments.compare:
        _compare()
        return 0
    seconds = None if arguments.minutes is None else arguments.minutes * 60
    return _run_many(ours, arguments.first, arguments.schedules, seconds, arguments.processes)


def _chosen(arguments: argparse.Namespace) -> Mutant:
    if arguments.repeating:
        return REPEATING
    if arguments.undoing:
        return UNDOING
    return FAILING_SELDOM_CALLS if arguments.seldom else OURS


def _play(engine: str) -> int:
    print(f"the aggregation game: {FULL.todos:,} todos, {FULL.commands:,} commands, engine: {engine}", flush=True)
    if engine == "emulator":
        with tempfile.TemporaryDirectory() as directory:
            played = play_on_the_emulator(FULL, Path(directory), progress=_say_now_and_then)
    else:
        played = play_in_memory(FULL)
    print("\n".join(played.differences) or "no difference")
    print(
        f"{played.events:,} events, {played.handler_calls:,} handler calls, {played.crashes:,} of them crashed,"
        f" {played.seconds:.0f} s"
    )
    return bool(played.differences)


def _say_now_and_then(commands: int) -> None:
    if commands % (FULL.commands // 10) == 0:
        print(f"{commands:,} commands", flush=True)


def _compare() -> None:
    for mutant in ALL:
        wrong = [seed for seed, _ in _failures(mutant, 0, COMPARED)]
        first = f", the first with seed {min(wrong)}" if wrong else ""
        print(f"{mutant.name}: wrong in {len(wrong)} of {COMPARED} schedules{first}", flush=True)
    print(f"\nwrite units for one event: alone, and in a batch of {BATCH} of one owner")
    for what, alone, in_a_batch in table():
        print(f"{what}: {alone:.1f}, {in_a_batch:.2f}")


def run_seed(mutant: Mutant, seed: int) -> list[str]:
    """What is wrong at the end of one schedule; a crash of the simulated code itself counts as such."""
    with installed() as seat:
        return _differences(mutant, seed, seat)


def _differences(mutant: Mutant, seed: int, seat: Seat) -> list[str]:
    try:
        return mutant.schedule(seed, seat)
    except AssertionError as error:
        return [f"AssertionError: {error}"]
    except Exception as error:
        if mutant not in (OURS, REPEATING, UNDOING, FAILING_SELDOM_CALLS):
            raise
        return [f"{type(error).__name__}: {error}"]


def run_seeds(mutant: Mutant, seeds: range) -> list[tuple[int, list[str]]]:
    """The seeds whose schedules end with differences, and these."""
    return _run_chunk((ALL.index(mutant), seeds)).failures


@dataclass(frozen=True)
class _Chunk:
    schedules: int
    failures: list[tuple[int, list[str]]]
    hits: Counter[Site]
    cpu_seconds: float


def _run_chunk(work: tuple[int, range]) -> _Chunk:
    number, seeds = work
    began = time.process_time()
    with installed() as seat:
        found = [(seed, _differences(ALL[number], seed, seat)) for seed in seeds]
    failures = [(seed, differences) for seed, differences in found if differences]
    return _Chunk(len(seeds), failures, seat.hits, time.process_time() - began)


def _chunks(mutant: Mutant, first: int, count: int) -> Iterator[tuple[int, range]]:
    for start in range(first, first + count, CHUNK):
        yield ALL.index(mutant), range(start, min(start + CHUNK, first + count))


def _failures(mutant: Mutant, first: int, count: int) -> list[tuple[int, list[str]]]:
    with multiprocessing.Pool() as pool:
        done = pool.imap_unordered(_run_chunk, _chunks(mutant, first, count))
        return [failure for chunk in done for failure in chunk.failures]


def _run_many(ours: Mutant, first: int, count: int, seconds: float | None, processes: int | None) -> int:
    began, done, cpu_seconds = time.monotonic(), 0, 0.0
    wrong: list[int] = []
    hits: Counter[Site] = Counter()
    with multiprocessing.Pool(processes) as pool:
        for chunk in pool.imap_unordered(_run_chunk, _chunks(ours, first, count)):
            done += chunk.schedules
            cpu_seconds += chunk.cpu_seconds
            hits.update(chunk.hits)
            for seed, differences in chunk.failures:
                wrong.append(seed)
                print(f"\nseed {seed}: {differences[0]}", flush=True)
            took = time.monotonic() - began
            line = f"{done:,} of {count:,} schedules, {len(wrong)} wrong, {done / took:.0f} each second"
            print(f"\r{line}" if sys.stdout.isatty() else line, end="" if sys.stdout.isatty() else "\n", flush=True)
            if seconds is not None and took > seconds:
                break
    torn = torn_reads(hits)
    faults = hits.total() - torn
    print(f"\n\n{table_of_hits(hits)}\n\n{least_hit(hits)}")
    print(f"{done:,} schedules with {faults:,} faults and {torn:,} torn reads, {len(wrong)} wrong")
    hour = 3600 / cpu_seconds
    print(f"an hour of one core: {done * hour:,.0f} schedules with {faults * hour:,.0f} faults")
    if wrong:
        print(f"wrong: seeds {sorted(wrong)}; replay one with --seed {min(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
