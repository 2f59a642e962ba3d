"""`python -m stack republish`: publish events of the ledger again."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from stack.commands.arguments import add_stage, parse_instant
from stack.commands.command import Command
from stack.errors import Incomplete


def add_arguments(parser: ArgumentParser) -> None:
    since = "an RFC 3339 date or date-time, such as 2026-11-20T09:00:00Z"
    parser.add_argument("--since", type=parse_instant, required=True, help=since)
    add_stage(parser)


def run(parsed: Namespace) -> int:
    from chalicelib.publishing.errors import PublishIncomplete
    from stack.commands import targets
    from stack.operate.republish import republish
    from stack.progress import Progress

    targets.use_service(parsed)
    with Progress("republishing") as bar:
        try:
            done = republish(parsed.since, lambda so_far: bar.show(f"{so_far.examined:,} events"))
        except PublishIncomplete as error:
            raise Incomplete(f"not everything was published; run it again later: {error}") from error
    print(f"{done.examined:,} events examined, {done.handed_over:,} of them handed to the topic")
    return 0


COMMAND = Command("republish", "publish events of the ledger to the topic again", run, add_arguments)
