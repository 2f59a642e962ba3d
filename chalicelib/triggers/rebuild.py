"""The state machine's handler: one bounded invocation of a rebuild."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.rebuild import task

# Of its 900 s: the rest is for a slice that takes longer, since an owner is audited as a whole.
WORK_SECONDS: Final = 300.0


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Go on with the rebuild that the execution names; returns what `task.invoke` does.

    Parameters
    ----------
    event : dict
        ``request``: the execution's name. ``options``: its input, see `task.invoke`.
    """
    seconds = min(WORK_SECONDS, context.get_remaining_time_in_millis() / 3000)
    return task.invoke(str(event["request"]), event["options"], seconds)
