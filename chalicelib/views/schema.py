"""The views table's schema: its keys, its indexes and their encodings."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.todos import ids, zones
from chalicelib.todos.events import DEFAULT_LIST
from chalicelib.todos.ids import Partition
from chalicelib.views.projection import todo_of

# The settings table's item that says which views tables are in use. No token's sub leads to its owner: a "#" in a sub
# is percent-encoded.
POINTER_KEY: Final = {"owner": {"S": "#views"}, "sk": {"S": "pointer"}}

TTL_ATTRIBUTE: Final = "expires_at"
# The instant of `due` as `instants.sortable` writes it, of a todo with a time zone.
DUE_AT: Final = "due_at"

TALLY_KEY: Final = "tally"
TODO_PREFIX: Final = "todo#"
LIST_PREFIX: Final = "list#"
LOG_PREFIX: Final = "log#"

# Keys are ASCII without controls: this precedes every key,
BEFORE_ALL: Final = " "
# and this follows every key with the same beginning.
BEHIND_ALL: Final = "\x7f"

# How many partitions the reminders of all owners are spread over.
REMIND_SHARDS: Final = 16

# Sorts after every encoded number: a todo without an order follows those that have one.
_UNORDERED: Final = "~"


def todo_key(todo_id: str) -> str:
    """The sort key of a todo's row."""
    return TODO_PREFIX + todo_id


def list_key(name: str) -> str:
    """The sort key of a list's tally."""
    return LIST_PREFIX + ids.encode_list(name)


def log_key(revision: int) -> str:
    """The sort key of a revision's log entry, zero-padded, so that text order is the order of the revisions."""
    return f"{LOG_PREFIX}{revision:015d}"


def list_prefix(name: str) -> str:
    """The prefix of every `by_list` key of the list's todos."""
    return ids.encode_list(name) + "#"


def order_key(order: float | None) -> str:
    """A number as 16 hexadecimal digits whose text order is the order of the numbers."""
    if order is None:
        return _UNORDERED
    (bits,) = struct.unpack(">Q", struct.pack(">d", order + 0.0))
    # IEEE 754 sorts as an unsigned integer once the sign bit is flipped, or all bits if it is set.
    return f"{bits ^ (0xFFFFFFFFFFFFFFFF if bits >> 63 else 1 << 63):016x}"


def index_attributes(owner: Partition, todo_id: str, state: str) -> dict[str, dict[str, str]]:
    """The attributes (DynamoDB's JSON) for indexes and filters of a todo of this state; a deleted todo has none."""
    todo = todo_of(state)
    if todo.get("deleted"):
        return {}
    list_name = todo.get("list", DEFAULT_LIST)
    attributes = {
        "by_list": {"S": f"{list_prefix(list_name)}{order_key(todo.get('order'))}#{todo_id}"},
        # It never changes, so that only the todo's first event, its deletion and its restoration pay for the index.
        "by_created": {"S": f"{todo.get('created_at', '')}#{todo_id}"},
    }
    if (due := due_at(todo)) is not None:
        attributes[DUE_AT] = {"S": due}
    if todo.get("completed"):
        return attributes
    time_zone = todo.get("time_zone")
    if todo.get("due"):
        attributes["by_due"] = {"S": f"{zones.sortable(todo['due'], time_zone)}#{todo_id}"}
    if todo.get("remind_at") and not zones.is_same(todo["remind_at"], todo.get("reminded"), time_zone):
        attributes["remind_shard"] = {"N": str(zlib.crc32(owner.encode()) % REMIND_SHARDS)}
        attributes["remind_at"] = {"S": zones.sortable(todo["remind_at"], time_zone)}
    return attributes


def due_at(todo: Mapping[str, Any]) -> str | None:
    """The instant of a todo's due date as index, filters and sorting use it, of a todo with a time zone.

    Without one `due` itself says it, and the row stays as small as it was.
    """
    return zones.sortable(todo["due"], todo["time_zone"]) if todo.get("due") and todo.get("time_zone") else None


def table_definition(table_name: str) -> dict[str, Any]:
    """The CreateTable request of a views table; its TTL attribute is ``expires_at``."""
    return {
        "TableName": table_name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "owner", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "by_list", "AttributeType": "S"},
            {"AttributeName": "by_due", "AttributeType": "S"},
            {"AttributeName": "by_created", "AttributeType": "S"},
            {"AttributeName": "remind_shard", "AttributeType": "N"},
            {"AttributeName": "remind_at", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "owner", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "LocalSecondaryIndexes": [
            _local_index("by_list", "ALL"),
            _local_index("by_due", "KEYS_ONLY"),
            _local_index("by_created", "KEYS_ONLY"),
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by_remind_at",
                "KeySchema": [
                    {"AttributeName": "remind_shard", "KeyType": "HASH"},
                    {"AttributeName": "remind_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
    }


def _local_index(name: str, projection: str) -> dict[str, Any]:
    """A local index, named after the attribute that it sorts by. A table has five at most, from its making."""
    return {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": "owner", "KeyType": "HASH"},
            {"AttributeName": name, "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": projection},
    }
