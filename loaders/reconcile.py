"""Comparing a row with its existing todo: nothing to do, a change to append, or a conflict to report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import uuid_utils

from chalicelib.ledger import codec
from chalicelib.ledger.errors import EventTooLarge
from chalicelib.todos import decide, fold, ids, instants
from chalicelib.todos.decide import Create, Decision, Delete, Replace
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, Event

ACTOR: Final = ids.LOADER
# Its name up to version 0.1.0, which is also an owner's.
FORMER_ACTOR: Final = "loader"

OnChange = Literal["update", "keep", "report"]

CHANGED_HERE: Final = "the todo was changed here since it was loaded; it was left unchanged"
DELETED_HERE: Final = "the todo was deleted here since it was loaded; it was not restored"
REPORTED: Final = "the row has changed since it was loaded; the todo was left unchanged"
NOT_LOADED: Final = "the todo exists with different content and was not loaded from a file; it was left unchanged"


@dataclass(frozen=True, slots=True)
class Conflict:
    """The source and the ledger differ, and both changed since the last load."""

    reason: str


def change_event(wanted: Event, history: list[Event]) -> Event | Conflict | None:
    """The event that brings a todo to what its row says now, or None if there is nothing to do.

    The loader's newest event holds what the source said last time. A row that still says the same needs no event,
    whatever was done to the todo since. A reminder does not change the content, so it never blocks an update.

    Parameters
    ----------
    wanted : Event
        The event that would create the todo from the row.
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
    # A todo that a load deleted (--prune) is restored when the source has it again.
    command = Create(content) if newest.state["deleted"] else Replace(content)
    decision = decide.decide(command, newest.state, newest.version)
    assert decision is not None, "the contents differ"
    event = next_event(newest, decision)
    try:
        codec.check_room(event.state, newest.state)
    except EventTooLarge as error:
        return Conflict(str(error))
    return event


def delete_event(newest: Event) -> Event:
    """The event that deletes a todo which is no longer in the source."""
    decision = decide.decide(Delete(), newest.state, newest.version)
    assert decision is not None
    return next_event(newest, decision)


def last_loaded(history: list[Event]) -> Event | None:
    """The newest event that a load wrote, if any."""
    return next((event for event in reversed(history) if is_of_a_load(event)), None)


def is_of_a_load(event: Event) -> bool:
    """Whether a load wrote the event.

    Events that were written under `FORMER_ACTOR` may be those of an owner with that name. Whatever an owner does
    through the API has the request's id (`correlation_id`), which no event of a load has.
    """
    return event.actor == ACTOR or (event.actor == FORMER_ACTOR and event.correlation_id is None)


def is_changed_since(loaded: Event, newest: Event) -> bool:
    """Whether the todo differs from what the load wrote."""
    if loaded.state["deleted"] or newest.state["deleted"]:
        return newest.state["deleted"] != loaded.state["deleted"]
    return not _has(newest, decide.content_of(loaded.state))


def next_event(before: Event, decision: Decision) -> Event:
    """The loader's event for a decision, next in the stream of `before`."""
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
    """Whether the todo exists with this content after the event."""
    return not event.state["deleted"] and decide.decide(Replace(content), event.state, event.version) is None
