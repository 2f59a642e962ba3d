"""The pure projection: it turns items as they were read, and the newest events, into the items to be written.

The counters move by the difference between the old row and the new row, never by what an event says happened. So an
event that comes twice, late, or before its predecessor changes no count wrongly.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from chalicelib.todos.events import DEFAULT_LIST


@dataclass(frozen=True, slots=True)
class Head:
    """The newest event of a todo that a reader knows, with what the projection needs of it."""

    todo_id: str
    version: int
    state: str


@dataclass(frozen=True, slots=True)
class Row:
    """A todo's row: its latest state (JSON, as the ledger has it) and the revision that wrote it."""

    todo_id: str
    version: int
    state: str
    revision: int


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of todos that are not deleted, and the revision that wrote them; revision 0 means no item."""

    total: int = 0
    open: int = 0
    completed: int = 0
    revision: int = 0

    def plus(self, sign: int, *, is_completed: bool) -> Tally:
        """The tally with one todo more (`sign` 1) or one less (-1)."""
        if is_completed:
            return Tally(self.total + sign, self.open, self.completed + sign, self.revision)
        return Tally(self.total + sign, self.open + sign, self.completed, self.revision)

    def written_by(self, revision: int) -> Tally:
        """The same counts, as the transaction of this revision writes them."""
        return Tally(self.total, self.open, self.completed, revision)


@dataclass(frozen=True, slots=True)
class OwnerView:
    """What was read of one owner: the tally, the rows of a batch's todos, and the tallies of their lists."""

    tally: Tally = Tally()
    rows: Mapping[str, Row] = field(default_factory=dict)
    lists: Mapping[str, Tally] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Update:
    """The changes of one transaction to an owner's view, each with what it replaces.

    Attributes
    ----------
    revision : int
        The revision that this transaction makes, one more than the tally's before.
    rows : list of (Row or None, Row)
    lists : list of (str, Tally, Tally)
        Name, before, after; a tally that counts nothing is an item to be removed.
    tally : (Tally, Tally)
    """

    revision: int
    rows: list[tuple[Row | None, Row]]
    lists: list[tuple[str, Tally, Tally]]
    tally: tuple[Tally, Tally]

    @property
    def item_count(self) -> int:
        """Rows and list tallies, and the owner's tally and the log's entry."""
        return len(self.rows) + len(self.lists) + 2


def newest(heads: Iterable[Head]) -> dict[str, Head]:
    """The newest event of each todo."""
    found: dict[str, Head] = {}
    for head in heads:
        known = found.get(head.todo_id)
        if known is None or known.version < head.version:
            found[head.todo_id] = head
    return found


def is_behind(row: Row | None, head: Head) -> bool:
    """Whether the row does not have the event yet."""
    return row is None or row.version < head.version


def project(view: OwnerView, heads: Iterable[Head]) -> Update | None:
    """What the events change in the owner's view; None if the rows have all of them."""
    revision = view.tally.revision + 1
    rows: list[tuple[Row | None, Row]] = []
    tally = view.tally
    lists: dict[str, Tally] = {}
    for head in newest(heads).values():
        old = view.rows.get(head.todo_id)
        if not is_behind(old, head):
            continue
        new = Row(head.todo_id, head.version, head.state, revision)
        rows.append((old, new))
        for sign, row in ((-1, old), (1, new)):
            counted = _counted_in(row)
            if counted is not None:
                name, is_completed = counted
                tally = tally.plus(sign, is_completed=is_completed)
                lists[name] = lists.get(name, view.lists.get(name, Tally())).plus(sign, is_completed=is_completed)
    if not rows:
        return None
    # The counts of a list have its revision as it was read: it is another tally only if they moved.
    moved = [
        (name, before, after.written_by(revision))
        for name, after in lists.items()
        if after != (before := view.lists.get(name, Tally()))
    ]
    return Update(revision, rows, moved, (view.tally, tally.written_by(revision)))


def apply_update(view: OwnerView, update: Update) -> OwnerView:
    """The view after the update's transaction has succeeded."""
    lists = {**view.lists, **{name: after for name, _, after in update.lists}}
    return OwnerView(
        tally=update.tally[1],
        rows={**view.rows, **{new.todo_id: new for _, new in update.rows}},
        # The item of an empty tally was deleted: the next transaction must treat it as absent.
        lists={name: tally for name, tally in lists.items() if tally.total},
    )


# A usual state has a few hundred characters. Hundreds of the largest would fill the memory of a Lambda.
MAX_REMEMBERED_LENGTH: Final = 2_000


def todo_of(state: str) -> Mapping[str, Any]:
    """The fields of a stored state that are set. One state is looked at several times on its way into a row.

    Raises
    ------
    ValueError
        When it is not a JSON object.
    """
    return _remembered_todo(state) if len(state) <= MAX_REMEMBERED_LENGTH else _load_todo(state)


@lru_cache(maxsize=512)
def _remembered_todo(state: str) -> Mapping[str, Any]:
    return _load_todo(state)


def _load_todo(state: str) -> Mapping[str, Any]:
    todo = json.loads(state)
    if not isinstance(todo, dict):
        raise ValueError("a state is a JSON object")
    return todo


def list_of(state: str) -> str:
    """The list that a todo of this state is in, deleted or not."""
    name: str = todo_of(state).get("list", DEFAULT_LIST)
    return name


def is_deleted(state: str) -> bool:
    """Whether this is a deleted todo's last state."""
    return bool(todo_of(state).get("deleted", False))


def _counted_in(row: Row | None) -> tuple[str, bool] | None:
    """The list that counts the row, and whether as completed; None without a row, or for a deleted todo."""
    if row is None:
        return None
    todo = todo_of(row.state)
    if todo.get("deleted", False):
        return None
    return todo.get("list", DEFAULT_LIST), bool(todo.get("completed", False))
