"""The state machine's task: as many slices of a rebuild as fit one invocation."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from chalicelib import logs
from chalicelib.rebuild.run import LEASE_SECONDS, Run
from chalicelib.rebuild.state import ABANDONED, Busy, Progress

OPTIONS: Final = ("settle_seconds", "drain_seconds", "patience")


def invoke(request: str, options: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Continue the rebuild that a request names, for so many seconds.

    Parameters
    ----------
    options : mapping
        May have ``settle_seconds``, ``drain_seconds`` and ``patience``; others are ignored.

    Returns
    -------
    dict
        ``done``, ``failed``, ``problem``, ``step``, ``table``, ``wait_seconds`` (an integer, for the machine's Wait).
    """
    known = {name: float(options[name]) for name in OPTIONS if name in options}
    try:
        progress = work(time.monotonic() + seconds, runner=request, request=request, **known)
    except Busy as busy:
        logs.write("rebuild", step="waiting for another run")
        return {"done": False, "failed": False, "wait_seconds": 1 + round(busy.seconds)}
    logs.write("rebuild", step=progress.step, table=progress.table, counts=progress.counts)
    return {
        "done": progress.is_over,
        "failed": bool(progress.problem) or progress.step == ABANDONED,
        "problem": progress.problem,
        "step": progress.step,
        "table": progress.table,
        "wait_seconds": max(1, round(progress.wait_seconds + 0.5)),
    }


def work(until: float, **options: Any) -> Progress:
    """Work slice by slice, until an instant of `time.monotonic` or until nothing is left but to wait.

    Errors as in `Run.claim` and `Run.advance`.
    """
    run = Run.claim(**options)
    try:
        while True:
            progress = run.advance(until)
            if progress.is_over or progress.wait_seconds or progress.problem or time.monotonic() >= until:
                break
    except Exception:
        with suppress(Exception):
            run.keep(0)
        raise
    if not progress.is_over:
        run.keep(0 if progress.problem else progress.wait_seconds + LEASE_SECONDS)
    return progress
