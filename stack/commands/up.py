"""`python -m stack up`: start the local stack, and print how to use it."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import Final

from stack.commands.command import Command
from stack.errors import StackError

DEFAULT_PORT: Final = 8000


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, default=os.environ.get("PORT") or None, help="of the API (default: 8000)")
    parser.add_argument("--salvage", action="store_true", help="go on without what is damaged in the journal")


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.local.explanation import explain
    from stack.local.samples import OWNER, load_into

    stack = targets.local_stack(parsed, _wanted_port(parsed), salvage=parsed.salvage)
    if not stack.start():
        print("· already running")
    if load_into(stack):
        print(f"· loaded the sample todos of the owner {OWNER!r}")
    print(explain(stack.url, OWNER, parsed.directory, stack.sign_in_link(OWNER), kept=stack.keeps), end="")
    return 0


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f"{text!r} is not a port number (1 to 65535)")
    return int(text)


def _wanted_port(parsed: Namespace) -> int:
    """The port asked for; otherwise the one it runs on; otherwise the default."""
    if parsed.port:
        return int(parsed.port)
    from stack.local.local_stack import LocalStack

    try:
        return LocalStack(parsed.directory).engine.port
    except StackError:
        return DEFAULT_PORT


COMMAND = Command("up", "start the local engine, deploy the service to it, and print how to use it", run, add_arguments)
