"""The records of clearing and renaming lists: what an idempotency key stands for, and whether it is done.

A record is put once, on condition that there is none, before the first todo is changed, also where there is nothing to
change: otherwise a repeat would act on what has come since. It expires `KEPT_SECONDS` later.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.aws import settings_table
from chalicelib.commands import execute
from chalicelib.commands.list_operation import ListOperation, ListUnfinished, TodoAt
from chalicelib.todos import instants
from chalicelib.todos.ids import Partition
from chalicelib.views.cuts import Cut

# Longer than a message of the queue exists (14 days) and, redriven from the dead letters, exists once more.
KEPT_DAYS: Final = 30
KEPT_SECONDS: Final = KEPT_DAYS * 24 * 3600

# Renaming has a record without a key, too: a message that comes late must find out that all is done.
_WITH_KEY: Final = "clearing#"
_WITHOUT_KEY: Final = "renaming#"

_OF_AN_EARLIER_VERSION: Final = (
    "The key was first used with an earlier version of the service, which did not keep what the list had. Nothing was "
    "changed now: look at the list, and send a new key to clear what it has."
)


@dataclass(frozen=True, slots=True)
class Record:
    """An operation as it was first asked for.

    Attributes
    ----------
    at_once : bool
        Whether the first request did it itself; if not, it was left to the queue.
    todos : tuple of (str, int), optional
        The todos of a list that is cleared at once.
    cut : Cut, optional
        What a list that the queue clears had.
    moved : int
        How many todos were moved, once it is done.
    operation : str, optional
        What its events are part of; records of version 0.1.0 do not have it.
    """

    operation_id: str
    at_once: bool
    todos: tuple[TodoAt, ...] | None = None
    cut: Cut | None = None
    is_done: bool = False
    moved: int = 0
    operation: str | None = None


def key_of(idempotency_key: str | None, operation_id: str) -> str:
    """The sort key of the record of a request with this idempotency key, or of one that has none."""
    return _WITHOUT_KEY + operation_id if idempotency_key is None else _WITH_KEY + idempotency_key


def find(operation: ListOperation) -> Record | None:
    """The record of an operation, by a strongly consistent read; None if it has none.

    Raises
    ------
    KeyReused
        The key was used before, for another operation or another list.
    ListUnfinished
        It was used with a version of the service that kept too little.
    Unavailable
    """
    if operation.record is None:
        return None
    item: Any = settings_table.find(operation.partition, operation.record)
    if item is None:
        return None
    if item["list"]["S"] != operation.list_name or _to_list(item) != operation.to_list:
        raise execute.KeyReused
    if "operation_id" not in item:
        raise ListUnfinished(_OF_AN_EARLIER_VERSION)
    return _record(item)


def item_of(operation: ListOperation, record: Record) -> dict[str, Any]:
    """The record's item, to be put once."""
    assert operation.record is not None
    item: dict[str, Any] = {
        **settings_table.key(operation.partition, operation.record),
        "operation_id": {"S": record.operation_id},
        "list": {"S": operation.list_name},
        "at_once": {"BOOL": record.at_once},
        settings_table.TTL_ATTRIBUTE: {"N": str(time.time_ns() // 1_000_000_000 + KEPT_SECONDS)},
    }
    if record.operation is not None:
        item["operation"] = {"S": record.operation}
    if operation.to_list is not None:
        item["to"] = {"S": operation.to_list}
    if record.todos is not None:
        item["todos"] = {"S": json.dumps(record.todos, separators=(",", ":"))}
    if record.cut is not None:
        item |= {"views": {"S": record.cut.table}, "revision": {"N": str(record.cut.revision)}}
    return item


def finish(operation: ListOperation, moved: int = 0) -> None:
    """Mark the operation as done, unless it is, or has no record (any more).

    Raises
    ------
    Unavailable
    """
    if operation.record is not None:
        done = {"done_at": {"S": instants.instant_after(None)}, "moved": {"N": str(moved)}}
        settings_table.update_once(operation.partition, operation.record, "done_at", done)


def is_done(partition: Partition, record: str) -> bool | None:
    """Whether the operation of a record is done, by a strongly consistent read; None if there is no such record.

    Raises
    ------
    Unavailable
    """
    item = settings_table.find(partition, record)
    return None if item is None else "done_at" in item


def _to_list(item: Mapping[str, Any]) -> str | None:
    name: str | None = item["to"]["S"] if "to" in item else None
    return name


def _record(item: Mapping[str, Any]) -> Record:
    return Record(
        operation_id=item["operation_id"]["S"],
        at_once=item["at_once"]["BOOL"],
        todos=tuple((todo_id, version) for todo_id, version in json.loads(item["todos"]["S"]))
        if "todos" in item
        else None,
        cut=Cut(item["views"]["S"], int(item["revision"]["N"])) if "views" in item else None,
        is_done="done_at" in item,
        moved=int(item["moved"]["N"]) if "moved" in item else 0,
        operation=item["operation"]["S"] if "operation" in item else None,
    )
