"""Events as the service makes them, for streams that grow without it."""

from __future__ import annotations

from typing import Any

from chalicelib.todos import fold
from chalicelib.todos.decide import Command, decide
from chalicelib.todos.events import Event


def following(
    before: Event | None, stream_id: str, event_type: str, change: dict[str, Any], *, at: str, **stated: Any
) -> Event:
    """The next event of a stream, whatever its type and change are.

    Parameters
    ----------
    before : Event or None
        The stream's newest event.
    at : str
        When it happens.
    **stated
        Other fields of the event.
    """
    version = before.version + 1 if before else 1
    return Event(
        stream_id=stream_id,
        version=version,
        type=event_type,
        change=change,
        state=fold.evolve(before.state if before else None, event_type, change, at),
        state_schema=fold.STATE_SCHEMA,
        occurred_at=at,
        **{"event_id": f"{stream_id}@{version}", "actor": "me", **stated},
    )


def after(before: Event | None, stream_id: str, command: Command, *, at: str, **stated: Any) -> Event | None:
    """The event that a command makes of a stream; None where it changes nothing.

    Raises
    ------
    Refusal
    """
    decision = decide(command, before.state if before else None, before.version if before else 0)
    if decision is None:
        return None
    return following(before, stream_id, decision.type, decision.change, at=at, **stated)
