"""`python -m stack down`: stop the local stack."""

from __future__ import annotations

from argparse import Namespace

from stack.commands.command import Command


def run(parsed: Namespace) -> int:
    from stack.local.local_stack import LocalStack

    print("stopped; its state is kept" if LocalStack(parsed.directory).stop() else "it was not running")
    return 0


COMMAND = Command("down", "stop the local engine, and keep its state", run)
