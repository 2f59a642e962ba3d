"""The walk down the log: which events each entry brought, newest first, every one once.

An entry says which versions its revision brought: (before, after] of each of its todos. Where a todo had no row that is
all of them, and some may have had an entry before the row, a tombstone, expired; those are older than `REACH`, which a
walk does not give. Transactions become visible item by item, so a revision may be missing for a moment: a walk begins
below what is missing, and waits where it meets that later. docs/exactly-once.md tells why each event is given once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final, Generic, TypeVar

from chalicelib.todos import instants
from chalicelib.views import codec, schema
from chalicelib.views.activity.position import Position
from chalicelib.views.errors import PositionExpired
from chalicelib.views.recorded import At, ReadEvents, Recorded
from chalicelib.views.sync.position import DAY, up_to_the_hour
from chalicelib.views.sync.walk import VISIBLE_AFTER

# So far back events are given, in milliseconds: for as long as a walk may take (a day), and one more, the log has its
# entries.
REACH: Final = codec.LOG_SECONDS * 1000 - 2 * DAY
LONGEST_WALK: Final = DAY

# What a page examines at most; behind that it ends, even if it is empty.
EVENTS_OF_A_PAGE: Final = 400
QUERIES_OF_A_PAGE: Final = 20
# A page of the usual size takes one query: an entry has 150 bytes after a client's edit, and 4 KB after a bulk load.
ENTRIES_AT_ONCE: Final = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the log: what a revision changed and when (milliseconds since 1970).

    Attributes
    ----------
    changes : sequence of (str, int)
        Todos' ids, and the versions that their rows came to.
    counts : sequence of int, optional
        How many events brought each of them there; None in an entry of an older version of the service.
    """

    revision: int
    at: int
    changes: Sequence[At]
    counts: Sequence[int] | None


def oldest_at(now: int) -> int:
    """From when on a walk gives events that begins now, both in milliseconds since 1970.

    It is the same for an hour, or an answer's cursor, and so its entity tag, would be another at each request.
    """
    return up_to_the_hour(now - REACH)


def entry_of(item: codec.Item) -> Entry:
    """The entry that an item of the log is."""
    changes = [(todo_id, version) for todo_id, version in json.loads(item["changes"]["S"])]
    return Entry(
        revision=int(item["sk"]["S"].removeprefix(schema.LOG_PREFIX)),
        at=instants.milliseconds_of(item["at"]["S"]),
        changes=changes,
        counts=codec.load_counts(item["counts"]["S"], len(changes)) if "counts" in item else None,
    )


Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class Given(Generic[Place]):
    """An event that a walk gives, and where the walk is behind it."""

    recorded: Recorded
    behind: Place


# The newest entries up to a revision (None: of all), newest first and at most so many, and whether nothing is below.
ReadLog = Callable[[int | None, int], tuple[Sequence[Entry], bool]]
# Those of some events, all given in order, that a reader asks for.
Choose = Callable[[Sequence[Recorded]], Iterable[Recorded]]


@dataclass(frozen=True, slots=True)
class _Step:
    """One event of an entry; a walk goes from one to the next."""

    entry: Entry
    place: int
    version: int
    # The lowest version that this change brought.
    first: int

    @property
    def at(self) -> At:
        return self.entry.changes[self.place][0], self.version

    @property
    def range(self) -> tuple[int, int]:
        return self.entry.revision, self.place

    def position_behind(self, walk: Position) -> Position:
        if self.version > self.first:
            return walk.moved_to(self.entry.revision, self.place, self.version - 1)
        return walk.moved_to(self.entry.revision, self.place + 1)


class Walk:
    """One page of a walk: iterate over it for the events, as many as are wanted.

    Attributes
    ----------
    next : Position, optional
        Once the iteration has ended by itself: where the next page begins; None after the last.
    complete_from : int, optional
        Of a walk that is over, the instant (milliseconds since 1970) from which no event is missing.
    start : int
        The revision at which the walk began, if this is its first page.
    """

    def __init__(
        self,
        read_log: ReadLog,
        read_events: ReadEvents,
        now: int,
        *,
        since: int | None = None,
        at_once: int = 100,
        choose: Choose = lambda found: found,
    ) -> None:
        self._read_log = read_log
        self._read_events = read_events
        self._now = now
        self._since = since or 0
        self._at_once = at_once
        self._choose = choose
        # The change whose further events are too old.
        self._left: tuple[int, int] | None = None
        self.next: Position | None = None
        self.complete_from: int | None = None
        self.start = 0

    def page(self, position: Position | str) -> Iterator[Given[Position]]:
        """The events from a position on, or those of a new walk in the table of a generation.

        Raises
        ------
        PositionExpired
            When the walk began more than a day ago, or its entry has expired.
        """
        if isinstance(position, str):
            walk, entries = self._begin(position)
        elif self._now - position.oldest > REACH + LONGEST_WALK:
            raise PositionExpired("It was begun more than a day ago.")
        else:
            walk, entries = position, self._entries(position)
        steps = self._steps(walk, entries)
        examined = 0
        while chunk := list(islice(steps, min(self._at_once, EVENTS_OF_A_PAGE - examined))):
            examined += len(chunk)
            yield from self._given(walk, chunk)
            if examined == EVENTS_OF_A_PAGE:
                self.next, self.complete_from = chunk[-1].position_behind(walk), None
                return

    def _given(self, walk: Position, steps: Sequence[_Step]) -> Iterator[Given[Position]]:
        """The chosen ones of these events that are not too old."""
        found = self._read_events([step.at for step in steps])
        young = {}
        for step in steps:
            if step.range == self._left:
                continue
            recorded = found[step.at]
            if self._is_too_old(recorded, walk):
                self._left = step.range
                continue
            young[step.at] = Given(recorded, step.position_behind(walk))
        for recorded in self._choose([given.recorded for given in young.values()]):
            yield young[recorded.todo_id, recorded.version]

    def _begin(self, generation: str) -> tuple[Position, Iterator[Entry]]:
        """Where a new walk begins: below the lowest gap that may close yet, of those that have something below them.

        What it skips is in a later walk. Further down than the first entries it does not look: there the walk waits.
        """
        entries, is_end = self._read_log(None, ENTRIES_AT_ONCE)
        start = 0
        for number, (entry, below) in enumerate(pairwise(entries), start=1):
            if below.revision != entry.revision - 1 and self._is_young(entry):
                start = number
        if entries:
            self.start = entries[start].revision
        walk = Position(generation, oldest_at(self._now), self.start)
        return walk, self._without_gaps(walk, self._continued(entries[start:], is_end=is_end))

    def _entries(self, walk: Position) -> Iterator[Entry]:
        """The entries from the position's own one on, down to where the walk has to stop."""
        entries, is_end = self._read_log(walk.revision, ENTRIES_AT_ONCE)
        if not entries or entries[0].revision != walk.revision:
            raise PositionExpired("The log does not have its entry any more.")
        return self._without_gaps(walk, self._continued(entries, is_end=is_end))

    def _continued(self, entries: Sequence[Entry], *, is_end: bool) -> Iterator[Entry | None]:
        """The entries and all below them; None where a page's queries are used up."""
        yield from entries
        for _ in range(QUERIES_OF_A_PAGE - 1):
            if is_end:
                return
            entries, is_end = self._read_log(entries[-1].revision - 1, ENTRIES_AT_ONCE)
            yield from entries
        if not is_end:
            yield None

    def _without_gaps(self, walk: Position, entries: Iterator[Entry | None]) -> Iterator[Entry]:
        """The entries as far as they follow each other, say what they brought, and are young enough."""
        above: Entry | None = None
        for entry in entries:
            if entry is None:
                assert above is not None
                self.next = _position_below(walk, above)
                return
            if above is not None and entry.revision != above.revision - 1:
                break
            if entry.counts is None:
                self.complete_from = entry.at + VISIBLE_AFTER
                return
            if self._is_below(entry, self._lowest(walk)):
                self.complete_from = self._lowest(walk)
                return
            yield entry
            above = entry
        if above is None or above.revision == 1:
            self.complete_from = self._lowest(walk)
        elif self._is_young(above):
            self.next = _position_below(walk, above)
        else:
            self.complete_from = above.at + VISIBLE_AFTER

    def _steps(self, walk: Position, entries: Iterable[Entry]) -> Iterator[_Step]:
        """The events of these entries, from the position on."""
        for entry in entries:
            assert entry.counts is not None
            is_first = entry.revision == walk.revision
            for place in range(walk.place if is_first else 0, len(entry.changes)):
                last = entry.changes[place][1]
                first = last - entry.counts[place] + 1
                if is_first and place == walk.place and walk.version:
                    last = walk.version
                for version in range(last, first - 1, -1):
                    step = _Step(entry, place, version, first)
                    if step.range == self._left:
                        break
                    yield step

    def _lowest(self, walk: Position) -> int:
        """The instant below which nothing is asked for; what is still to come is not, either."""
        return min(max(walk.oldest, self._since), self._now)

    def _is_too_old(self, recorded: Recorded, walk: Position) -> bool:
        """Whether an event, and with it what its todo had before, occurred too early for this walk."""
        return recorded.occurred_at is not None and recorded.occurred_at < walk.oldest

    def _is_below(self, entry: Entry, instant: int) -> bool:
        """Whether this entry and those below it bring only what occurred before an instant, as far as clocks agree."""
        return entry.at < instant - VISIBLE_AFTER

    def _is_young(self, entry: Entry) -> bool:
        """Whether what is missing below an entry may become visible yet."""
        return entry.at >= self._now - VISIBLE_AFTER


def _position_below(walk: Position, entry: Entry) -> Position:
    """The position behind a whole entry, from which a walk sees whether the next one follows it."""
    return walk.moved_to(entry.revision, len(entry.changes))
