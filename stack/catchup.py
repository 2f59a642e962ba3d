"""Catching the views up from the ledger: what a gap in the stream left out is projected now."""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from chalicelib import keys, ledger
from chalicelib.views import store
from chalicelib.views.projection import Head

SEGMENTS: Final = 4
BATCH: Final = 500
# So many heads wait for the projection at most, however fast the scans are.
WAITING: Final = 4 * BATCH


@dataclass(frozen=True, slots=True)
class Caught:
    """How many streams were looked at, and for how many the views were behind."""

    streams: int
    projected: int


def run(progress: Callable[[Caught], None] = lambda _: None) -> Caught:
    """Project every stream whose newest event the views do not have; doing it twice, or beside `project`, does no harm.

    Parameters
    ----------
    progress : callable, optional
        Told of the counts after each batch.

    Raises
    ------
    ProjectionIncomplete
        When some owners could not be done; run it again.
    """
    done = Caught(0, 0)
    for batch in _batches(_all_heads(), BATCH):
        by_owner: defaultdict[str, list[Head]] = defaultdict(list)
        for stream_id, version, state in batch:
            owner, todo_id = keys.split_stream_id(stream_id)
            by_owner[owner].append(Head(todo_id, version, state))
        projected = 0
        for table in store.tables():
            behind = store.lagging(table, by_owner)
            store.project_batch(table, behind)
            projected = max(projected, sum(map(len, behind.values())))
        done = Caught(done.streams + len(batch), done.projected + projected)
        progress(done)
    return done


def _all_heads() -> Iterator[tuple[str, int, str]]:
    """The heads of all streams, from scans in parallel."""
    found: queue.Queue[tuple[str, int, str] | BaseException | None] = queue.Queue(WAITING)

    def scan(segment: int) -> None:
        try:
            for head in ledger.heads(segment, SEGMENTS):
                found.put(head)
            found.put(None)
        except BaseException as error:
            found.put(error)

    for segment in range(SEGMENTS):
        threading.Thread(target=scan, args=(segment,), daemon=True).start()
    running = SEGMENTS
    while running:
        head = found.get()
        if head is None:
            running -= 1
        elif isinstance(head, BaseException):
            raise head
        else:
            yield head


def _batches(heads: Iterator[tuple[str, int, str]], size: int) -> Iterator[list[tuple[str, int, str]]]:
    batch: list[tuple[str, int, str]] = []
    for head in heads:
        batch.append(head)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
