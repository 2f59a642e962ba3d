"""Comparing a row with its existing todo: nothing to do, a change to append, or a conflict to report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import uuid_utils

from chalicelib.ledger import codec
from chalicelib.ledger.errors import EventTooLarge
from chalicelib.todos import decide, fold, ids, instants
from chalicelib.todos.decide import Create, Decision, Delete, Replace
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, OFF, Event
from loaders.rows import reminders
from loaders.rows.times import NO_TIMES, Times

ACTOR: Final = ids.LOADER
# Its name up to version 0.1.0, which is also an owner's.
FORMER_ACTOR: Final = "loader"

OnChange = Literal["update", "keep", "report"]

CHANGED_HERE: Final = "the todo was changed here since it was loaded; it was left unchanged"
DELETED_HERE: Final = "the todo was deleted here since it was loaded; it was not restored"
REPORTED: Final = "the row has changed since it was loaded; the todo was left unchanged"
UNFINISHED: Final = "a takeout brought the todo's history in part; load the takeout again first"
NOT_LOADED: Final = "the todo exists with different content and was not loaded from a file; it was left unchanged"


@dataclass(frozen=True, slots=True)
class Conflict:
    """The source and the ledger differ, and both changed since the last load."""

    reason: str


def change_event(
    wanted: Event,
    history: list[Event],
    times: Times = NO_TIMES,
    *,
    unset: Iterable[str] = (),
    unstated: Iterable[str] = (),
) -> Event | Conflict | None:
    """The event that brings a todo to what its row says now, or None if there is nothing to do.

    The loader's newest event holds what the source said last time. A row that still says the same needs no event,
    whatever was done to the todo since; nor does one that only has another `order` than it had. A reminder does not
    change the content, so it never blocks an update. A load that was undone counts as if it had never been.

    When the todo was created at its source is known from its first event on, or never; when it was completed, from the
    event that completes it. So neither makes a difference to a todo that exists (`loaders.rows.times`).

    Parameters
    ----------
    wanted : Event
        The event that would create the todo from the row.
    history : list of Event
        All events of its stream, at least one.
    times : Times, optional
        Those of the row.
    unset : iterable of str, optional
        Fields that earlier versions of the loader did not set (`without_unset`).
    unstated : iterable of str, optional
        The fields of which the row says nothing: they stay as they are.
    """
    content = {name: wanted.change.get(name, DEFAULTS[name]) for name in CONTENT_FIELDS}
    newest = history[-1]
    if newest.more:
        return Conflict(UNFINISHED)
    if _has(newest, without_unset(beside(content, newest.state, unstated), newest.state, unset), times):
        return None
    loaded = last_loaded(history)
    if loaded is not None and _has(
        loaded, without_unset(beside(content, loaded.state, unstated), loaded.state, unset), times
    ):
        return None
    content = beside(content, newest.state, unstated)
    if loaded is None:
        if not any(map(is_of_a_load, history)):
            return Conflict(NOT_LOADED)
        if newest.undoes is None or not newest.state["deleted"]:
            return _changed_here(newest)
    elif is_changed_since(loaded, newest):
        # A place that moved because of other rows is nothing to decide about.
        if _has(loaded, {**content, "order": loaded.state["order"]}, times):
            return None
        return _changed_here(newest)
    # A todo that a load deleted (--prune) is restored when the source has it again; so is one that an undo deleted.
    completed_at = times.taken.get("completed_at")
    is_completing = completed_at is not None and not newest.state["completed"]
    has = {
        "created_at": newest.state["created_at"],
        "completed_at": completed_at if is_completing else newest.state["completed_at"],
    }
    content["metadata"] = times.beside(content["metadata"], has)
    command = Create(content) if newest.state["deleted"] else Replace(content)
    decision = decide.decide(command, newest.state, newest.version)
    assert decision is not None, "the contents differ"
    if is_completing:
        decision = replace(decision, change={**decision.change, "completed_at": completed_at})
    if reminders.is_silent(wanted.change) and "remind_at" in decision.change:
        decision = replace(decision, change={**decision.change, "reminded": wanted.change["reminded"]})
    event = next_event(newest, decision, wanted.operation)
    try:
        codec.check_room(event.state, newest.state)
    except EventTooLarge as error:
        return Conflict(str(error))
    return event


def without_unset(content: dict[str, Any], todo: Mapping[str, Any], unset: Iterable[str]) -> dict[str, Any]:
    """A row's content, without the fields that a todo lacks and earlier versions of the loader did not set.

    What an earlier version loaded is not changed, and no conflict reported, only because more is read from its row now.
    """
    left = {name: DEFAULTS[name] for name in unset if todo[name] == DEFAULTS[name]}
    return {**content, **left} if left else content


def beside(content: dict[str, Any], todo: Mapping[str, Any], unstated: Iterable[str]) -> dict[str, Any]:
    """The content of a row with the fields that a todo has and the row says nothing of."""
    return {**content, **{name: todo.get(name, DEFAULTS[name]) for name in unstated}} if unstated else content


def delete_event(newest: Event, operation: str | None = None) -> Event:
    """The event that deletes a todo which is no longer in the source."""
    decision = decide.decide(Delete(), newest.state, newest.version)
    assert decision is not None
    return next_event(newest, decision, operation)


def last_loaded(history: list[Event]) -> Event | None:
    """The newest event that a load wrote and no undo has taken back, if any."""
    directions: dict[str | None, str | None] = {}
    for event in reversed(history):
        if event.undoes is not None:
            directions.setdefault(event.undoes, event.direction)
        elif is_of_a_load(event) and directions.get(event.operation) != OFF:
            return event
    return None


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


def next_event(before: Event, decision: Decision, operation: str | None = None) -> Event:
    """The loader's event for a decision, next in the stream of `before`."""
    # A clock that was set back since the row was read does not let the todo be completed in the future.
    occurred_at = max(instants.instant_after(before.occurred_at), decision.change.get("completed_at", ""))
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
        operation=operation,
    )


def _changed_here(newest: Event) -> Conflict:
    return Conflict(DELETED_HERE if newest.state["deleted"] else CHANGED_HERE)


def _has(event: Event, content: dict[str, Any], times: Times = NO_TIMES) -> bool:
    """Whether the todo exists with this content after the event, the row's times in its metadata aside."""
    todo = event.state
    if todo["deleted"]:
        return False
    if times.written and todo["metadata"]:
        todo = {**todo, "metadata": times.without(todo["metadata"], content["metadata"])}
    return decide.decide(Replace(content), todo, event.version) is None
