"""What the engine found when it started, as lines for whoever started it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def streams_go_on(found: dict[str, Any] | None) -> bool:
    """Whether the tables' streams go on where they were, so that nothing must be caught up with."""
    return bool(found and found.get("continues"))


def lines(found: dict[str, Any] | None) -> Iterator[str]:
    """Lines about a crash, or none.

    Parameters
    ----------
    found : dict, optional
        `Journal.report`.
    """
    if not found or not found["crashed"]:
        return
    written = found["written"]
    events = sum(count for name, count in written.items() if name.endswith("-events"))
    settings = sum(count for name, count in written.items() if name.endswith("-settings"))
    yield (
        f"the engine was killed, not stopped; brought back from the journal what it had acknowledged since its start: "
        f"{_counted(events, 'event')} and {_counted(settings, 'change')} of settings ({found['seconds']} s)"
    )
    if found["messages"]:
        yield f"handing out again what was in the queues: {_counted(found['messages'], 'message')}"
    if found["cut"]:
        yield "left out the journal's last line, which was cut: nobody was told that it was kept"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
