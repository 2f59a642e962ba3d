"""`python -m stack logs`: what the functions log."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from stack.commands.arguments import add_stage
from stack.commands.command import Command


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("function", nargs="?", metavar="FUNCTION", help="of one function (default: of all)")
    add_stage(parser)
    parser.add_argument("--since", type=float, default=10, metavar="MINUTES", help="default: 10")
    parser.add_argument("--follow", action="store_true", help="keep printing new lines")


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.operate import logs

    client = targets.clients(parsed)("logs")
    found = logs.tail(client, parsed.stage, parsed.function, since_seconds=parsed.since * 60, follow=parsed.follow)
    for line in found:
        print(f"{line.function}: {line.text}", flush=True)
    return 0


COMMAND = Command("logs", "print the newest lines of the functions' logs", run, add_arguments)
