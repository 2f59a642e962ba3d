"""`python -m stack rebuild`: a fresh views table beside the live one, filled, audited, and switched over to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from chalicelib.rebuild.run import Run
from chalicelib.rebuild.run import status as read_status
from chalicelib.rebuild.state import ABANDON, Busy, NothingToAbandon, Progress
from chalicelib.views import pointer
from chalicelib.views.errors import Outrun, ProjectionIncomplete
from stack.errors import StackError
from stack.progress import Progress as Bar

POLL_SECONDS: Final = 1.0
# An owner may be throttled for a while: so many slices in a row may fail before the run gives up.
MAX_FAILURES: Final = 5

EXPLAINED: Final = {
    "make": "making {}",
    "settle": "the pointer names both tables; waiting for Lambdas that know of one only",
    "fill": "projecting every stream of the ledger into {}",
    "audit": "auditing {}",
    "switch": "pointing at {} alone",
    "drain": "{} is in use; waiting for Lambdas that know of the old table only",
    "drop": "dropping the old table",
    "done": "{} alone is in use",
}
STEPS: Final = tuple(EXPLAINED)


def run(progress: Callable[[Progress], None] = lambda _: None, **options: Any) -> Progress:
    """Go on with the rebuild under way, or begin one, to its end.

    Parameters
    ----------
    progress : callable
        Is told after each slice and each wait.
    options
        As `chalicelib.rebuild.run.Run.claim` takes them.

    Raises
    ------
    StackError
        When another run is at it, or the audit of the new table did not pass.
    """
    claimed = claim(**options)
    if claimed.state.step == ABANDON:
        _abandon(claimed)
        claimed = claim(**options)
    try:
        reached = _to_the_end(claimed, progress)
    except Outrun as error:
        raise StackError(f"{error}; another run is at the rebuild") from error
    except Exception:
        _give_up(claimed)
        raise
    return reached


def command(**options: Any) -> None:
    """Rebuild, and show how far it is."""
    with Bar("rebuilding") as bar:
        step = ""

        def show(reached: Progress) -> None:
            nonlocal step
            if reached.step != step:
                step = reached.step
                bar.say(f"· {step}: {EXPLAINED[step].format(reached.table)}")
            waits = f", {reached.wait_seconds:.0f} s" if reached.wait_seconds else ""
            bar.show(f"{step}{waits} {reached.counts}", done=STEPS.index(step), total=len(STEPS) - 1)

        reached = run(show, **options)
    print(f"the views are rebuilt: {reached.table}")


def claim(**options: Any) -> Run:
    """The rebuild, as this process's own; waits for another run's lease to end, in case that run was killed."""
    try:
        return Run.claim(**options)
    except Busy as busy:
        time.sleep(busy.seconds)
        if pointer.record() != busy.record:
            raise StackError("another run is at the rebuild (see `rebuild --status`)") from busy
    except Outrun as error:
        raise StackError("another run is at the rebuild (see `rebuild --status`)") from error
    try:
        return Run.claim(**options)
    except (Busy, Outrun) as error:
        raise StackError("another run is at the rebuild (see `rebuild --status`)") from error


def abandon() -> Progress:
    """Go back to the old table alone, and drop the new one.

    Raises
    ------
    StackError
        When there is nothing to abandon.
    """
    try:
        claimed = claim(begins=False)
    except NothingToAbandon as error:
        raise StackError(str(error)) from error
    try:
        return _abandon(claimed)
    except NothingToAbandon as error:
        _give_up(claimed)
        raise StackError(str(error)) from error


def status() -> str:
    """Which tables are in use, and how far a rebuild is."""
    current, state = read_status()
    lines = [f"read from: {current.reader}", *(f"projected into: {table}" for table in current.tables)]
    if state is None:
        return "\n".join([*lines, "there was no rebuild yet"])
    if state.is_over:
        return "\n".join([*lines, f"the last rebuild, of {state.table}, is {state.step}"])
    if state.step == ABANDON:
        return "\n".join([*lines, f"a rebuild is being abandoned: {state.table}; `rebuild --abandon` goes on with it"])
    number = STEPS.index(state.step) + 1
    lines.append(f"a rebuild is under way: {state.table}, step {number} of {len(STEPS) - 1}: {state.step}")
    return "\n".join([*lines, state.problem] if state.problem else lines)


def _to_the_end(claimed: Run, progress: Callable[[Progress], None]) -> Progress:
    failures = 0
    while True:
        try:
            reached = claimed.advance()
            failures = 0
        except ProjectionIncomplete:
            failures += 1
            if failures == MAX_FAILURES:
                raise
            time.sleep(POLL_SECONDS)
            continue
        progress(reached)
        if reached.is_over:
            return reached
        if reached.problem:
            _give_up(claimed)
            raise StackError(
                f"{reached.problem}\nSee `audit --table {reached.table}`. Run `rebuild` again to audit again, "
                "with --despite-differences to switch over all the same, or with --abandon."
            )
        time.sleep(min(reached.wait_seconds, POLL_SECONDS))


def _abandon(claimed: Run) -> Progress:
    while not (reached := claimed.abandon()).is_over:
        time.sleep(reached.wait_seconds)
    return reached


def _give_up(claimed: Run) -> None:
    """Let the next run begin at once; where even that fails, it waits for the lease to end."""
    try:
        claimed.keep(0)
    except Exception as error:
        print(f"the lease could not be given up: {error!r}")
