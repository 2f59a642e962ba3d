"""`python -m stack restore`: the ledger as it was."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from stack.commands.arguments import add_stage, parse_instant
from stack.commands.command import Command
from stack.errors import StackError
from stack.settings import LOCAL


def add_arguments(parser: ArgumentParser) -> None:
    to = "an RFC 3339 date-time: 2026-11-20T09:00:00Z"
    parser.add_argument("--to", type=parse_instant, required=True, help=to)
    add_stage(parser)


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.operate.restore import restore

    if parsed.stage == LOCAL:
        raise StackError("the local engine keeps no backups; only a stage in an AWS account can be restored")
    table = restore(targets.deployment(parsed), parsed.to, print)
    print(
        f"""Nothing uses it yet. To use it (docs/operate/restore.md):
  1. "EventsTable": "{table}" in stages.{parsed.stage}.parameters of .chalice/config.json
  2. python -m stack deploy --stage {parsed.stage}
  3. python -m stack rebuild --stage {parsed.stage}"""
    )
    return 0


COMMAND = Command(
    "restore", "restore the ledger, as it was at a time, into a table beside the live one", run, add_arguments
)
