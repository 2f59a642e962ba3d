"""``python -m stack``: the list of its commands, each in a file of ``stack.commands``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chalicelib import __version__
from stack.commands import (
    audit,
    backup,
    catchup,
    deploy,
    destroy,
    diff,
    down,
    drift,
    logs,
    open,
    openapi,
    pause,
    rebuild,
    redrive,
    republish,
    restore,
    restore_local,
    rollback,
    settle,
    smoke,
    status,
    synth,
    takeout,
    token,
    up,
    watch,
)
from stack.commands.command import Command
from stack.errors import StackError
from stack.settings import default_directory

COMMANDS: Final[tuple[Command, ...]] = (
    up.COMMAND, open.COMMAND, down.COMMAND, status.COMMAND, logs.COMMAND, token.COMMAND, watch.COMMAND,
    deploy.COMMAND, rollback.COMMAND, diff.COMMAND, synth.COMMAND, drift.COMMAND, settle.COMMAND, destroy.COMMAND,
    smoke.COMMAND,
    audit.COMMAND, catchup.COMMAND, rebuild.COMMAND, republish.COMMAND, redrive.COMMAND, restore.COMMAND,
    pause.COMMAND, takeout.COMMAND, backup.COMMAND, restore_local.COMMAND, openapi.COMMAND,
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of this process if they are left out.

    Returns
    -------
    int
        The exit code: 0 success, 1 an error or a negative finding, 130 interrupted.

    Raises
    ------
    SystemExit
        The arguments are wrong (code 2), or ask for help.
    """
    parsed = _parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
        return code
    except _reported_errors() as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stack", description="Operate the service.")
    parser.add_argument("--version", action="version", version=f"todo-ledger {__version__}")
    where = "where the state is kept (default: TODO_LEDGER_DIRECTORY, or .local)"
    parser.add_argument("--directory", type=Path, default=default_directory(), help=where)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        of_command = commands.add_parser(command.name, help=command.help, description=command.help)
        command.add_arguments(of_command)
        of_command.set_defaults(run=command.run)
    return parser


def _reported_errors() -> tuple[type[Exception], ...]:
    """What is shown as one line, without a traceback; botocore is imported only once something was raised."""
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.aws.errors import AWSError

    return (StackError, AWSError, ClientError, BotoCoreError)
