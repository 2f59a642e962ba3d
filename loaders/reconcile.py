"""What becomes of a row whose todo is there already: nothing, a change by the source, or a conflict to report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import uuid_utils

from chalicelib.ledger import codec
from chalicelib.ledger.errors import EventTooLarge
from chalicelib.todos import decide, fold, instants
from chalicelib.todos.decide import Create, Decision, Delete, Replace
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, Event

ACTOR: Final = "loader"

OnChange = Literal["update", "keep", "report"]

CHANGED_HERE: Final = "the todo was changed here since it was loaded; it was left as it is"
DELETED_HERE: Final = "the todo was deleted here since it was loaded; it was left so"
REPORTED: Final = "the row has changed since it was loaded; the todo was left as it is"
NOT_LOADED: Final = "the todo is there with another content, and was not loaded; it was left as it is"


@dataclass(frozen=True, slots=True)
class Conflict:
    """The source and the ledger say different things, and neither is just the older word of the other."""

    reason: str


def change(wanted: Event, history: list[Event]) -> Event | Conflict | None:
    """The event that takes a todo to what its row says now; None where there is nothing to do.

    What the source said last time is the content that the loader's newest event led to. A row that still says so needs
    nothing, whatever was done to the todo since. A reminder changes no content, so it stands in no update's way.

    Parameters
    ----------
    wanted : Event
        The creation of the todo as the row has it.
    history : list of Event
        All events of its stream, at least one.
    """
    content = {name: wanted.change.get(name, DEFAULTS[name]) for name in CONTENT_FIELDS}
    newest = history[-1]
    if _has(newest, content):
        return None
    loaded = last_loaded(history)
    if loaded is None:
        return Conflict(NOT_LOADED)
    if _has(loaded, content):
        return None
    if is_changed_since(loaded, newest):
        return Conflict(DELETED_HERE if newest.state["deleted"] else CHANGED_HERE)
    # What a load deleted (--prune) and the source has again is restored.
    command = Create(content) if newest.state["deleted"] else Replace(content)
    decision = decide.decide(command, newest.state, newest.version)
    assert decision is not None, "the contents differ"
    event = following(newest, decision)
    try:
        codec.size_of(event)
    except EventTooLarge as error:
        return Conflict(str(error))
    return event


def deletion(newest: Event) -> Event:
    """The event that deletes a todo which has left the source."""
    decision = decide.decide(Delete(), newest.state, newest.version)
    assert decision is not None
    return following(newest, decision)


def last_loaded(history: list[Event]) -> Event | None:
    """The newest event that a load made."""
    return next((event for event in reversed(history) if event.actor == ACTOR), None)


def is_changed_since(loaded: Event, newest: Event) -> bool:
    """Whether the todo is no longer what the load left."""
    if loaded.state["deleted"] or newest.state["deleted"]:
        return newest.state["deleted"] != loaded.state["deleted"]
    return not _has(newest, decide.content_of(loaded.state))


def following(before: Event, decision: Decision) -> Event:
    """The loader's event with this decision, next in its stream."""
    occurred_at = instants.instant_after(before.occurred_at)
    return Event(
        stream_id=before.stream_id,
        version=before.version + 1,
        event_id=str(uuid_utils.uuid7()),
        type=decision.type,
        change=decision.change,
        state=fold.evolve(before.state, decision.type, decision.change, occurred_at),
        state_schema=fold.STATE_SCHEMA,
        actor=ACTOR,
        occurred_at=occurred_at,
    )


def _has(event: Event, content: dict[str, Any]) -> bool:
    """Whether the todo lives with this content after the event."""
    return not event.state["deleted"] and decide.decide(Replace(content), event.state, event.version) is None
