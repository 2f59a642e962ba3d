"""A model of what activity is read from: a ledger, views tables whose log becomes visible late and expires, rebuilds.

Rows and entries are what the projection and its codec make of them. Clocks differ by some seconds, and a projector that
remembers the pointer of before projects into the old table alone until a rebuild begins to fill the new one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from unittest.mock import patch

from chalicelib.todos import instants
from chalicelib.todos.ids import Partition
from chalicelib.views import codec, schema
from chalicelib.views.activity import walk as walks
from chalicelib.views.activity.position import Position
from chalicelib.views.activity.walk import Entry
from chalicelib.views.errors import PositionExpired
from chalicelib.views.projection import Head, OwnerView, Row, Tally, is_deleted, newest, project
from chalicelib.views.recorded import At, Recorded
from chalicelib.views.sync.walk import VISIBLE_AFTER

SECOND: Final = 1000
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR
# How far apart clocks may be, and how late an entry may become visible: together less than a minute.
SKEW: Final = 10 * SECOND
LATE: Final = 30 * SECOND

TODOS: Final = ("a", "b", "c")
OWNER: Final = Partition("me")
ENTRIES_AT_ONCE: Final = 3


@dataclass
class Table:
    """A views table: rows, tally, and the log's items with when each becomes visible.

    Attributes
    ----------
    brought : dict
        The revision that first brought each event.
    """

    generation: str
    rows: dict[str, Row] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    log: dict[int, tuple[dict[str, Any], int]] = field(default_factory=dict)
    expires: dict[str, int] = field(default_factory=dict)
    brought: dict[At, int] = field(default_factory=dict)


@dataclass
class Reading:
    """A walk under way, and what it has given."""

    table: Table
    oldest: int
    # Which todo's events it asks for, or all.
    todo: str | None = None
    start: int = 0
    next: Position | None = None
    complete_from: int | None = None
    given: list[At] = field(default_factory=list)


class World:
    """One owner's ledger and views, and those who write, project, rebuild and read them, one step at a time."""

    walk_class: type[walks.Walk] = walks.Walk
    gives_older = False

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = 1_796_000_000_000
        # Each todo's events: when they occurred, and the state after them.
        self.events: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        self.records: list[Head] = []
        self.tables = [Table("g0")]
        self.generations = 1
        # Whether a rebuild has begun to fill the new table; before that, some projectors do not know of it.
        self.is_filling = False
        self.is_upgraded = random.random() < 0.8
        self.readings: list[Reading] = []
        self.finished = 0

    @property
    def reader(self) -> Table:
        return self.tables[0]

    # What happens.

    def step(self) -> None:
        steps = (self.wait, self.write, self.write, self.project, self.project, self.expire, self.rebuild, self.read)
        weights = (6, 3, 3, 3, 3, 1, 1, 8)
        self.random.choices(steps, weights)[0]()

    def wait(self) -> None:
        longest = self.random.choices((5 * SECOND, 90 * SECOND, 5 * HOUR, 12 * DAY, 40 * DAY), (8, 8, 3, 2, 1))[0]
        self.now += self.random.randrange(longest)
        if self.random.random() < 0.1 and any(self.events.values()):
            # Where a walk's reach ends within seconds of an event.
            occurred_at = self.random.choice([at for events in self.events.values() for at, _ in events])
            self.now = max(self.now, occurred_at + walks.REACH + self.random.randint(-SKEW, SKEW))

    def clock(self) -> int:
        return self.now + self.random.randint(-SKEW // 2, SKEW // 2)

    def write(self) -> None:
        todo = self.random.choice(TODOS)
        before = self.events[todo][-1] if self.events[todo] else None
        occurred_at = max(self.clock(), before[0] + 1 if before else 0)
        was_deleted = before is not None and is_deleted(before[1])
        state = {"updated_at": instants.format_milliseconds(occurred_at)}
        if before is not None and not was_deleted and self.random.random() < 0.4:
            state["deleted"] = True  # type: ignore[assignment]
        self.events[todo].append((occurred_at, json.dumps(state)))
        self.records.append(self.head(todo))

    def head(self, todo: str) -> Head:
        return Head(todo, len(self.events[todo]), self.events[todo][-1][1])

    def project(self) -> None:
        """Some records, in any order, some of which come again; now and then the newest event, as `redrive` does it."""
        self.random.shuffle(self.records)
        count = self.random.randint(0, len(self.records))
        batch, kept = self.records[:count], self.records[count:]
        self.records = kept + [head for head in batch if self.random.random() < 0.15]
        if self.events and self.random.random() < 0.1:
            batch.append(self.head(self.random.choice([todo for todo in self.events if self.events[todo]])))
        tables = self.tables if self.is_filling or self.random.random() < 0.5 else self.tables[:1]
        for table in reversed(tables):
            self.project_into(table, batch)

    def project_into(self, table: Table, heads: Sequence[Head]) -> None:
        rows = {todo: table.rows[todo] for todo in newest(heads) if todo in table.rows}
        update = project(OwnerView(table.tally, rows), heads)
        if update is None:
            return
        table.tally = update.tally[1]
        is_old_version = not self.is_upgraded
        if is_old_version and self.random.random() < 0.2:
            self.is_upgraded = True
        for write in codec.writes("views", OWNER, update, self.clock()):
            item = write["Put"]["Item"] if "Put" in write else {"sk": {"S": ""}}
            if item["sk"]["S"].startswith(schema.LOG_PREFIX):
                self.log(table, update.revision, item, is_old_version=is_old_version)
        for old, new in update.rows:
            table.rows[new.todo_id] = new
            table.expires[new.todo_id] = self.now + codec.TOMBSTONE_SECONDS * 1000
            for version in range(old.version + 1 if old else 1, new.version + 1):
                table.brought.setdefault((new.todo_id, version), update.revision)

    def log(self, table: Table, revision: int, item: dict[str, Any], *, is_old_version: bool) -> None:
        if is_old_version:
            del item["counts"]
        late = self.random.randrange(LATE) if self.random.random() < 0.4 else 0
        table.log[revision] = item, self.now + late

    def expire(self) -> None:
        """TTL takes items some time after they have expired, in no order."""
        for table in self.tables:
            for revision, (item, _) in list(table.log.items()):
                if int(item["expires_at"]["N"]) * 1000 < self.now and self.random.random() < 0.5:
                    del table.log[revision]
            for todo, row in list(table.rows.items()):
                if is_deleted(row.state) and table.expires[todo] < self.now and self.random.random() < 0.7:
                    del table.rows[todo]

    def rebuild(self) -> None:
        """The next step of a rebuild: the new table is named, then filled, then read; the old one is dropped."""
        if len(self.tables) == 1:
            if self.random.random() < 0.5:
                self.tables.append(Table(f"g{self.generations}"))
                self.generations += 1
                self.is_filling = False
        elif not self.is_filling:
            self.is_filling = True
            self.fill(self.tables[1])
        else:
            del self.tables[0]

    def fill(self, table: Table) -> None:
        since = instants.format_milliseconds(self.now - codec.TOMBSTONE_SECONDS * 1000)
        heads = [self.head(todo) for todo, events in self.events.items() if events]
        heads = [h for h in heads if not is_deleted(h.state) or json.loads(h.state)["updated_at"] >= since]
        self.random.shuffle(heads)
        for start in range(0, len(heads), 2):
            self.project_into(table, heads[start : start + 2])

    # Who reads.

    def read(self) -> None:
        """A new walk, or one more page of one that is under way."""
        if self.readings and self.random.random() < 0.7:
            self.next_page(self.random.choice(self.readings))
        else:
            self.begin(self.random.choice((None, None, *TODOS)))

    def begin(self, todo: str | None = None) -> Reading:
        reading = Reading(self.reader, walks.oldest_at(self.now), todo)
        self.readings.append(reading)
        self._page(reading, self.reader.generation)
        return reading

    def next_page(self, reading: Reading) -> None:
        if reading.table is not self.reader:
            self.readings.remove(reading)
            return
        try:
            assert reading.next is not None
            self._page(reading, Position.parse(str(reading.next)))
        except PositionExpired:
            assert self.now - reading.oldest > walks.REACH + walks.LONGEST_WALK, "no other walk has expired"
            self.readings.remove(reading)

    def _page(self, reading: Reading, position: Position | str) -> None:
        limit = self.random.choice((1, 2, 5, 50))
        walk = self.walk_class(
            lambda highest, count: self.entries(reading.table, highest, count),
            self.recorded,
            self.now,
            at_once=self.random.choice((1, 2, 7)),
            choose=lambda found: [each for each in found if reading.todo in (None, each.todo_id)],
        )
        last = None
        bounds: dict[str, Any] = {
            "EVENTS_OF_A_PAGE": self.random.choice((3, 400)),
            "QUERIES_OF_A_PAGE": self.random.choice((1, 20)),
        }
        with patch.multiple(walks, **bounds):
            for given in walk.page(position):
                reading.given.append((given.recorded.todo_id, given.recorded.version))
                last = given
                limit -= 1
                if not limit:
                    break
        if isinstance(position, str):
            reading.start = walk.start
            seen = self.visible(reading.table)
            assert reading.start in (max(seen, default=0), *seen), "begins at an entry"
            assert reading.start == max(seen, default=0) or reading.start + 1 not in seen, "skips only what a gap is in"
        if limit or last is None:
            reading.next = walk.next
        else:
            reading.next = last.behind
        if reading.next is None:
            reading.complete_from = walk.complete_from
            self.readings.remove(reading)
            self.check(reading)

    def visible(self, table: Table) -> list[int]:
        return [revision for revision, (_, visible_at) in table.log.items() if visible_at <= self.now]

    def entries(self, table: Table, highest: int | None, count: int) -> tuple[list[Entry], bool]:
        """What a query of the log finds; fewer at once than it asks for, so that a walk takes several."""
        revisions = [number for number in self.visible(table) if highest is None or number <= highest]
        revisions.sort(reverse=True)
        count = min(count, ENTRIES_AT_ONCE)
        return [walks.entry_of(table.log[number][0]) for number in revisions[:count]], len(revisions) <= count

    def recorded(self, versions: Sequence[At]) -> dict[At, Recorded]:
        return {
            (todo, version): Recorded(todo, version, None, self.events[todo][version - 1][0])
            for todo, version in versions
        }

    # What must hold.

    def check(self, reading: Reading) -> None:
        """Each event that is young enough, of a revision up to the walk's start, was given exactly once."""
        self.finished += 1
        assert len(set(reading.given)) == len(reading.given), f"twice: {reading.given}"
        given = {at for at in reading.given if self.occurred_at(at) >= reading.oldest}
        assert self.gives_older or len(given) == len(reading.given), "too old"
        expected = set(self.expected(reading))
        assert given <= expected, f"not of this walk: {given - expected}"
        assert reading.complete_from is not None
        missing = {at for at in expected - given if self.occurred_at(at) >= reading.complete_from}
        assert not missing, f"missing: {missing}"
        if reading.complete_from > reading.oldest:
            log = reading.table.log
            below = range(1, reading.start + 1)
            assert any(number not in log or "counts" not in log[number][0] for number in below), "ends too early"
        for todo in TODOS:
            versions = [version for each, version in reading.given if each == todo]
            assert versions == sorted(versions, reverse=True), "newest first within a todo"

    def expected(self, reading: Reading) -> Iterator[At]:
        for at, revision in reading.table.brought.items():
            is_chosen = reading.todo in (None, at[0])
            if is_chosen and revision <= reading.start and self.occurred_at(at) >= reading.oldest:
                yield at

    def occurred_at(self, at: At) -> int:
        return self.events[at[0]][at[1] - 1][0]

    def settle(self) -> None:
        """When all is projected and visible, a walk gives all that is young enough, as far as it says that it does."""
        self.is_upgraded = True
        heads = [self.head(todo) for todo, events in self.events.items() if events]
        self.is_filling = True
        for table in self.tables:
            self.project_into(table, heads)
        self.now += VISIBLE_AFTER + SKEW
        reading = self.begin()
        while reading in self.readings:
            self.next_page(reading)
        assert reading.start == max(reading.table.log, default=0), "nothing was skipped"
        oldest, complete_from = reading.oldest, reading.complete_from
        assert complete_from is not None
        every = {(todo, version) for todo, events in self.events.items() for version in range(1, len(events) + 1)}
        missing = {at for at in every - set(reading.given) if self.occurred_at(at) >= max(oldest, complete_from)}
        assert not missing, f"missing in the end: {missing}"


def play(world_class: type[World], seed: int, steps: int = 60) -> int:
    """Play one schedule to its end; how many walks were finished.

    Raises
    ------
    AssertionError
        When a walk has missed or repeated an event.
    """
    world = world_class(Random(seed))
    for _ in range(steps):
        world.step()
    world.settle()
    return world.finished


def fails(world_class: type[World], seeds: Iterable[int], error: str) -> int | None:
    """The first of these schedules that ends with an error that begins like this."""
    for seed in seeds:
        try:
            play(world_class, seed)
        except AssertionError as found:
            if str(found).startswith(error):
                return seed
    return None
