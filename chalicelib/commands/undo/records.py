"""What the settings table keeps of undos.

The item of the operation that was undone (`chalicelib.commands.operations`) says which undo is in force, whether it is
done and how far it got; the item of the undo's own operation says whose it is, and what it takes or brings back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import msgspec

from chalicelib import settings
from chalicelib.aws import settings_table
from chalicelib.commands import operations
from chalicelib.todos import instants
from chalicelib.todos.events import OFF, ON
from chalicelib.todos.ids import Partition
from chalicelib.todos.undo import Conflict

KEPT_DAYS: Final = 90
# What a page of conflicts takes at most: an item has 400 KB.
MAX_PAGE_BYTES: Final = 300_000
# A longer value is not kept or shown with a conflict.
MAX_VALUE_BYTES: Final = 1_000

RUNNING: Final = "running"
DONE: Final = "done"

_IN_FORCE: Final = "#undo = :undo AND #state = :running"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an undo got.

    Attributes
    ----------
    round : int
        How often all of the operation's events were gone through.
    after : str
        The id of the event up to which this round is done.
    pages : int
        How many pages that were, each with its conflicts.
    count, digest : int, str
        How many events this round has had, and their ids combined.
    todos, changed, conflicts : int
        How many todos these are of, how many the undo has changed, and of how many something stays.
    """

    round: int = 1
    after: str = ""
    pages: int = 0
    count: int = 0
    digest: str = "0"
    todos: int = 0
    changed: int = 0
    conflicts: int = 0


@dataclass(frozen=True, slots=True)
class Undo:
    """An undo.

    Attributes
    ----------
    undo : str
        The operation that its events are part of.
    undoes : str
        The operation whose changes it switches.
    direction : str
        `OFF` or `ON`.
    """

    undo: str
    undoes: str
    direction: str
    actor: str
    client: str | None = None
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The undo that is in force, and how far it got."""

    undo: str
    direction: str
    is_done: bool
    progress: Progress


@dataclass(frozen=True, slots=True)
class TodoConflict:
    """Of a todo at a version, what stays."""

    todo: str
    version: int
    conflicts: tuple[Conflict, ...]


def state_of(item: Mapping[str, Any]) -> State | None:
    """The undo that an operation's item names; None if it was never undone."""
    if "undo" not in item:
        return None
    return State(
        item["undo"]["S"],
        item["direction"]["S"],
        item["state"]["S"] == DONE,
        msgspec.json.decode(item["progress"]["S"], type=Progress),
    )


def undo_of(item: Mapping[str, Any], undo: str) -> Undo | None:
    """The undo whose own operation's item this is; None for any other operation."""
    if "undoes" not in item:
        return None
    optional = {name: item[name]["S"] for name in ("client", "correlation_id") if name in item}
    return Undo(undo, item["undoes"]["S"], item["undo_direction"]["S"], item["actor"]["S"], **optional)


def claim(partition: Partition, undo: Undo, before: State | None) -> bool:
    """Put a new undo in force; False if another was faster, or the one before runs again.

    Raises
    ------
    Unavailable
    """
    values: dict[str, Any] = {
        ":undo": {"S": undo.undo},
        ":direction": {"S": undo.direction},
        ":running": {"S": RUNNING},
        ":progress": {"S": _dump(Progress())},
    }
    condition = "attribute_not_exists(#undo)"
    if before is not None:
        condition = "#undo = :before AND #state = :done"
        values |= {":before": {"S": before.undo}, ":done": {"S": DONE}}
    update = {
        "TableName": settings.settings_table(),
        "Key": settings_table.key(partition, operations.PREFIX + undo.undoes),
        "UpdateExpression": "SET #undo = :undo, #direction = :direction, #state = :running, #progress = :progress",
        "ConditionExpression": condition,
        "ExpressionAttributeNames": _names("undo", "direction", "state", "progress"),
        "ExpressionAttributeValues": values,
    }
    own: dict[str, Any] = {
        **settings_table.key(partition, operations.PREFIX + undo.undo),
        "undoes": {"S": undo.undoes},
        "undo_direction": {"S": undo.direction},
        "actor": {"S": undo.actor},
        "begun_at": {"S": instants.instant_after(None)},
    }
    own |= {name: {"S": value} for name in ("client", "correlation_id") if (value := getattr(undo, name)) is not None}
    return not any(settings_table.transact([{"Update": update}, settings_table.put(own)]))


def run_again(partition: Partition, undo: Undo) -> bool:
    """Let an undo that is done run once more; False if it runs, or is not in force any more.

    Raises
    ------
    Unavailable
    """
    return settings_table.update(
        partition,
        operations.PREFIX + undo.undoes,
        "SET #state = :running, #progress = :progress",
        {
            ":undo": {"S": undo.undo},
            ":done": {"S": DONE},
            ":running": {"S": RUNNING},
            ":progress": {"S": _dump(Progress())},
        },
        condition="#undo = :undo AND #state = :done",
        names=_names("undo", "state", "progress"),
    )


def go_on(partition: Partition, undo: Undo, before: Progress, after: Progress, *, is_done: bool, by: str) -> bool:
    """Note how far a running undo got; False if another got it further, or it is not in force any more.

    Parameters
    ----------
    by : str
        A name of this very step. The request may be sent twice, if only its answer is lost: the second time, the undo
        is where this step has brought it, not where that began.

    Raises
    ------
    Unavailable
    """
    return settings_table.update(
        partition,
        operations.PREFIX + undo.undoes,
        "SET #state = :state, #progress = :after, #by = :by",
        {
            ":undo": {"S": undo.undo},
            ":running": {"S": RUNNING},
            ":state": {"S": DONE if is_done else RUNNING},
            ":before": {"S": _dump(before)},
            ":after": {"S": _dump(after)},
            ":by": {"S": by},
        },
        condition=f"{_IN_FORCE} AND (#progress = :before OR #by = :by)",
        names=_names("undo", "state", "progress", "by"),
    )


def in_force(partition: Partition, undo: Undo) -> dict[str, Any]:
    """A transaction's check that an undo runs: what comes late must not act on what was undone, or redone, since."""
    return {
        "ConditionCheck": {
            "TableName": settings.settings_table(),
            "Key": settings_table.key(partition, operations.PREFIX + undo.undoes),
            "ConditionExpression": _IN_FORCE,
            "ExpressionAttributeNames": _names("undo", "state"),
            "ExpressionAttributeValues": {":undo": {"S": undo.undo}, ":running": {"S": RUNNING}},
        }
    }


def keep_conflicts(partition: Partition, undo: str, page: int, found: Sequence[TodoConflict]) -> None:
    """Keep the conflicts of a page in place of those that it had before, as many of them as an item holds.

    Raises
    ------
    Unavailable
    """
    rows: list[Any] = []
    size = 0
    for each in found:
        row = asdict(each)
        size += len(msgspec.json.encode(row))
        if size > MAX_PAGE_BYTES:
            break
        rows.append(row)
    settings_table.put_expiring(
        partition,
        _page_key(undo, page),
        {"conflicts": json.dumps(rows, separators=(",", ":"))},
        KEPT_DAYS * 24 * 3600,
    )


def conflicts_of(partition: Partition, undo: str, pages: int, most: int) -> tuple[TodoConflict, ...]:
    """The first conflicts of an undo that has had so many pages.

    Raises
    ------
    Unavailable
    """
    found: dict[str, TodoConflict] = {}
    for item in settings_table.beginning_with(partition, _page_key(undo)) if pages else ():
        if int(item["sk"]["S"].rpartition("#")[2]) < pages:
            for row in msgspec.json.decode(item["conflicts"]["S"], type=list[TodoConflict]):
                found[row.todo] = row
    return tuple(found.values())[:most]


def opposite(direction: str) -> str:
    """The direction that takes an undo back."""
    return ON if direction == OFF else OFF


def _page_key(undo: str, page: int | None = None) -> str:
    return f"conflicts#{undo}#" + ("" if page is None else f"{page:06}")


def shortened(conflict: Conflict) -> Conflict:
    """A conflict without values that are long: as it is kept, and as answers have it."""
    kept = {
        name: value
        for name in ("stays", "wanted")
        if len(msgspec.json.encode(value := getattr(conflict, name))) <= MAX_VALUE_BYTES
    }
    return replace(conflict, **{"stays": None, "wanted": None, **kept})


def _dump(progress: Progress) -> str:
    return msgspec.json.encode(progress).decode()


def _names(*names: str) -> dict[str, str]:
    return {f"#{name}": name for name in names}
