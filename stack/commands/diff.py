"""`python -m stack diff`: what a deployment would change."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from stack.commands.arguments import add_stage
from stack.commands.changes import print_changes
from stack.commands.command import Command

if TYPE_CHECKING:
    from stack.deploy.deployment import Deployment


def run(parsed: Namespace) -> int:
    from stack.commands import targets

    print_diff(targets.deployment(parsed))
    return 0


def print_diff(target: Deployment, *, only_data: bool = False) -> None:
    """Print what a deployment would do, as CloudFormation sees it.

    Raises
    ------
    WouldLoseData
    StackError
        It would be refused for another reason.
    """
    from stack.deploy import functions
    from stack.deploy.applying import refuse_to_lose_data

    if not only_data:
        functions.check(target)
    found = {target.stage.data_stack: target.diff_data()}
    if not only_data:
        found[target.stage.compute_stack] = target.diff_compute()
    found[target.stage.watch_stack] = target.diff_watch()
    for stack, changes in found.items():
        print_changes(stack, changes)
    refuse_to_lose_data(change for changes in found.values() for change in changes)


COMMAND = Command("diff", "show what `deploy` would add, change, replace and remove", run, add_stage)
