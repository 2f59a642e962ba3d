"""Sync: what has changed in an owner's views since a position, each todo with its newest state.

It walks the log. The entry of a revision names the todos that this changed, and counts for those whose row is still of
this revision: a later entry brings the others. A transaction becomes visible item by item, so the walk stops before a
revision that is missing, or whose rows are older than its entry says. docs/exactly-once.md tells why nothing is missed.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from chalicelib.aws.errors import READ_ERRORS
from chalicelib.aws.retry import Pauses
from chalicelib.ledger.codec import load_state
from chalicelib.todos import ids, instants
from chalicelib.todos.ids import Owner
from chalicelib.views import codec, current, queries, schema, table_reads
from chalicelib.views.errors import PositionExpired
from chalicelib.views.pointer import Pointer
from chalicelib.views.queries import TodoRow
from chalicelib.views.sync.position import DAY, Position

# After so long a transaction is wholly visible, or never was: requests end within seconds, a projecting Lambda within
# 60. It is compared with other machines' clocks, which keep time to far less than this.
VISIBLE_AFTER: Final = 60_000

# Behind a position that was at the end longer ago, entries may have expired without a trace (the log keeps them for
# 90 days, so that a tombstone, kept for 100, outlives its entry).
LONGEST_AWAY: Final = codec.LOG_SECONDS * 1000 - DAY

# An entry has 4 KB after a bulk load, and 150 bytes after a client's edit.
ENTRIES_AT_ONCE: Final = 25
# So many rows of those that entries name are read before it is known whether they fit: at most 64 KB each.
ROWS_AT_ONCE: Final = 200
# What an answered todo has beside the stored state: its URL, its version, and a null for each unset field.
BYTES_BESIDE_THE_STATE: Final = 600
# A todo that was changed a thousand times has a thousand entries, and one of them counts.
QUERIES_OF_A_PAGE: Final = 20
# What is looked at before a first sync, so that it need not come twice.
CHANGES_BEFORE_THE_FIRST: Final = 200

# So long an empty page is held back that would only say that there is more.
PATIENCE_SECONDS: Final = 1.0

TOO_OLD: Final = "The feed does not reach back so far any more."

_BEHIND_ALL: Final = "\x7f"

Item = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """Some changes (of a deleted todo its last state), where the next page begins, and whether more may be there."""

    changes: list[TodoRow]
    position: Position
    more: bool


def page(owner: Owner, since: Position | None, limit: int) -> Page:
    """The owner's changes since a position, oldest first, each todo once; since None, everything there is.

    It ends at `limit` changes or 3 MB, and may be empty and still have more behind it.

    Raises
    ------
    PositionExpired
        When the position is of another views table, or entries behind it have expired.
    ViewsUnavailable
    """
    if since is None or since.generation != generation_of(current.current_table()):
        # What begins now should outlive a rebuild's end, and another process may know of that already.
        current.forget()

    def read(now: Pointer) -> Page:
        try:
            return _Reader(owner, now.reader).page(since, limit)
        except READ_ERRORS as error:
            raise current.unavailable(error) from error

    return current.read_current(read)


def generation_of(table: str) -> str:
    """What a position keeps of the name of its views table."""
    return hashlib.sha256(table.encode()).hexdigest()[:16]


def next_page(owner: Owner, since: Position | None, limit: int, seconds: float) -> Page:
    """The same, but an empty page comes only after so many seconds in which nothing has changed."""
    began = time.monotonic()
    pauses = Pauses(queries.POLL_FIRST_SECONDS, queries.POLL_CEILING_SECONDS)
    while True:
        found = page(owner, since, limit)
        left = began + max(seconds, PATIENCE_SECONDS if found.more else 0) - time.monotonic()
        if found.changes or not pauses.wait(left):
            return found
        since = found.position


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of the log: which (todo id, version) a revision wrote, and when (milliseconds since 1970)."""

    revision: int
    at: int
    changes: Sequence[tuple[str, int]]

    @classmethod
    def of(cls, item: Item) -> _Entry:
        return cls(
            revision=int(item["sk"]["S"].removeprefix(schema.LOG_PREFIX)),
            at=instants.milliseconds_of(item["at"]["S"]),
            changes=[(todo_id, version) for todo_id, version in json.loads(item["changes"]["S"])],
        )


@dataclass(frozen=True, slots=True)
class _Step:
    """One change of an entry; the walk goes from one to the next."""

    entry: _Entry
    place: int

    @property
    def todo_id(self) -> str:
        return self.entry.changes[self.place][0]

    @property
    def version(self) -> int:
        return self.entry.changes[self.place][1]

    def wrote(self, row: Item) -> bool:
        """Whether the todo's row is still as this change wrote it; otherwise a later entry brings the todo."""
        return int(row["revision"]["N"]) == self.entry.revision

    def position_behind(self, position: Position) -> Position:
        """Where a walk is that takes this change next."""
        if self.place + 1 < len(self.entry.changes):
            return position.within(self.entry.revision, self.place + 1)
        return position.behind(self.entry.revision, self.entry.at)


def _steps_behind(position: Position, entries: Sequence[_Entry]) -> list[_Step]:
    """The changes of these entries, without those of the first one that were given already."""
    return [
        _Step(entry, place)
        for entry in entries
        for place in range(len(entry.changes))
        if entry.revision > position.revision + 1 or place >= position.given
    ]


class _Changes:
    """The changes of a page, of each todo the last one, within the page's bounds."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0
        self._rows: dict[str, TodoRow] = {}

    @property
    def rows(self) -> list[TodoRow]:
        return list(self._rows.values())

    @property
    def room(self) -> int:
        return self._limit - len(self._rows)

    def add(self, todo_id: str, item: Item) -> bool:
        """Whether there was room for it."""
        if todo_id not in self._rows and not self.room:
            return False
        state = item["state"]["S"]
        # Within the Lambda's answer the body is a JSON string, whose quotes and non-ASCII characters are escaped.
        self._bytes += len(json.dumps(state)) + BYTES_BESIDE_THE_STATE
        if self._rows and self._bytes > queries.MAX_ANSWERED_BYTES:
            return False
        self._rows.pop(todo_id, None)
        self._rows[todo_id] = TodoRow(todo_id, int(item["version"]["N"]), load_state(state))
        return True


class _Reader:
    """One page's reads of one owner's partition in a views table."""

    def __init__(self, owner: Owner, table: str) -> None:
        self._table = table
        self._generation = generation_of(table)
        self._partition = ids.partition_of(owner)
        self._now = time.time_ns() // 1_000_000

    def page(self, since: Position | None, limit: int) -> Page:
        position = self._beginning() if since is None else since
        if position.generation != self._generation:
            raise PositionExpired("The views were rebuilt since then.")
        if self._now - position.complete_at > LONGEST_AWAY:
            raise PositionExpired(TOO_OLD)
        changes = _Changes(limit)
        if position.listed_to is not None:
            position = self._list(position, changes)
        if position.listed_to is not None:
            return Page(changes.rows, position, more=True)
        return self._walk(position, changes)

    def _beginning(self) -> Position:
        """Where a first sync begins: all that is up to there was wholly visible before it reads its first row.

        That is as far as a walk comes now, from an entry that is old enough. What it does not reach comes again later.
        """
        tally = table_reads.tally(self._table, self._partition)
        revision = int(tally["revision"]["N"]) if tally else 0
        anchor = Position(self._generation, self._now, self._newest_old_entry(revision), began_at=revision)
        return replace(self._walk(anchor, _Changes(CHANGES_BEFORE_THE_FIRST)).position, listed_to="")

    def _newest_old_entry(self, revision: int) -> int:
        """A revision up to which everything is long visible, no further back than twice the newest such; or 0.

        Of entries that may be about to expire none is taken: those behind it might be gone before it is.
        """
        steps = [0, *(2**power for power in range(revision.bit_length()))]
        wanted = [(self._partition, schema.log_key(revision - step)) for step in steps if step < revision]
        entries = [_Entry.of(item) for item in table_reads.items(self._table, wanted).values()]
        kept = self._now - LONGEST_AWAY
        return max((entry.revision for entry in entries if self._is_old(entry) and entry.at > kept), default=0)

    def _list(self, position: Position, changes: _Changes) -> Position:
        """List rows by id: one Query, which ends at 1 MB."""
        assert position.listed_to is not None
        low = schema.todo_key(position.listed_to) + " "
        rows, is_end = self._query(low, schema.TODO_PREFIX + _BEHIND_ALL, changes.room + 1)
        listed_to = position.listed_to
        for row in rows:
            todo_id = row["sk"]["S"].removeprefix(schema.TODO_PREFIX)
            if not changes.add(todo_id, row):
                return replace(position, listed_to=listed_to)
            listed_to = todo_id
        return replace(position, listed_to=None if is_end else listed_to)

    def _walk(self, position: Position, changes: _Changes) -> Page:
        for _ in range(QUERIES_OF_A_PAGE):
            items, is_end = self._query(
                schema.log_key(position.revision + 1), schema.LOG_PREFIX + _BEHIND_ALL, ENTRIES_AT_ONCE
            )
            entries = [_Entry.of(item) for item in items]
            position, has_stopped = self._take(entries, position, changes)
            is_behind_all = not entries or position.revision == entries[-1].revision
            if is_end and is_behind_all and not has_stopped:
                return Page(changes.rows, self._at_the_end(position), more=False)
            if has_stopped or not changes.room:
                break
        return Page(changes.rows, position, more=True)

    def _take(self, entries: Sequence[_Entry], position: Position, changes: _Changes) -> tuple[Position, bool]:
        """Take the entries' changes as far as there is room; whether the walk has to stop there for another reason."""
        before_a_gap = self._before_a_gap(entries, position)
        steps = _steps_behind(position, before_a_gap)
        rows: dict[str, Item | None] = {}
        for place, step in enumerate(steps):
            if step.todo_id not in rows:
                if not changes.room:
                    return position, False
                rows |= self._rows_of_first(min(changes.room, ROWS_AT_ONCE), steps[place:])
            row = rows[step.todo_id]
            if not self._is_visible(step, row, position):
                return position, True
            if row is not None and step.wrote(row) and not changes.add(step.todo_id, row):
                return position, True
            position = step.position_behind(position)
        return position, len(before_a_gap) < len(entries)

    def _rows_of_first(self, count: int, steps: Iterable[_Step]) -> dict[str, Item | None]:
        """The rows of the first so many todos, by id; None where a todo has no row."""
        todo_ids = list(islice(dict.fromkeys(step.todo_id for step in steps), count))
        return dict.fromkeys(todo_ids) | self._rows(todo_ids)

    def _before_a_gap(self, entries: Sequence[_Entry], position: Position) -> Sequence[_Entry]:
        """The entries before the first revision that may not be visible yet.

        Raises
        ------
        PositionExpired
            When a missing revision is too old for that.
        """
        expected = position.revision + 1
        for number, entry in enumerate(entries):
            if entry.revision != expected:
                # The revisions of this gap were there when a first sync began. Their entries are missing since they
                # expired, long before its rows were read, unless that was a moment ago.
                is_of_the_first = entry.revision <= position.began_at + 1
                if not (self._is_old(entry) or (is_of_the_first and self._began_long_ago(position))):
                    return entries[:number]
                if not is_of_the_first:
                    raise PositionExpired(TOO_OLD)
            expected = entry.revision + 1
        return entries

    def _is_visible(self, step: _Step, row: Item | None, position: Position) -> bool:
        """Whether a row is as new as the log says, or gone for good.

        Raises
        ------
        PositionExpired
            When it is gone and the reader may have the todo: it would keep it for ever.
        """
        if row is not None:
            return int(row["version"]["N"]) >= step.version
        if not self._is_old(step.entry):
            return False
        if step.entry.revision > position.began_at:
            raise PositionExpired(TOO_OLD)
        return True

    def _at_the_end(self, position: Position) -> Position:
        if self._now - position.complete_at <= DAY:
            return position
        # Nothing that followed can have expired so far: what does follow, if anything, is not visible yet.
        return replace(position, complete_at=self._now - VISIBLE_AFTER)

    def _is_old(self, entry: _Entry) -> bool:
        return entry.at < self._now - VISIBLE_AFTER

    def _began_long_ago(self, position: Position) -> bool:
        """Whether a first sync, whose walk is here, began so long ago that all before it must be visible."""
        return bool(position.began_at) and position.complete_at < self._now - VISIBLE_AFTER

    def _rows(self, todo_ids: Iterable[str]) -> dict[str, Item]:
        found = table_reads.items(self._table, [(self._partition, schema.todo_key(todo_id)) for todo_id in todo_ids])
        return {sort_key.removeprefix(schema.TODO_PREFIX): item for (_, sort_key), item in found.items()}

    def _query(self, low: str, high: str, limit: int) -> tuple[list[Item], bool]:
        """Items between two sort keys, and whether these are all."""
        return table_reads.page(self._table, self._partition, low, high, limit)
