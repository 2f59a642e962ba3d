"""Run the experiment, and draw its outcome: `python -m bench.experiment`."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from bench.experiment import drawing, report
from bench.experiment.run import run_experiment
from stack.errors import StackError
from stack.settings import REPOSITORY, default_directory

EVENTS: Final = 20_000
DOCS: Final = REPOSITORY / "docs"


def main() -> int:
    """Run the experiment; the exit code is 1 if an event was lost, or took effect twice in the views."""
    parser = argparse.ArgumentParser(prog="python -m bench.experiment", description=__doc__)
    parser.add_argument(
        "--events", type=_count, default=EVENTS, help=f"default: {EVENTS:,}; other numbers leave docs/ as it is"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the commands (the faults have none); default: 1")
    arguments = parser.parse_args()
    try:
        outcome = run_experiment(arguments.events, arguments.seed, lambda line: print(f"· {line}", flush=True))
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    # The page in docs/ describes the full run.
    directory = DOCS if arguments.events == EVENTS else default_directory() / "experiment"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "experiment-counts.svg").write_text(drawing.histogram(outcome.stages))
    (directory / "experiment-lag.svg").write_text(drawing.lag(outcome.stages, outcome.started))
    page = directory / "experiment.md"
    report.write(page, outcome)
    print(report.figures(outcome))
    print(f"\nwritten to {page}, drawn beside it")
    return 1 if outcome.failures else 0


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of events")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
