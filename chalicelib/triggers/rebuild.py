"""The state machine's task: one bounded slice of a rebuild."""

from __future__ import annotations

import time
from typing import Any, Final

from chalicelib import logs
from chalicelib.rebuild import run

# Of its 900 s: the rest is for a slice that takes longer, since an owner is audited as a whole.
WORK_SECONDS: Final = 300.0

OPTIONS: Final = ("settle_seconds", "drain_seconds", "patience")


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Go on with the rebuild that the execution named.

    Parameters
    ----------
    event : dict
        ``request``: the execution's name. ``options``: its input, which may have ``settle_seconds``, ``drain_seconds``
        and ``patience``.

    Returns
    -------
    dict
        ``done``, ``failed``, ``problem``, ``step``, ``table``, ``wait_seconds`` (an integer, for the machine's Wait).
    """
    seconds = min(WORK_SECONDS, context.get_remaining_time_in_millis() / 3000)
    options = {name: float(event["options"][name]) for name in OPTIONS if name in event["options"]}
    request = str(event["request"])
    try:
        progress = run.work(time.monotonic() + seconds, runner=request, request=request, **options)
    except run.Busy as busy:
        logs.write("rebuild", step="waiting for another run")
        return {"done": False, "failed": False, "wait_seconds": 1 + round(busy.seconds)}
    logs.write("rebuild", step=progress.step, table=progress.table, counts=progress.counts)
    return {
        "done": progress.is_over,
        "failed": bool(progress.problem) or progress.step == run.ABANDONED,
        "problem": progress.problem,
        "step": progress.step,
        "table": progress.table,
        "wait_seconds": max(1, round(progress.wait_seconds + 0.5)),
    }
