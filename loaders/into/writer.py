"""Writing planned todos in groups that fit one transaction or request, several at a time."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Generic, Protocol, Self, TypeVar

from chalicelib.ledger import ledger
from loaders.errors import GaveUp
from loaders.into.former import FormerTodos, has_former
from loaders.planner import Planned
from loaders.rows.row import BadRow

# A throttled table needs minutes to grow; with full jitter the median of all waits together is about a minute.
MAX_TRIES: Final = 16
FIRST_WAIT_SECONDS: Final = 0.1
CEILING_SECONDS: Final = 10.0


class Loadable(Protocol):
    """What is loaded: a planned row, or a history."""

    def as_bad(self, reason: str) -> BadRow:
        """The row as one that is not loaded, with the reason."""
        ...


One = TypeVar("One", bound=Loadable)


@dataclass(slots=True)
class GroupResult:
    """The results of a group's rows.

    Attributes
    ----------
    kept : int
        Rows that differ from their todos, which were left unchanged because of ``--on-change keep``.
    reported : list
        Rows whose todos were left different from them, each with the reason.
    failed : list
        Rows that are not known to be in the ledger, each with the reason.
    fatal : str, optional
        Why the load must stop.
    notices : Counter
        How many rows lost something on the way, by the sentence that says what.
    """

    added: int = 0
    updated: int = 0
    already: int = 0
    kept: int = 0
    reported: list[tuple[Loadable, str]] = field(default_factory=list)
    failed: list[tuple[Loadable, str]] = field(default_factory=list)
    fatal: str | None = None
    notices: Counter[str] = field(default_factory=Counter)


class GroupDestination(Protocol[One]):
    """Where todos go. Several threads call it at once."""

    def write(self, group: list[One], stopped: threading.Event) -> GroupResult:
        """Write a group; the result counts every row.

        Once `stopped` is set nothing is retried.
        """
        ...

    def make_room(self, rows: int) -> None:
        """Wait, on the thread that reads the file, until so many more rows may be written."""
        ...


class Destination(GroupDestination[Planned], Protocol):
    """Where the todos of rows go, which may have been loaded before under other ids."""

    def first_states(self, streams: list[str], stopped: threading.Event) -> dict[str, Mapping[str, Any]]:
        """The todos of those of these streams that exist, after their first events.

        Raises
        ------
        GaveUp
        """
        ...


def split_into_groups(
    planned: Iterable[Planned], most_bytes: int = ledger.MAX_TRANSACTION_BYTES
) -> Iterator[list[Planned]]:
    """Groups of todos that fit one transaction, by count and bytes."""
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


def wait_or_stop(stopped: threading.Event, tries: int, at_least: float = 0.0) -> bool:
    """Wait before the next try, with full jitter; true if the run was stopped in the meantime."""
    ceiling = min(CEILING_SECONDS, FIRST_WAIT_SECONDS * 2 ** (tries - 1))
    return stopped.wait(at_least + random.uniform(0, ceiling))  # noqa: S311 - nothing to keep secret


class GroupWriter(Generic[One]):
    """Writes up to `concurrency` groups at a time; a context manager that waits for them at its end."""

    def __init__(self, concurrency: int, destination: GroupDestination[One]) -> None:
        self._concurrency = concurrency
        self._destination = destination
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="write")
        self._in_flight: set[Future[GroupResult]] = set()
        self._stopped = threading.Event()

    def write(self, group: list[One]) -> Iterator[GroupResult]:
        """Begin to write a group; yields the results of earlier groups, waiting while enough are being written."""
        self._destination.make_room(len(group))
        self._in_flight.add(self._pool.submit(self._destination.write, group, self._stopped))
        # One more group waits behind each that is being written, so that no connection idles while rows are read.
        yield from self._done(at_most=2 * self._concurrency - 1)

    def finish(self) -> Iterator[GroupResult]:
        """The results of the groups that are still being written."""
        yield from self._done(at_most=0)

    def stop(self) -> None:
        """Retry nothing from now on."""
        self._stopped.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.stop()
        self._pool.shutdown(cancel_futures=True)

    def _done(self, at_most: int) -> Iterator[GroupResult]:
        done = {future for future in self._in_flight if future.done()}
        while len(self._in_flight) - len(done) > at_most:
            done |= wait(self._in_flight - done, return_when=FIRST_COMPLETED).done
        self._in_flight -= done
        for future in done:
            yield future.result()


class Writer(GroupWriter[Planned]):
    """Writes the todos of rows.

    Parameters
    ----------
    former : FormerTodos, optional
        Finds what earlier versions loaded; without it, the rows' own ids count.
    """

    def __init__(self, concurrency: int, destination: Destination, former: FormerTodos | None = None) -> None:
        super().__init__(concurrency, destination)
        self._of_rows = destination
        self._former = former

    def write(self, group: list[Planned]) -> Iterator[GroupResult]:
        """As `GroupWriter.write`, under the ids that the todos may have had before."""
        if self._former is not None and any(map(has_former, group)):
            # On this thread, so that of the rows that may be one todo the first is, however the groups overtake.
            try:
                group = self._former.find(group, self._of_rows.first_states, self._stopped)
            except GaveUp as error:
                reason = f"not written: {error}"
                yield GroupResult(failed=[(one, reason) for one in group], fatal=str(error))
                return
        yield from super().write(group)
