"""`python -m stack watch`: deploy to the local engine at every change."""

from __future__ import annotations

import sys
import time
from argparse import Namespace

from stack.commands.command import Command
from stack.errors import StackError


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.local import watching

    stack = targets.local_stack(parsed)
    stack.check_running()
    for _ in watching.changes():
        began = time.monotonic()
        try:
            stack.start()
        except StackError as error:
            print(f"error: {error}", file=sys.stderr)
        else:
            print(f"up to date at {stack.url}/ after {time.monotonic() - began:.1f} s")
    return 0


COMMAND = Command("watch", "deploy the app to the running local engine at every change of it", run)
