"""`python -m stack backup`: the local stack's state as a file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from stack.commands.command import Command


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="where to write it; gzipped if it ends in .gz; - for standard output"
    )


def run(parsed: Namespace) -> int:
    from stack.local.journal.backup import back_up
    from stack.local.state import State
    from stack.operate.new_file import open_new

    with open_new(parsed.file) as file:
        contents = back_up(State(parsed.directory.resolve()), lambda line: file.write(line.decode()))
    print(f"backed up {describe(contents)}", file=sys.stderr if parsed.file == "-" else sys.stdout)
    return 0


def describe(contents: Any) -> str:
    """What a backup contains, as the end of a sentence."""
    counts = {arn.rpartition("/")[2]: len(items) for arn, items in contents.items.items()}
    events = sum(count for name, count in counts.items() if name.endswith("-events"))
    return f"{events:,} events, and {sum(counts.values()) - events:,} items of settings and views"


COMMAND = Command("backup", "write the local stack's state to a file", run, add_arguments)
