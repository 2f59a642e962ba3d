"""How todos and events look to the world: in the API's answers and in CloudEvents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from chalicelib.todos import ids
from chalicelib.todos.events import CONTENT_FIELDS, HIDDEN_FIELDS, Event, Next, Todo, dump_json

# A Lambda answers at most 6 MB; what comes after this much of history waits for the next page.
MAX_EVENTS_BYTES: Final = 3 * 1024 * 1024


def todo_url(base_url: str, todo_id: str) -> str:
    """The absolute URL of a todo."""
    return f"{base_url}/todos/{todo_id}"


def etag(version: int) -> str:
    """The entity tag (RFC 9110, section 8.8.3) of a todo at a version."""
    return f'"{version}"'


def todo_answer(base_url: str, todo_id: str, version: int, todo: Todo) -> dict[str, Any]:
    """A todo with every field, unset ones as null."""
    return {
        "id": todo_id,
        "version": version,
        **{name: todo[name] for name in CONTENT_FIELDS},
        "completed_at": todo["completed_at"],
        "created_at": todo["created_at"],
        "updated_at": todo["updated_at"],
        "url": todo_url(base_url, todo_id),
    }


def todo_of(base_url: str, event: Event) -> dict[str, Any]:
    """The todo as it was after an event."""
    _, todo_id = ids.split_stream_id(event.stream_id)
    return todo_answer(base_url, todo_id, event.version, event.state)


def event_answer(event: Event) -> dict[str, Any]:
    """An event as its owner sees it in the API: with the idempotency key, by which a client knows its own."""
    return {
        "version": event.version,
        "type": event.type,
        "event_id": event.event_id,
        "occurred_at": event.occurred_at,
        "actor": event.actor,
        "client": event.client,
        "operation": event.operation,
        "undoes": event.undoes,
        "direction": event.direction,
        "change": {name: value for name, value in event.change.items() if name not in HIDDEN_FIELDS},
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "idempotency_key": event.idempotency_key,
    }


def next_occurrence_of(event: Event) -> str | None:
    """The id of the todo that an event made, renewed or found as the next occurrence; None where there is none.

    It follows from the event alone, so that whoever repeats a command is told the same.
    """
    found: Next | None = event.change.get("next")
    if found is None or not event.state["completed"]:
        return None
    return found.get("at") or (found["id"] if found["version"] else None)


def versions_written(event: Event) -> dict[str, int]:
    """The versions, by todo id, that an event's transaction wrote: its own, and that of its next occurrence.

    Where it left the next occurrence alone, an earlier version of that.
    """
    _, todo_id = ids.split_stream_id(event.stream_id)
    found: Next | None = event.change.get("next")
    of_next = {found["id"]: found["version"]} if found is not None and found["version"] else {}
    return {**of_next, todo_id: event.version}


def events_within_bounds(events: Iterable[Event], max_bytes: int = MAX_EVENTS_BYTES) -> list[dict[str, Any]]:
    """As many of the events, from the first, as one answer can carry, and one at least."""
    return within_bounds(map(event_answer, events), max_bytes)


def within_bounds(rows: Iterable[dict[str, Any]], max_bytes: int = MAX_EVENTS_BYTES) -> list[dict[str, Any]]:
    """As many of the rows, from the first, as one answer can carry, and one at least."""
    carried: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        size += len(dump_json(row).encode())
        if carried and size > max_bytes:
            break
        carried.append(row)
    return carried
