"""`python -m stack down`: stop the local stack."""

from __future__ import annotations

from argparse import Namespace

from stack.commands.command import Command


def run(parsed: Namespace) -> int:
    from stack.local.local_stack import LocalStack

    stack = LocalStack(parsed.directory)
    if not stack.stop():
        print("it was not running")
    elif stack.keeps:
        print("stopped; its state is kept")
    else:
        print("stopped; nothing of its run is kept (PERSIST=off)")
    return 0


COMMAND = Command("down", "stop the local engine, and keep its state", run)
