"""A reminder: the clock's rule, the queue and its worker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from stack.smoke.run import Run

_TODO: Final = "reminder"
# The clock calls every minute; a message and a cold start come on top.
_SECONDS: Final = 150


def begin(run: Run) -> None:
    """Make the todo that is due in a moment."""
    at = (datetime.now(UTC) + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    run.begun[_TODO] = run.create("to be reminded of", remind_at=at).json()["id"]


def reminded(run: Run) -> str:
    """A todo is reminded of when it is due, once."""

    def event() -> Any:
        events = run.api.quiet.get(f"/todos/{run.begun[_TODO]}/events").expect(200).json()
        return [one for one in events if one["type"] == "TodoReminded"]

    (found,) = run.wait_for("TodoReminded", event, seconds=_SECONDS, poll=1)
    return f"at {found['occurred_at']}"
