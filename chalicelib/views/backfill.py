"""Filling views tables from the ledger: after a gap in the stream, or when a table is new."""

from __future__ import annotations

import queue
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.ledger import scan
from chalicelib.todos import ids, instants
from chalicelib.todos.ids import Partition
from chalicelib.views import codec, projector, schema
from chalicelib.views.projection import Head, is_deleted, todo_of

SEGMENTS: Final = 4
BATCH: Final = 500
# At most this many heads wait for the projection, however fast the scans are.
WAITING: Final = 4 * BATCH
# All events of one owner go through the same worker, so that they do not conflict with each other.
PROJECTORS: Final = 4

_LISTEN_SECONDS: Final = 0.1

Heads = Mapping[Partition, Sequence[Head]]


@dataclass
class Filling:
    """How far the ledger's streams have been brought into views tables.

    Attributes
    ----------
    positions : list of (str, int) or None
        Of each segment, the stream id and version of the last head that was projected.
    ended : list of bool
        Which segments are done.
    streams, projected : int
        How many streams were examined, and how many of them were handed to the projection.
    refused : list of str
        Ids of streams that can never be projected.
    """

    positions: list[tuple[str, int] | None] = field(default_factory=lambda: [None] * SEGMENTS)
    ended: list[bool] = field(default_factory=lambda: [False] * SEGMENTS)
    streams: int = 0
    projected: int = 0
    refused: list[str] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether every segment of the ledger was read to its end."""
        return all(self.ended)

    def advance(
        self,
        tables: Callable[[], Sequence[str]],
        choose: Callable[[str, Heads], Heads],
        *,
        until: float = float("inf"),
        progress: Callable[[Filling], None] = lambda _: None,
    ) -> None:
        """Project the heads of all streams; after a failure, repeating what was done does no harm.

        Parameters
        ----------
        tables : callable
            Returns the views tables; called before each batch.
        choose : callable
            Selects the heads that a table needs.
        until : float
            An instant of `time.monotonic` at which to stop, between two batches.
        progress : callable
            Called after each batch.

        Raises
        ------
        ProjectionIncomplete
            When some owners could not be projected; calling it again continues.
        """
        with ThreadPoolExecutor(PROJECTORS) as pool:
            for batch in self._batches():
                by_owner = self._by_owner(batch)
                shares = [{} for _ in range(PROJECTORS)]  # type: list[dict[Partition, list[Head]]]
                for owner, heads in by_owner.items():
                    shares[zlib.crc32(owner.encode()) % PROJECTORS][owner] = heads
                projected = 0
                for table in tables():
                    done = list(pool.map(lambda share: _project(table, choose(table, share)), shares))  # noqa: B023
                    projected = max(projected, sum(count for count, _ in done))
                    self._refuse(stream_id for _, refused in done for stream_id in refused)
                self.projected += projected
                for segment, head in batch:
                    if head is None:
                        self.ended[segment] = True
                    else:
                        self.positions[segment] = head[0], head[1]
                        self.streams += 1
                progress(self)
                if time.monotonic() >= until:
                    return

    def to_json(self) -> dict[str, Any]:
        """The content that `from_json` takes: enough to continue in another process."""
        return {
            "positions": self.positions,
            "ended": self.ended,
            "streams": self.streams,
            "projected": self.projected,
            "refused": self.refused,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Filling:
        """The filling of `to_json`'s content, with its counts; consumes `content`."""
        positions = [(position[0], position[1]) if position else None for position in content.pop("positions")]
        return cls(positions=positions, **content)

    def _refuse(self, stream_ids: Iterator[str]) -> None:
        self.refused += [stream_id for stream_id in stream_ids if stream_id not in self.refused]

    def _by_owner(self, batch: Sequence[_Scanned]) -> dict[Partition, list[Head]]:
        by_owner: defaultdict[Partition, list[Head]] = defaultdict(list)
        for _, head in batch:
            if head is None:
                continue
            stream_id, version, state = head
            try:
                owner, todo_id = ids.split_stream_id(stream_id)
                todo_of(state)
                schema.index_attributes(owner, todo_id, state)
            except Exception:
                # One unreadable event must not keep all the others out of the views.
                self._refuse(iter([stream_id]))
            else:
                by_owner[owner].append(Head(todo_id, version, state))
        return by_owner

    def _batches(self) -> Iterator[list[_Scanned]]:
        """The remaining heads from parallel scans, in order within each segment, with None at its end."""
        found: queue.Queue[_Scanned | BaseException] = queue.Queue(WAITING)
        stopped = threading.Event()

        def put(what: _Scanned | BaseException) -> None:
            while not stopped.is_set():
                with suppress(queue.Full):
                    found.put(what, timeout=_LISTEN_SECONDS)
                    return

        def read(segment: int) -> None:
            try:
                for head in scan.heads(segment, len(self.ended), self.positions[segment]):
                    put((segment, head))
                    if stopped.is_set():
                        return
                put((segment, None))
            except BaseException as error:
                put(error)

        running = [segment for segment, ended in enumerate(self.ended) if not ended]
        for segment in running:
            threading.Thread(target=read, args=(segment,), daemon=True).start()
        left = len(running)
        batch: list[_Scanned] = []
        try:
            while left:
                what = found.get()
                if isinstance(what, BaseException):
                    raise what
                batch.append(what)
                left -= what[1] is None
                if len(batch) >= BATCH or not left:
                    yield batch
                    batch = []
        finally:
            stopped.set()


def without_old_deletions(_table: str, heads: Heads) -> Heads:
    """The heads that a new table needs: without todos that were deleted longer ago than a tombstone is kept."""
    now = time.time_ns() // 1_000_000
    since = instants.format_milliseconds(now - codec.TOMBSTONE_SECONDS * 1000)
    return {
        owner: kept
        for owner, of_owner in heads.items()
        if (kept := [h for h in of_owner if not is_deleted(h.state) or todo_of(h.state)["updated_at"] >= since])
    }


def _project(table: str, heads: Heads) -> tuple[int, list[str]]:
    """Project heads; how many were, and the stream ids of those that never can be."""
    refused = projector.project_batch(table, heads)
    return sum(map(len, heads.values())), [ids.stream_id(each.owner, each.head.todo_id) for each in refused]


# A segment, and the (stream id, version, state) of a head, or None where the segment ends.
_Scanned = tuple[int, tuple[str, int, str] | None]
