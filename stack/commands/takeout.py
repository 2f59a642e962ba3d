"""`python -m stack takeout`: an owner's todos with all their events."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from stack.commands.arguments import add_stage, parse_owner
from stack.commands.command import Command
from stack.errors import StackError


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="where to write it; gzipped if it ends in .gz; - for standard output"
    )
    parser.add_argument("--owner", type=parse_owner, required=True, help="whose todos (the token's `sub`)")
    add_stage(parser)


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.operate.new_file import open_new
    from stack.operate.takeout import read_units, take_out
    from stack.progress import Progress

    targets.use_service(parsed)
    with Progress("taking out") as bar:
        bar.say(f"reading the whole ledger, for about {read_units():,} read units")
        with open_new(parsed.file) as file:
            done = take_out(
                parsed.owner, file.write, lambda so_far: bar.show(f"{so_far.todos:,} todos, {so_far.events:,} events")
            )
            if not done.todos and not done.left_out:
                raise StackError(f"the ledger has no todo of {parsed.owner!r}")
    for todo_id in done.left_out:
        print(f"left out, because its history was loaded here in part: {todo_id}", file=sys.stderr)
    print(f"{done.todos:,} todos with {done.events:,} events", file=sys.stderr if parsed.file == "-" else sys.stdout)
    return 1 if done.left_out else 0


COMMAND = Command("takeout", "write an owner's todos with all their events to a file", run, add_arguments)
