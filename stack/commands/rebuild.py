"""`python -m stack rebuild`: build the views again."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from stack.commands.arguments import add_stage
from stack.commands.command import Command

if TYPE_CHECKING:
    from chalicelib.rebuild.state import Progress

# What happens in each step; {} is the new table.
EXPLAINED: Final = {
    "make": "making {}",
    "settle": "the pointer names both tables; waiting for Lambdas that know of one only",
    "fill": "projecting every stream of the ledger into {}",
    "audit": "auditing {}",
    "switch": "letting clients read {}",
    "drain": "{} is in use; waiting for Lambdas that read the old table",
    "drop": "writing to {} alone, and dropping the old table",
    "done": "{} alone is in use",
}


def add_arguments(parser: ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--status", action="store_true", help="show which tables are in use, and how far a rebuild is")
    what.add_argument("--abandon", action="store_true", help="return to the old table alone, and drop the new one")
    what.add_argument("--despite-differences", action="store_true", help="switch over whatever the audit finds")
    parser.add_argument(
        "--wait", type=float, metavar="SECONDS", help="for Lambdas at work, twice (default: their timeouts)"
    )
    add_stage(parser)


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.operate import rebuild

    targets.use_service(parsed)
    if parsed.status:
        print(rebuild.describe_status())
    elif parsed.abandon:
        print(f"abandoned {rebuild.abandon().table}")
    else:
        waits = {} if parsed.wait is None else {"settle_seconds": parsed.wait, "drain_seconds": parsed.wait}
        _rebuild(despite_differences=parsed.despite_differences, **waits)
    return 0


def _rebuild(*, despite_differences: bool, **waits: float) -> None:
    """Rebuild, and show each step; `waits` are those of `chalicelib.rebuild.run.Run.claim`."""
    from stack import progress
    from stack.operate.rebuild import STEPS, rebuild_views

    with progress.Progress("rebuilding") as bar:
        step = ""

        def show(reached: Progress) -> None:
            nonlocal step
            if reached.step != step:
                step = reached.step
                bar.say(f"· {step}: {EXPLAINED[step].format(reached.table)}")
            waits = f", {reached.wait_seconds:.0f} s" if reached.wait_seconds else ""
            bar.show(f"{step}{waits} {reached.counts}", done=STEPS.index(step), total=len(STEPS) - 1)

        reached = rebuild_views(show, despite_differences=despite_differences, **waits)
    print(f"the views are rebuilt: {reached.table}")


COMMAND = Command(
    "rebuild",
    "build the views again from the ledger, while writes go on; continues a rebuild that was stopped",
    run,
    add_arguments,
)
