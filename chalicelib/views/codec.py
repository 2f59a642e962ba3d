"""The views table's items in DynamoDB's JSON: rows, tallies and entries of the log, as they are read and written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from chalicelib.todos import instants
from chalicelib.todos.events import dump_json
from chalicelib.todos.ids import Partition
from chalicelib.views import schema
from chalicelib.views.projection import Row, Tally, Update, todo_of

# Bytes of a row beside its state: keys, revision, conditions and the indexes' attributes.
ROW_OVERHEAD_BYTES: Final = 2_500

TOMBSTONE_SECONDS: Final = 100 * 24 * 3600
LOG_SECONDS: Final = 90 * 24 * 3600

Item = dict[str, dict[str, Any]]


def writes(table: str, owner: Partition, update: Update, now: int) -> Iterator[dict[str, Any]]:
    """The writes of one owner's update, each conditional on the item's not having changed since it was read.

    Parameters
    ----------
    owner : str
        As encoded in keys.
    now : int
        Milliseconds since 1970.
    """
    revision = {"N": str(update.revision)}
    seconds = now // 1000
    for old, new in update.rows:
        item: Item = {
            **_key(owner, schema.todo_key(new.todo_id)),
            "version": {"N": str(new.version)},
            "revision": revision,
            "state": {"S": new.state},
        }
        indexed = schema.index_attributes(owner, new.todo_id, new.state)
        if not indexed:
            item[schema.TTL_ATTRIBUTE] = {"N": str(seconds + TOMBSTONE_SECONDS)}
        yield _put(table, item | indexed, old.revision if old else 0)
    for name, before, after in update.lists:
        key = _key(owner, schema.list_key(name))
        if after.total:
            yield _put(table, key | _counts(after), before.revision)
        else:
            yield {"Delete": {"TableName": table, "Key": key, **_condition(before.revision)}}
    before, after = update.tally
    yield _put(table, _key(owner, schema.TALLY_KEY) | _counts(after), before.revision)
    entry = {
        **_key(owner, schema.log_key(update.revision)),
        "at": {"S": instants.format_milliseconds(now)},
        "changes": {"S": dump_json([[new.todo_id, new.version] for _, new in update.rows])},
        "counts": {"S": _dump_counts(_events_brought(update, now))},
        schema.TTL_ATTRIBUTE: {"N": str(seconds + LOG_SECONDS)},
    }
    yield _put(table, entry, 0)


def _dump_counts(counts: list[int]) -> str:
    """The counts, of equal ones at the end only the first: so an entry of a bulk load costs no more write units."""
    kept = len(counts)
    while kept > 1 and counts[kept - 1] == counts[kept - 2]:
        kept -= 1
    return dump_json(counts[:kept])


def load_counts(stored: str, changes: int) -> list[int]:
    """The counts of so many changes, as `writes` stored them: the last one also holds for all changes behind it."""
    counts: list[int] = json.loads(stored)
    return counts + counts[-1:] * (changes - len(counts))


def _events_brought(update: Update, now: int) -> list[int]:
    """For each row how many of the todo's events, up to its version, no entry of the log had before this one.

    Without a row before it is all of them: after a rebuild nothing else names them, and if the row was a tombstone that
    has expired, those before it are older than any entry. It is 0 if even the last one is: nobody asks for them.
    """
    oldest = instants.format_milliseconds(now - LOG_SECONDS * 1000)
    return [
        new.version - old.version
        if old is not None
        else 0
        if todo_of(new.state).get("updated_at", oldest) < oldest
        else new.version
        for old, new in update.rows
    ]


def size_of(update: Update) -> int:
    """The approximate size of an update's writes, in bytes."""
    return sum(len(new.state.encode()) + ROW_OVERHEAD_BYTES for _, new in update.rows)


def row_of(item: Item) -> Row:
    """A todo's row from its item."""
    return Row(
        todo_id=item["sk"]["S"].removeprefix(schema.TODO_PREFIX),
        version=int(item["version"]["N"]),
        state=item["state"]["S"],
        revision=int(item["revision"]["N"]),
    )


def tally_of(item: Item | None) -> Tally:
    """A list's or an owner's tally from its item; zeros if there is no item."""
    if item is None:
        return Tally()
    return Tally(*(int(item[name]["N"]) for name in ("total", "open", "completed", "revision")))


def _key(owner: Partition, sort_key: str) -> Item:
    return {"owner": {"S": owner}, "sk": {"S": sort_key}}


def _put(table: str, item: Item, read_revision: int) -> dict[str, Any]:
    return {"Put": {"TableName": table, "Item": item, **_condition(read_revision)}}


def _condition(read_revision: int) -> dict[str, Any]:
    """The condition that an item has not changed since it was read: written by that revision, or (0) absent."""
    if read_revision == 0:
        return {"ConditionExpression": "attribute_not_exists(sk)"}
    return {
        "ConditionExpression": "revision = :as_read",
        "ExpressionAttributeValues": {":as_read": {"N": str(read_revision)}},
    }


def _counts(tally: Tally) -> Item:
    return {
        "total": {"N": str(tally.total)},
        "open": {"N": str(tally.open)},
        "completed": {"N": str(tally.completed)},
        "revision": {"N": str(tally.revision)},
    }
