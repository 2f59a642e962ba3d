"""Pure checks of one owner's partition of a views table: rows, tallies and log against each other."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.audit.stream_checks import Found
from chalicelib.ledger.codec import load_state
from chalicelib.todos import ids
from chalicelib.views import codec, schema

# The log keeps its entries for 90 days; the last day is left for TTL to be early or late in.
LOG_DAYS: Final = 89

Item = dict[str, dict[str, Any]]
Counts = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Row:
    version: int
    revision: int
    # Where it counts; None for a deleted todo.
    counted_in: tuple[str, bool] | None
    is_young: bool


@dataclass
class Partition:
    """The items of one owner, added in any order; an item that is added again replaces the earlier one.

    It holds some 500 bytes for each todo and 100 for each entry of the log.

    Parameters
    ----------
    owner : str
        As encoded in keys.
    since : str
        The instant from which the log must be complete.
    """

    owner: ids.Partition
    since: str
    tally: Item | None = None
    rows: dict[str, _Row] = field(default_factory=dict)
    lists: dict[str, Item] = field(default_factory=dict)
    # The log's revisions; the oldest one of them that is young, and how many are; each todo's newest entry:
    # (revision, version).
    revisions: set[int] = field(default_factory=set)
    first_young: int | None = None
    young: int = 0
    named: dict[str, tuple[int, int]] = field(default_factory=dict)
    # Each todo's oldest entry: (revision, version, how many events it brought); and how many all of them brought.
    # None if an entry of an older version of the service does not say it.
    first_named: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    brought: Counter[str] | None = field(default_factory=Counter)
    unknown: set[str] = field(default_factory=set)

    @property
    def revision(self) -> int:
        """The revision of the owner's tally; 0 without one."""
        return _number(self.tally, "revision")

    def take(self, item: Item) -> None:
        """Add an item of the owner's partition; one that cannot be read is noted as unknown."""
        sort_key = item["sk"]["S"]
        self.unknown.discard(sort_key)
        try:
            self._take(sort_key, item)
        except (LookupError, ValueError, TypeError):
            self.unknown.add(sort_key)

    def _take(self, sort_key: str, item: Item) -> None:
        if sort_key == schema.TALLY_KEY:
            self.tally = item
        elif sort_key.startswith(schema.LIST_PREFIX):
            self.lists[ids.decode_list(sort_key.removeprefix(schema.LIST_PREFIX))] = item
        elif sort_key.startswith(schema.LOG_PREFIX):
            self._take_entry(int(sort_key.removeprefix(schema.LOG_PREFIX)), item)
        elif sort_key.startswith(schema.TODO_PREFIX):
            self._take_row(sort_key.removeprefix(schema.TODO_PREFIX), item)
        else:
            self.unknown.add(sort_key)

    def check(self) -> Iterator[Found]:
        """Everything that is wrong."""
        for sort_key in sorted(self.unknown):
            yield "unknown-item", f"{sort_key} is nothing as the projection writes it"
        if self.tally is None and (self.rows or self.lists):
            yield "tally-missing", f"{len(self.rows)} rows without the owner's tally"
            return
        yield from self._check_counts()
        yield from self._check_revisions()
        yield from self._check_log()
        yield from self._check_events_brought()

    def _take_entry(self, revision: int, item: Item) -> None:
        # An entry never changes.
        if revision in self.revisions:
            return
        self.revisions.add(revision)
        if item["at"]["S"] < self.since:
            return
        changes = json.loads(item["changes"]["S"])
        self.first_young = revision if self.first_young is None else min(revision, self.first_young)
        self.young += 1
        for todo_id, version in changes:
            self.named[todo_id] = max(self.named.get(todo_id, (0, 0)), (revision, version))
        if "counts" not in item:
            self.brought = None
        if self.brought is not None:
            counts = codec.load_counts(item["counts"]["S"], len(changes))
            for (todo_id, version), count in zip(changes, counts, strict=True):
                first = revision, version, count
                self.first_named[todo_id] = min(self.first_named.get(todo_id, first), first)
                self.brought[todo_id] += count

    def _take_row(self, todo_id: str, item: Item) -> None:
        todo = load_state(item["state"]["S"])
        counted_in = None if todo["deleted"] else (sys.intern(todo["list"]), todo["completed"])
        version, revision = _number(item, "version"), _number(item, "revision")
        # What occurred within the log's time was projected within it.
        self.rows[todo_id] = _Row(version, revision, counted_in, todo["updated_at"] >= self.since)

    def _check_counts(self) -> Iterator[Found]:
        counted = Counter(row.counted_in for row in self.rows.values() if row.counted_in is not None)
        recount = {
            name: (counted[name, False] + counted[name, True], counted[name, False], counted[name, True])
            for name in {name for name, _ in counted}
        }
        total = tuple(map(sum, zip(*recount.values(), strict=True))) if recount else (0, 0, 0)
        if self.tally is not None and _counts(self.tally) != total:
            yield "tally", f"{_counts(self.tally)} where {total} are counted (total, open, completed)"
        for name in sorted({*self.lists, *recount}):
            has, should_have = self.lists.get(name), recount.get(name)
            if has is None:
                yield "list-tally", f"the list {name!r} has no tally where {should_have} are counted"
            elif should_have is None:
                yield "list-empty", f"the list {name!r} is empty and has a tally, {_counts(has)}"
            elif _counts(has) != should_have:
                yield "list-tally", f"the list {name!r} has {_counts(has)} where {should_have} are counted"

    def _check_revisions(self) -> Iterator[Found]:
        ahead = [(row.revision, todo_id) for todo_id, row in self.rows.items() if row.revision > self.revision]
        ahead += [(_number(item, "revision"), name) for name, item in self.lists.items()]
        ahead += [(revision, "the log's entry") for revision in self.revisions]
        for revision, what in sorted(ahead):
            if revision > self.revision:
                yield "revision", f"{what} is of revision {revision} where the owner's tally has {self.revision}"

    def _check_log(self) -> Iterator[Found]:
        if self.first_young is not None:
            missing = self.first_young
            while missing in self.revisions:
                missing += 1
            if missing <= self.revision:
                yield "log-gap", f"revision {missing} is missing, between {self.first_young} and {self.revision}"
        for todo_id, (revision, version) in sorted(self.named.items()):
            row = self.rows.get(todo_id)
            if row is None or (row.revision, row.version) < (revision, version):
                yield (
                    "log-row",
                    f"revision {revision} names version {version} of {todo_id}, which the row does not have",
                )
        for todo_id, row in sorted(self.rows.items()):
            young = row.is_young or (self.first_young is not None and row.revision >= self.first_young)
            if young and self.named.get(todo_id, (0, 0)) < (row.revision, row.version):
                yield "log-missing", f"no entry names version {row.version} of {todo_id}, of revision {row.revision}"

    def _check_events_brought(self) -> Iterator[Found]:
        """Each entry goes on where the todo's entry before it ended, if none of them is missing."""
        if self.brought is None or self.first_young is None or self.young <= self.revision - self.first_young:
            return
        for todo_id, (_, begun, of_first) in sorted(self.first_named.items()):
            _, version = self.named[todo_id]
            brought, lies_between = self.brought[todo_id] - of_first, version - begun
            if brought != lies_between or not 0 <= of_first <= begun:
                yield (
                    "log-counts",
                    f"entries of {todo_id} brought {of_first} events up to version {begun}, and {brought} to {version}",
                )


def _number(item: Item | None, name: str) -> int:
    return int(item[name]["N"]) if item is not None else 0


def _counts(item: Item) -> Counts:
    return _number(item, "total"), _number(item, "open"), _number(item, "completed")
