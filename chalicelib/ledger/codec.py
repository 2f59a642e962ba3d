"""An event as an item of the events table, in DynamoDB's JSON: the one codec for all readers and writers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.ledger.errors import EventTooLarge
from chalicelib.todos import ids
from chalicelib.todos.events import (
    CONTENT_FIELDS,
    DEFAULTS,
    MAX_CONTENT_BYTES,
    MAX_EVENT_BYTES,
    MAX_OLD_EVENT_BYTES,
    Event,
    Todo,
    dump_json,
)

Item = dict[str, dict[str, Any]]

# The maximum size of an event's other attributes: owner, actor, operation, key and ids, with their percent-encoding.
MAX_OTHER_BYTES: Final = 4 * 1024
# What the content takes at most without its notes, as JSON; and as many characters of notes as fit beside that whatever
# they are (an escape such as \\u0001 takes six bytes), so that most todos need no counting.
MAX_BYTES_WITHOUT_NOTES: Final = 20_000
_SHORT_NOTES: Final = (MAX_CONTENT_BYTES - MAX_BYTES_WITHOUT_NOTES) // 6

_SPARSE_ATTRIBUTES: Final = (
    "correlation_id", "causation_id", "idempotency_key", "request_hash", "client", "imported_at", "undoes", "direction"
)  # fmt: skip
# Names an event's operation: the partition key of the sparse index `by_operation`.
OPERATION: Final = "operation"
# Marks an event of a part of a history that is not the last one (`Event.more`).
MORE: Final = "more"


def encode(event: Event) -> Item:
    """The item of an event: what the PynamoDB model would serialise it to, at a quarter of the time.

    Raises
    ------
    EventTooLarge
    """
    return {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value}
        for name, value in attributes_of(event).items()
    }


def decode(item: Mapping[str, Any]) -> Event:
    """The event of an item from a query, a scan or a stream record.

    Raises
    ------
    LookupError, ValueError, TypeError
        When it is not an event.
    """
    text = {name: value["S"] for name, value in item.items() if "S" in value}
    change = json.loads(text["change"])
    if not isinstance(change, dict):
        raise ValueError("a change is a JSON object")
    ids.split_stream_id(text["stream_id"])
    return Event(
        stream_id=text["stream_id"],
        version=int(item["version"]["N"]),
        event_id=text["event_id"],
        type=text["type"],
        change=change,
        state=load_state(text["state"]),
        state_schema=int(item["state_schema"]["N"]),
        actor=text["actor"],
        occurred_at=text["occurred_at"],
        correlation_id=text.get("correlation_id"),
        causation_id=text.get("causation_id"),
        idempotency_key=text.get("idempotency_key"),
        request_hash=text.get("request_hash"),
        imported_at=text.get("imported_at"),
        more=MORE in item,
        client=text.get("client"),
        operation=ids.operation_in(text[OPERATION]) if OPERATION in text else None,
        undoes=text.get("undoes"),
        direction=text.get("direction"),
    )


def attributes_of(event: Event) -> dict[str, Any]:
    """The event's attributes by name, absent ones left out.

    Raises
    ------
    EventTooLarge
    """
    change, state = dump_json(event.change), dump_state(event.state)
    attributes: dict[str, Any] = {
        "stream_id": event.stream_id,
        "version": event.version,
        "event_id": event.event_id,
        "type": event.type,
        "change": change,
        "state": state,
        "state_schema": event.state_schema,
        "actor": event.actor,
        "occurred_at": event.occurred_at,
    }
    for name in _SPARSE_ATTRIBUTES:
        if (value := getattr(event, name)) is not None:
            attributes[name] = value
    if event.operation is not None:
        attributes[OPERATION] = _operation_key(event)
    if event.more:
        attributes[MORE] = 1
    # A character takes at most four bytes, so that most events need no counting.
    if 4 * (len(change) + len(state)) > MAX_EVENT_BYTES - MAX_OTHER_BYTES:
        _size(attributes)
    return attributes


def _operation_key(event: Event) -> str:
    """The event's key in the index: it follows from the event, so that whoever writes it again writes the same."""
    assert event.operation is not None
    partition, todo_id = ids.split_stream_id(event.stream_id)
    shard = ids.operation_shard(todo_id) if event.actor == ids.LOADER else 0
    return ids.operation_key(partition, event.operation, shard)


def size_of(event: Event) -> int:
    """Bytes that the event takes in the table, as DynamoDB counts them: names and values in UTF-8.

    Raises
    ------
    EventTooLarge
    """
    return _size(attributes_of(event))


def _size(attributes: dict[str, Any]) -> int:
    size = sum(len(name) + len(str(value).encode()) for name, value in attributes.items())
    if size > MAX_OLD_EVENT_BYTES:
        raise EventTooLarge(size)
    return size


def check_room(after: Todo, before: Todo | None) -> None:
    """See that a todo leaves room for the events that the service itself will add: reminders, deletions, the next one.

    Parameters
    ----------
    before : Todo, optional
        The todo until now. What was accepted when there was no such bound may not become larger; it may be completed
        and deleted.

    Raises
    ------
    EventTooLarge
    """
    notes = after["notes"]
    if notes is None or len(notes) <= _SHORT_NOTES:
        return
    size = _content_size(after)
    if size > MAX_CONTENT_BYTES and (before is None or size > _content_size(before)):
        raise EventTooLarge(size, MAX_CONTENT_BYTES, "its fields take, as JSON,")


def _content_size(todo: Todo) -> int:
    fields = {name: todo[name] for name in CONTENT_FIELDS if name != "completed"}
    return len(dump_json(fields).encode(errors="surrogatepass"))


def dump_state(todo: Todo) -> str:
    """The todo as stored: unset fields left out, which keeps a usual event within one write unit (1 KB)."""
    return dump_json({name: value for name, value in todo.items() if name not in DEFAULTS or value != DEFAULTS[name]})


def load_state(stored: str) -> Todo:
    """The todo of a stored state; a field that is younger than the event is unset."""
    return {**DEFAULTS, **json.loads(stored)}  # type: ignore[typeddict-item]
