"""`python -m stack settle`: set what drifted, and what Chalice cannot set."""

from __future__ import annotations

from argparse import Namespace

from stack.commands.arguments import add_stage
from stack.commands.command import Command


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.drift import drift

    settled = 0
    for difference in drift.settle(targets.deployment(parsed)):
        print(f"set {difference.name} of {difference.where} to {difference.wanted}")
        settled += 1
    print(f"{settled} settings set" if settled else "no setting differs")
    return 0


COMMAND = Command(
    "settle",
    "set what Chalice cannot set, and what was changed by hand, of the functions, their event sources, and the API",
    run,
    add_stage,
)
