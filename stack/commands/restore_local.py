"""`python -m stack restore-local`: the local stack's state from a file."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from stack.commands.command import Command


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="what `backup` has written")


def run(parsed: Namespace) -> int:
    from stack.commands.backup import describe
    from stack.local.journal.backup import restore
    from stack.local.state import State

    contents = restore(State(parsed.directory.resolve()), parsed.file)
    print(f"restored {describe(contents)}; `make up` starts the stack")
    return 0


COMMAND = Command("restore-local", "make a backup the local stack's state", run, add_arguments)
