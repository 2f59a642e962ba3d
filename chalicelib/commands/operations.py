"""What is kept of an operation beside its events: over how many keys of the ledger's index these are spread.

Only a load spreads them, by todo (`ids.operation_shard`); without an item they all have the first key.
"""

from __future__ import annotations

from typing import Any, Final

from chalicelib.aws import settings_table
from chalicelib.todos import ids
from chalicelib.todos.ids import Partition

_PREFIX: Final = "operation#"


def spread(partition: Partition, operation: str) -> None:
    """Note that a load's events are part of the operation; before the first of them, and again without harm.

    Raises
    ------
    Unavailable
    """
    settings_table.update(
        partition,
        _PREFIX + operation,
        "SET #shards = :shards",
        {":shards": {"N": str(ids.OPERATION_SHARDS)}},
        condition=None,
        names={"#shards": "shards"},
    )


def index_keys(partition: Partition, operation: str) -> list[str]:
    """The keys of the index `by_operation` that have the operation's events.

    Raises
    ------
    Unavailable
    """
    item: Any = settings_table.find(partition, _PREFIX + operation)
    shards = 1 if item is None else int(item["shards"]["N"])
    return [ids.operation_key(partition, operation, shard) for shard in range(shards)]
