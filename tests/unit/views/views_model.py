"""A model of the views table: dictionaries to which updates are applied as `views/projector.py` does it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from chalicelib.ledger.codec import dump_state
from chalicelib.todos.events import Event
from chalicelib.views.projection import Head, OwnerView, Row, Tally, Update, list_of, newest, project

Counts = tuple[int, int, int]


def counts(tally: Tally) -> Counts:
    return tally.total, tally.open, tally.completed


def head_of(event: Event) -> Head:
    return Head(event.stream_id, event.version, dump_state(event.state))


@dataclass
class Views:
    """One owner's items, every write on condition that the item still is what was read."""

    rows: dict[str, Row] = field(default_factory=dict)
    lists: dict[str, Tally] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    log: dict[int, list[tuple[str, int]]] = field(default_factory=dict)

    def read(self, heads: Iterable[Head]) -> OwnerView:
        """The tally, the batch's rows, and the tallies of the lists that those are in or come into."""
        found = newest(heads)
        rows = {todo_id: self.rows[todo_id] for todo_id in found if todo_id in self.rows}
        names = {list_of(head.state) for head in found.values()} | {list_of(row.state) for row in rows.values()}
        return OwnerView(self.tally, rows, {name: self.lists[name] for name in names if name in self.lists})

    def write(self, update: Update) -> None:
        for old, new in update.rows:
            assert self.rows.get(new.todo_id) == old
            assert new.revision == update.revision
        for name, before, after in update.lists:
            assert self.lists.get(name, Tally()) == before
            assert after.revision == update.revision
        assert self.tally == update.tally[0]
        assert update.revision not in self.log
        self.rows.update({new.todo_id: new for _, new in update.rows})
        for name, _, after in update.lists:
            if after.total:
                self.lists[name] = after
            else:
                del self.lists[name]
        self.tally = update.tally[1]
        self.log[update.revision] = [(new.todo_id, new.version) for _, new in update.rows]

    def project(self, heads: Iterable[Head]) -> Update | None:
        heads = list(heads)
        update = project(self.read(heads), heads)
        if update is not None:
            self.write(update)
        return update

    def content(self) -> tuple[dict[str, tuple[int, str]], dict[str, Counts], Counts]:
        """Rows and tallies without the revisions that wrote them, which depend on how the events were cut."""
        rows = {todo_id: (row.version, row.state) for todo_id, row in self.rows.items()}
        return rows, {name: counts(tally) for name, tally in self.lists.items()}, counts(self.tally)

    def recount(self) -> tuple[dict[str, Counts], Counts]:
        """The list tallies and the owner's, counted anew from the rows."""
        lists: dict[str, Counts] = {}
        total = (0, 0, 0)
        for row in self.rows.values():
            state = json.loads(row.state)
            if state.get("deleted"):
                continue
            done = 1 if state.get("completed") else 0
            one = (1, 1 - done, done)
            name = state.get("list", "inbox")
            lists[name] = plus(lists.get(name, (0, 0, 0)), one)
            total = plus(total, one)
        return lists, total


def plus(one: Counts, other: Counts) -> Counts:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]
