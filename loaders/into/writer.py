"""Writing planned todos: groups that one transaction or request may hold, several in flight."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Protocol

from chalicelib.ledger import ledger
from loaders.planner import Planned

# A throttled table needs minutes to grow: with full jitter these waits come to about a minute in the middle.
MAX_TRIES: Final = 16
FIRST_WAIT_SECONDS: Final = 0.1
CEILING_SECONDS: Final = 10.0


@dataclass(slots=True)
class Written:
    """What became of some rows.

    Attributes
    ----------
    kept : int
        Rows that differ from their todos, which were left as they are because the user wants it so.
    reported : list
        Rows that are not in as the source has them, each with the reason.
    failed : list
        The rows that are not in the ledger as far as is known, each with the reason.
    hopeless : str, optional
        Why it is of no use to go on.
    """

    added: int = 0
    updated: int = 0
    already: int = 0
    kept: int = 0
    reported: list[tuple[Planned, str]] = field(default_factory=list)
    failed: list[tuple[Planned, str]] = field(default_factory=list)
    hopeless: str | None = None

    def add(self, other: Written) -> None:
        """Add another group's counts to these."""
        self.added += other.added
        self.updated += other.updated
        self.already += other.already
        self.kept += other.kept
        self.reported += other.reported
        self.failed += other.failed
        self.hopeless = self.hopeless or other.hopeless


class Destination(Protocol):
    """Where todos go. It is called by several threads at once."""

    def write(self, group: list[Planned], stopped: threading.Event) -> Written:
        """Bring in all of a group; of every row it is told what became of it.

        Once `stopped` is set nothing is tried again.
        """
        ...

    def make_room(self, rows: int) -> None:
        """Wait, on the thread that reads the file, while there is good reason not to write so many rows more."""
        ...


def groups(planned: Iterable[Planned], most_bytes: int = ledger.MAX_TRANSACTION_BYTES) -> Iterator[list[Planned]]:
    """The todos in groups that one transaction may hold, by count and bytes."""
    group: list[Planned] = []
    size = 0
    for one in planned:
        if len(group) == ledger.MAX_TRANSACTION_ITEMS or (group and size + one.size > most_bytes):
            yield group
            group, size = [], 0
        group.append(one)
        size += one.size
    if group:
        yield group


def wait_stopped(stopped: threading.Event, tries: int, at_least: float = 0.0) -> bool:
    """Wait before the next try, with full jitter; whether the run was stopped meanwhile."""
    ceiling = min(CEILING_SECONDS, FIRST_WAIT_SECONDS * 2 ** (tries - 1))
    return stopped.wait(at_least + random.uniform(0, ceiling))  # noqa: S311 - nothing to keep secret


class Writer:
    """Keeps up to `concurrency` groups in flight; leaving it waits for them."""

    def __init__(self, concurrency: int, destination: Destination) -> None:
        self._concurrency = concurrency
        self._destination = destination
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="write")
        self._in_flight: set[Future[Written]] = set()
        self._stopped = threading.Event()

    def write(self, group: list[Planned]) -> Iterator[Written]:
        """Begin to write a group, and give what is done of those before; waits while enough are in flight."""
        self._destination.make_room(len(group))
        self._in_flight.add(self._pool.submit(self._destination.write, group, self._stopped))
        # One waits behind each that is in flight, so that no connection idles while the next rows are read.
        yield from self._done(at_most=2 * self._concurrency - 1)

    def finish(self) -> Iterator[Written]:
        """What becomes of those that are still in flight."""
        yield from self._done(at_most=0)

    def stop(self) -> None:
        """Try nothing again from now on."""
        self._stopped.set()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.stop()
        self._pool.shutdown(cancel_futures=True)

    def _done(self, at_most: int) -> Iterator[Written]:
        done = {future for future in self._in_flight if future.done()}
        while len(self._in_flight) - len(done) > at_most:
            done |= wait(self._in_flight - done, return_when=FIRST_COMPLETED).done
        self._in_flight -= done
        for future in done:
            yield future.result()
