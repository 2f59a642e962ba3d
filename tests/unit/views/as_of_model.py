"""A model of what the list as it was is read from: streams, and rows that are caught up with them.

Todos are made, changed, deleted and restored while a walk is under way; tombstones expire, and the views are rebuilt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar, Final
from unittest.mock import patch

from chalicelib.ledger.codec import dump_state
from chalicelib.todos import fold, instants
from chalicelib.todos.events import CREATED, DELETED, EDITED, RESTORED, Event, Todo
from chalicelib.views import codec, queries
from chalicelib.views.as_of import walk as walks
from chalicelib.views.as_of.walk import Walk
from chalicelib.views.projection import Row, is_deleted
from chalicelib.views.queries import TodoRow
from chalicelib.views.recorded import At, Recorded

HOUR: Final = 3600 * 1000
DAY: Final = 24 * HOUR
TOMBSTONE: Final = codec.TOMBSTONE_SECONDS * 1000
TODOS: Final = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(7)]
FILTERS: Final[list[Callable[[TodoRow], bool] | None]] = [
    None,
    lambda row: row.todo["completed"],
    lambda row: row.todo["list"] == "a",
]


@dataclass
class World:
    """The ledger and the views of one owner, who writes at random."""

    random: Random
    now: int = 1_700_000_000_000
    events: dict[str, list[Event]] = field(default_factory=dict)
    unreadable: set[At] = field(default_factory=set)
    rows: dict[str, Row] = field(default_factory=dict)
    expires: dict[str, int] = field(default_factory=dict)
    # Of the walk under way: what it gave, and of which todos it found no row.
    given: list[tuple[str, int, Todo]] = field(default_factory=list)
    rowless: set[str] = field(default_factory=set)
    walk_class: ClassVar[type[Walk]] = Walk

    # What happens.

    def step(self) -> None:
        self.now += self.random.choice((1, 1000, HOUR, DAY, 9 * DAY))
        self.write(self.random.choice(TODOS))
        self.expire()
        if self.random.random() < 0.05:
            self.rebuild()

    def write(self, todo_id: str) -> None:
        stream = self.events.setdefault(todo_id, [])
        for _ in range(self.random.choice((1, 1, 1, 2, 9))):
            before = stream[-1].state if stream else None
            change: dict[str, Any] = {
                "title": "x" * self.random.choice((1, 2, 900)),
                "list": self.random.choice("ab"),
                "completed": self.random.random() < 0.5,
            }
            kind = EDITED
            if before is None:
                kind = CREATED
                if self.random.random() < 0.3:
                    # As a load that knows when the todo was created elsewhere.
                    earlier = self.now - self.random.randrange(90 * DAY)
                    change["created_at"] = instants.format_milliseconds(earlier)
            elif before["deleted"]:
                kind = RESTORED
            elif self.random.random() < 0.3:
                kind, change = DELETED, {}
            self.append(todo_id, stream, kind, change)
            if kind == DELETED:
                break

    def append(self, todo_id: str, stream: list[Event], kind: str, change: dict[str, Any]) -> None:
        before, version = (stream[-1].state if stream else None), len(stream) + 1
        occurred_at = instants.instant_after(stream[-1].occurred_at if stream else None, self.now)
        state = fold.evolve(before, kind, change, occurred_at)
        event = Event(f"o#{todo_id}", version, "e", kind, change, state, fold.STATE_SCHEMA, "o", occurred_at)
        stream.append(event)
        self.now = max(self.now, instants.milliseconds_of(occurred_at))
        if self.random.random() < 0.05:
            self.unreadable.add((todo_id, version))
        else:
            self.rows[todo_id] = Row(todo_id, version, dump_state(state), 1)
            self.expires[todo_id] = self.now + TOMBSTONE

    def expire(self) -> None:
        """TTL takes tombstones some time after they have expired."""
        for todo_id, row in list(self.rows.items()):
            if is_deleted(row.state) and self.expires[todo_id] < self.now and self.random.random() < 0.7:
                del self.rows[todo_id]

    def rebuild(self) -> None:
        """Old deletions have no row in a new table, and the tombstones of others begin anew."""
        for todo_id in list(self.events):
            if (head := self.newest(todo_id, self.now)) is None:
                continue
            if head.state["deleted"] and instants.milliseconds_of(head.occurred_at) < self.now - TOMBSTONE:
                self.rows.pop(todo_id, None)
            else:
                self.rows[todo_id] = Row(todo_id, head.version, dump_state(head.state), 1)
                self.expires[todo_id] = self.now + TOMBSTONE

    # Who reads.

    def read(self) -> None:
        """A whole walk, with writes between its pages."""
        occurred = [instants.milliseconds_of(event.occurred_at) for stream in self.events.values() for event in stream]
        instant = self.random.choice((*occurred, self.now, self.now - self.random.randrange(150 * DAY)))
        accept = self.random.choice(FILTERS)
        limit = self.random.choice((1, 2, 3, 50))
        self.given, self.rowless, after = [], set(), None
        while True:
            self.rowless |= self.events.keys() - self.rows.keys()
            page = self.page(instant, accept, after, limit)
            assert len(page.rows) <= limit
            self.given += [(row.todo_id, row.version, row.todo) for row in page.rows]
            if page.next_after is None:
                break
            assert after is None or page.next_after > after, "does not come to an end"
            after = page.next_after
            for _ in range(self.random.randrange(4)):
                self.step()
        self.check(instant, accept)

    def page(
        self, instant: int, accept: Callable[[TodoRow], bool] | None, after: str | None, limit: int
    ) -> queries.Page:
        bounds: dict[str, Any] = {
            "REQUESTS_OF_A_PAGE": self.random.choice((1, 3, 20)),
            "SEARCHES_AT_ONCE": self.random.choice((1, 2, 100)),
        }
        size = self.random.choice((100, 3000, queries.MAX_EXAMINED_BYTES))
        with patch.multiple(walks, **bounds), patch.object(queries, "MAX_EXAMINED_BYTES", size):
            return self.walk_class(self.read_rows, self.read_events, instant, accept).page(after, limit)

    def read_rows(self, after: str | None, limit: int | None) -> tuple[Sequence[Row], bool]:
        """What a query finds: as many as fit, which may be fewer than it asks for."""
        found = [self.rows[todo_id] for todo_id in sorted(self.rows) if after is None or todo_id > after]
        count = min(limit or len(found), self.random.choice((1, 2, 100)))
        return found[:count], len(found) <= count

    def read_events(self, versions: Sequence[At]) -> dict[At, Recorded]:
        assert len(versions) <= walks.SEARCHES_AT_ONCE, "more than one request takes"
        return {at: self.recorded(*at) for at in versions}

    def recorded(self, todo_id: str, version: int) -> Recorded:
        event = self.events[todo_id][version - 1]
        occurred_at = instants.milliseconds_of(event.occurred_at)
        if (todo_id, version) in self.unreadable:
            return Recorded(todo_id, version, None, occurred_at if version % 2 else None)
        return Recorded(todo_id, version, event, occurred_at)

    # What must hold.

    def newest(self, todo_id: str, instant: int) -> Event | None:
        """The newest event that can be read, up to an instant."""
        for event in reversed(self.events[todo_id]):
            is_readable = (todo_id, event.version) not in self.unreadable
            if is_readable and instants.milliseconds_of(event.occurred_at) <= instant:
                return event
        return None

    def check(self, instant: int, accept: Callable[[TodoRow], bool] | None) -> None:
        """The pages joined are what every stream was at the instant."""
        expected = []
        for todo_id in sorted(self.events):
            event = self.newest(todo_id, instant)
            if event is None or event.state["deleted"]:
                continue
            if accept is None or accept(TodoRow(todo_id, event.version, event.state)):
                expected.append((todo_id, event.version, event.state))
        found = {todo_id for todo_id, _, _ in self.given}
        assert len(found) == len(self.given), "twice"
        if instant < self.now - TOMBSTONE:
            # Only what had no row, since its tombstone had expired, may be missing.
            expected = [each for each in expected if each[0] in found or each[0] not in self.rowless]
        missing = {todo_id for todo_id, _, _ in expected} - found
        assert not missing, f"missing: {missing}"
        assert self.given == expected, "not what it was"


def play(world_class: type[World], seed: int, steps: int = 40) -> int:
    """Play one schedule to its end; how many walks there were.

    Raises
    ------
    AssertionError
        When the pages of a walk were not what its instant's list was.
    """
    world = world_class(Random(seed))
    walks_done = 0
    for _ in range(steps):
        world.step()
        if world.random.random() < 0.4:
            world.read()
            walks_done += 1
    return walks_done


def fails(world_class: type[World], seeds: range, error: str) -> bool:
    """Whether one of these schedules ends with an error that begins like this."""
    for seed in seeds:
        try:
            play(world_class, seed)
        except AssertionError as found:
            if str(found).startswith(error):
                return True
    return False
