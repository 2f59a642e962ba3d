"""Send hostile requests to a stack of its own: `python -m bench.hostile`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import Final

from bench.hostile.requests import KINDS
from bench.hostile.run import Outcome, run
from stack.errors import StackError

# After the warm-up, by which a process has filled what it keeps.
MAX_GROWTH_BYTES: Final = 10_000_000


def main() -> int:
    """Run it; the exit code is 1 if there was a 5xx, or a process of the API grew by more than `MAX_GROWTH_BYTES`."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long, after the warm-up; default: 300")
    parser.add_argument("--warm-up", type=float, default=120, help="seconds before memory is measured; default: 120")
    parser.add_argument("--clients", type=int, default=4, help="default: 4")
    parser.add_argument("--seed", type=int, default=1, help="of the requests; default: 1")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this kind; can be repeated")
    arguments = parser.parse_args()
    try:
        outcome = run(
            arguments.seconds,
            arguments.warm_up,
            arguments.clients,
            arguments.seed,
            arguments.kind or list(KINDS),
            lambda line: print(f"· {line}", flush=True),
        )
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(_described(outcome))
    return 1 if outcome.server_errors or not outcome.memory[0] or outcome.growth > MAX_GROWTH_BYTES else 0


def _described(outcome: Outcome) -> str:
    by_kind: dict[str, Counter[int]] = {}
    for (kind, status), count in sorted(outcome.answers.items()):
        by_kind.setdefault(kind, Counter())[status] += count
    lines = ["", "| requests | answers | slowest |", "|---|---|--:|"]
    for kind, statuses in by_kind.items():
        answers = ", ".join(f"{count:,} × {status or 'none'}" for status, count in statuses.items())
        lines.append(f"| {kind} | {answers} | {outcome.slowest[kind]:.1f} s |")
    lines += ["", *outcome.failures[:20], ""]
    lines.append("megabytes of each process after the warm-up, every half minute, and at the end:")
    for pid in sorted({pid for sample in outcome.memory for pid in sample}):
        sizes = (sample.get(pid) for sample in outcome.memory)
        lines.append(f"- {pid}: {' '.join('-' if size is None else f'{size / 1e6:.1f}' for size in sizes)}")
    total = sum(outcome.answers.values())
    lines += ["", f"{total:,} requests, {outcome.server_errors} without an answer below 500"]
    lines.append(f"growth of the process that grew most: {outcome.growth / 1e6:+.1f} MB")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
