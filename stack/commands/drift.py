"""`python -m stack drift`: what differs from the repository."""

from __future__ import annotations

from argparse import Namespace

from stack.commands.arguments import add_stage
from stack.commands.command import Command


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.drift import drift

    found = drift.find(targets.deployment(parsed))
    for difference in found:
        print(difference)
    print(f"{len(found)} settings differ" if found else "no setting differs")
    return 1 if found else 0


COMMAND = Command("drift", "show settings that differ from the repository; exit code 1 if any do", run, add_stage)
