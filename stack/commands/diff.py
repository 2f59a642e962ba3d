"""`python -m stack diff`: what a deployment would change."""

from __future__ import annotations

from argparse import Namespace

from stack.commands.arguments import add_stage
from stack.commands.changes import print_changes
from stack.commands.command import Command


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.deploy.deployment import refuse_to_lose_data

    target = targets.deployment(parsed)
    data, compute = target.diff_data(), target.diff_compute()
    print_changes(target.stage.data_stack, data)
    print_changes(target.stage.compute_stack, compute)
    print_changes(target.stage.watch_stack, target.diff_watch())
    refuse_to_lose_data([*data, *compute])
    return 0


COMMAND = Command("diff", "show what `deploy` would add, change, replace and remove", run, add_stage)
