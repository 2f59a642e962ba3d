"""`python -m stack pause`: nothing is written."""

from __future__ import annotations

from argparse import Namespace

from stack.commands.arguments import add_stage
from stack.commands.command import Command


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.operate.pause import pause

    for function in pause(targets.deployment(parsed)):
        print(f"paused {function}")
    print(f"to start them again: python -m stack settle --stage {parsed.stage}")
    return 0


COMMAND = Command("pause", "stop the API, the workers that write and the readers of the stream", run, add_stage)
