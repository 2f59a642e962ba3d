"""`python -m stack redrive`: return messages that failed to where they failed."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Final

from stack.commands.arguments import add_stage
from stack.commands.command import Command

QUEUES: Final = ("quarantine", "deliver-dead-letters", "remind-dead-letters", "clear-dead-letters")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("queue", metavar="QUEUE", choices=QUEUES, help=", ".join(QUEUES))
    parser.add_argument("--dry-run", action="store_true", help="only show which messages would return")
    add_stage(parser)


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.operate.redrive import redrive

    targets.use_service(parsed)
    done = redrive(f"todo-ledger-{parsed.stage}-{parsed.queue}", print, dry_run=parsed.dry_run)
    print(f"{done.done:,} {'would go' if parsed.dry_run else 'went'} back, {done.failed:,} failed again and stay")
    return 1 if done.failed else 0


COMMAND = Command(
    "redrive", "return messages of the quarantine or a dead-letter queue to where they failed", run, add_arguments
)
