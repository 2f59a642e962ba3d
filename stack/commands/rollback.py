"""`python -m stack rollback`: the version before."""

from __future__ import annotations

from argparse import Namespace

from stack.commands.arguments import add_stage
from stack.commands.changes import print_changes
from stack.commands.command import Command
from stack.errors import StackError
from stack.settings import LOCAL


def run(parsed: Namespace) -> int:
    from stack.commands import targets

    if parsed.stage == LOCAL:
        raise StackError("the local engine runs the code that is here: check out the version before, and run `make up`")
    target = targets.deployment(parsed)
    print_changes(target.stage.compute_stack, target.roll_back())
    print(f"the version before answers at {target.compute.outputs()['EndpointURL']}")
    return 0


COMMAND = Command("rollback", "deploy functions and API of the version before again; the data stays", run, add_stage)
