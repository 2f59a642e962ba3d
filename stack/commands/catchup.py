"""`python -m stack catchup`: bring the views to the ledger."""

from __future__ import annotations

import sys
from argparse import Namespace

from stack.commands.arguments import add_stage
from stack.commands.command import Command
from stack.errors import Incomplete


def run(parsed: Namespace) -> int:
    from chalicelib.views.errors import ProjectionIncomplete
    from stack.commands import targets
    from stack.operate.catchup import catch_up
    from stack.progress import Progress

    targets.use_service(parsed)
    with Progress("catching up") as bar:
        try:
            done = catch_up(lambda so_far: bar.show(f"{so_far.streams:,} streams"))
        except ProjectionIncomplete as error:
            raise Incomplete(f"not everything was projected; run it again later: {error}") from error
    print(f"projected {done.projected:,} of {done.streams:,} streams")
    for stream_id in done.refused:
        print(f"cannot be projected: {stream_id}", file=sys.stderr)
    return 0


COMMAND = Command("catchup", "project the events that the views lack", run, add_stage)
