"""What is kept of an operation beside its events, in one item of the settings table.

That is over how many keys of the ledger's index they are spread, which long work of the queue is part of it, and what
is known of its undo (`chalicelib.commands.undo.records`). Only a load spreads its events, by todo
(`ids.operation_shard`); without an item they all have the first key.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.aws import settings_table
from chalicelib.todos import ids
from chalicelib.todos.ids import Partition

PREFIX: Final = "operation#"
# Work that began so long ago is given up: what the queue cannot do in time, it hands to the dead letters.
GIVEN_UP_MS: Final = 24 * 3600 * 1000


def spread(partition: Partition, operation: str) -> None:
    """Note that a load's events are part of the operation; before the first of them, and again without harm.

    Raises
    ------
    Unavailable
    """
    _change(partition, operation, "SET #name = :value", "shards", {"N": str(ids.OPERATION_SHARDS)})


def begin_work(partition: Partition, operation: str | None, work_id: str) -> None:
    """Note that the queue works on a part of the operation; before the first message, and again without harm.

    Parameters
    ----------
    operation : str, optional
        Work of version 0.1.0 has none, and cannot be undone.
    work_id : str
        A UUIDv7, made when the work was asked for.

    Raises
    ------
    Unavailable
    """
    if operation is not None:
        _change(partition, operation, "ADD #name :value", "working", {"SS": [work_id]})


def end_work(partition: Partition, operation: str | None, work_id: str) -> None:
    """Note that the queue does no more of that work; again without harm.

    Raises
    ------
    Unavailable
    """
    if operation is not None:
        _change(partition, operation, "DELETE #name :value", "working", {"SS": [work_id]})


def find(partition: Partition, operation: str) -> Mapping[str, Any]:
    """The operation's item, by a strongly consistent read; empty if there is none.

    Raises
    ------
    Unavailable
    """
    return settings_table.find(partition, PREFIX + operation) or {}


def is_worked_on(item: Mapping[str, Any]) -> bool:
    """Whether the queue works on a part of the operation."""
    begun = [int(work_id.replace("-", "")[:12], 16) for work_id in item.get("working", {}).get("SS", ())]
    return any(time.time_ns() // 1_000_000 - each < GIVEN_UP_MS for each in begun)


def index_keys(partition: Partition, operation: str, item: Mapping[str, Any] | None = None) -> list[str]:
    """The keys of the index `by_operation` that have the operation's events.

    Parameters
    ----------
    item : mapping, optional
        The operation's item, if it was read already.

    Raises
    ------
    Unavailable
    """
    item = find(partition, operation) if item is None else item
    shards = int(item["shards"]["N"]) if "shards" in item else 1
    return [ids.operation_key(partition, operation, shard) for shard in range(shards)]


def _change(partition: Partition, operation: str, expression: str, name: str, value: Any) -> None:
    settings_table.update(
        partition, PREFIX + operation, expression, {":value": value}, condition=None, names={"#name": name}
    )
