"""Rebuilding the views: a new table beside the live one is filled, audited, and switched over to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from chalicelib.rebuild.run import Run, status
from chalicelib.rebuild.state import ABANDON, Busy, NothingToAbandon, Progress
from chalicelib.views import pointer
from chalicelib.views.errors import Outrun, ProjectionIncomplete
from stack.errors import AnotherRun, StackError

POLL_SECONDS: Final = 1.0
# An owner may be throttled for a while: the run gives up after this many failed slices in a row.
MAX_FAILURES: Final = 5

STEPS: Final = ("make", "settle", "fill", "audit", "switch", "drain", "drop", "done")
_BUSY: Final = "another run is rebuilding the views (see `rebuild --status`)"


def rebuild_views(progress: Callable[[Progress], None] = lambda _: None, **options: Any) -> Progress:
    """Continue the rebuild under way, or start one, and run it to its end.

    Parameters
    ----------
    progress : callable
        Called after each slice and each wait.
    options
        As `chalicelib.rebuild.run.Run.claim` takes them.

    Returns
    -------
    Progress
        The last step, with the new table.

    Raises
    ------
    AnotherRun
        Another run is rebuilding.
    StackError
        The audit of the new table found differences.
    """
    claimed = claim(**options)
    if claimed.state.step == ABANDON:
        _abandon(claimed)
        claimed = claim(**options)
    try:
        reached = _to_the_end(claimed, progress)
    except Outrun as error:
        raise AnotherRun(f"{error}; another run is rebuilding the views") from error
    except Exception:
        _release(claimed)
        raise
    return reached


def claim(**options: Any) -> Run:
    """Take the lease of the rebuild; it waits for another run's lease to end, in case that run was killed.

    Raises
    ------
    AnotherRun
        Another run is rebuilding.
    """
    try:
        return Run.claim(**options)
    except Busy as busy:
        time.sleep(busy.seconds)
        if pointer.record() != busy.record:
            raise AnotherRun(_BUSY) from busy
    except Outrun as error:
        raise AnotherRun(_BUSY) from error
    try:
        return Run.claim(**options)
    except (Busy, Outrun) as error:
        raise AnotherRun(_BUSY) from error


def abandon() -> Progress:
    """Return to the old table alone, and drop the new one.

    Raises
    ------
    AnotherRun
        Another run is rebuilding.
    StackError
        There is nothing to abandon.
    """
    try:
        claimed = claim(begins=False)
    except NothingToAbandon as error:
        raise StackError(str(error)) from error
    try:
        return _abandon(claimed)
    except NothingToAbandon as error:
        _release(claimed)
        raise StackError(str(error)) from error


def describe_status() -> str:
    """Which tables are in use, and how far a rebuild is, as text."""
    current, state = status()
    lines = [f"read from: {current.reader}", *(f"projected into: {table}" for table in current.tables)]
    if state is None:
        return "\n".join([*lines, "there was no rebuild yet"])
    if state.is_over:
        return "\n".join([*lines, f"the last rebuild, of {state.table}, is {state.step}"])
    if state.step == ABANDON:
        return "\n".join([*lines, f"a rebuild is being abandoned: {state.table}; `rebuild --abandon` continues it"])
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
            _release(claimed)
            raise StackError(
                f"{reached.problem}\nSee `audit --table {reached.table}`. Run `rebuild` again to audit again, "
                "with --despite-differences to switch over nevertheless, or with --abandon."
            )
        time.sleep(min(reached.wait_seconds, POLL_SECONDS))


def _abandon(claimed: Run) -> Progress:
    while not (reached := claimed.abandon()).is_over:
        time.sleep(reached.wait_seconds)
    return reached


def _release(claimed: Run) -> None:
    """Release the lease, so that the next run starts at once; if that fails, it waits for the lease to end."""
    try:
        claimed.keep(0)
    except Exception as error:
        print(f"the lease could not be released: {error!r}")
