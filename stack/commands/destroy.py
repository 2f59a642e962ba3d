"""`python -m stack destroy`: delete a stage."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from stack.commands.arguments import add_stage
from stack.commands.command import Command
from stack.errors import StackError
from stack.settings import LOCAL


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--data", action="store_true", help="delete the data stack too, with every table")
    parser.add_argument("--yes-delete-all-data", action="store_true", help="confirm --data")
    add_stage(parser)


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.deploy.destroy import delete_compute, delete_data

    if parsed.stage == LOCAL:
        raise StackError("the local engine's state is in .local/: run `make down`, then delete that directory")
    if parsed.data != parsed.yes_delete_all_data:
        raise StackError("give both --data and --yes-delete-all-data to delete the data, or neither to keep it")
    target = targets.deployment(parsed)
    delete_compute(target, print)
    if parsed.data:
        delete_data(target, print)
    return 0


COMMAND = Command("destroy", "delete the compute stack and its alarms; the data stays", run, add_arguments)
