"""Appending planned events: full transactions, several in flight, tried again while that can help."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final

from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

from chalicelib import ledger
from chalicelib.todos.events import Event
from loaders.planning import Planned

# A throttled table needs minutes to grow: with full jitter these waits come to about a minute in the middle.
MAX_TRIES: Final = 16
FIRST_WAIT_SECONDS: Final = 0.1
CEILING_SECONDS: Final = 10.0

SWITCH_INTERVAL_SECONDS: Final = 0.0005

# To warn of a file whose ids meet another file's, so many of the rows that are there already are compared.
COMPARED_ROWS: Final = 20

# No later try can help any row against these.
_HOPELESS: Final = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
    }
)
_REFUSED: Final = frozenset({"ValidationException", "ValidationError", "ItemCollectionSizeLimitExceeded"})


@dataclass(slots=True)
class Written:
    """What became of some rows.

    Attributes
    ----------
    differing : list of int
        Lines of rows that are there already with another content, among those `compared`.
    failed : list
        The rows that are not in the ledger as far as is known, each with the reason.
    hopeless : str, optional
        Why it is of no use to go on.
    """

    added: int = 0
    already: int = 0
    compared: int = 0
    differing: list[int] = field(default_factory=list)
    failed: list[tuple[Planned, str]] = field(default_factory=list)
    hopeless: str | None = None


def transactions(planned: Iterable[Planned]) -> Iterator[list[Planned]]:
    """The events in groups that one transaction may hold."""
    group: list[Planned] = []
    size = 0
    for one in planned:
        if len(group) == ledger.MAX_TRANSACTION_ITEMS or (group and size + one.size > ledger.MAX_TRANSACTION_BYTES):
            yield group
            group, size = [], 0
        group.append(one)
        size += one.size
    if group:
        yield group


class Writer:
    """Keeps up to `concurrency` transactions in flight; leaving it waits for them."""

    def __init__(
        self,
        concurrency: int,
        append: Callable[[list[Event]], set[int]] = ledger.append_together,
        event_at: Callable[[str, int], Event | None] = ledger.at_version,
    ) -> None:
        self._concurrency = concurrency
        self._append = append
        self._event_at = event_at
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="append")
        self._in_flight: set[Future[Written]] = set()
        self._stopped = threading.Event()
        self._to_compare = COMPARED_ROWS
        self._switch_interval = sys.getswitchinterval()

    def write(self, group: list[Planned]) -> Iterator[Written]:
        """Begin to append a group, and give what is done of those before; waits while enough are in flight."""
        self._in_flight.add(self._pool.submit(self._append_all, group))
        # One waits behind each that is in flight, so that no connection idles while the next rows are read.
        yield from self._done(at_most=2 * self._concurrency - 1)

    def finish(self) -> Iterator[Written]:
        """What becomes of those that are still in flight."""
        yield from self._done(at_most=0)

    def stop(self) -> None:
        """Try nothing again from now on."""
        self._stopped.set()

    def __enter__(self) -> Writer:
        # A thread that has its answer must not wait until the one that plans rows has used up its 5 ms.
        sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.stop()
        self._pool.shutdown(cancel_futures=True)
        sys.setswitchinterval(self._switch_interval)

    def _done(self, at_most: int) -> Iterator[Written]:
        done = {future for future in self._in_flight if future.done()}
        while len(self._in_flight) - len(done) > at_most:
            done |= wait(self._in_flight - done, return_when=FIRST_COMPLETED).done
        self._in_flight -= done
        for future in done:
            yield future.result()

    def _append_all(self, group: list[Planned]) -> Written:
        """Append what of a group is not there yet, however often its transaction has to be made anew."""
        written = Written()
        pending = group
        tries = 0
        is_unclear = False
        while pending:
            try:
                taken = self._append([one.event for one in pending])
            except ledger.LedgerUnavailable as error:
                tries += 1
                is_unclear = True
                if _is(error, _REFUSED) and not self._stopped.is_set():
                    self._append_halves(pending, written, error)
                    return written
                if _is_hopeless(error):
                    written.hopeless = str(error)
                if written.hopeless or tries == MAX_TRIES or self._wait_stopped(tries):
                    written.hopeless = written.hopeless or f"the ledger did not take them in {tries} tries: {error}"
                    written.failed += [(one, f"not written: {error}") for one in pending]
                    return written
                continue
            if not taken:
                written.added += len(pending)
                return written
            there = [pending[position] for position in sorted(taken)]
            if is_unclear and self._is_our_own(there[0]):
                # A transaction is written whole or not at all: one event of ours says that all of them are.
                written.added += len(pending)
                return written
            is_unclear = False
            written.already += len(there)
            self._compare(there[0], written)
            pending = [one for position, one in enumerate(pending) if position not in taken]
        return written

    def _append_halves(self, group: list[Planned], written: Written, error: Exception) -> None:
        """DynamoDB refuses something of a group for good: halve it until what is refused stands alone."""
        if len(group) == 1:
            written.failed.append((group[0], f"refused by DynamoDB: {error}"))
            return
        for half in (group[: len(group) // 2], group[len(group) // 2 :]):
            part = self._append_all(half)
            written.added += part.added
            written.already += part.already
            written.compared += part.compared
            written.differing += part.differing
            written.failed += part.failed
            written.hopeless = written.hopeless or part.hopeless

    def _wait_stopped(self, tries: int) -> bool:
        """Wait before the next try, with full jitter; whether the run was stopped meanwhile."""
        return self._stopped.wait(random.uniform(0, min(CEILING_SECONDS, FIRST_WAIT_SECONDS * 2 ** (tries - 1))))

    def _is_our_own(self, one: Planned) -> bool:
        standing = self._standing(one)
        return standing is not None and standing.event_id == one.event.event_id

    def _compare(self, one: Planned, written: Written) -> None:
        if self._to_compare <= 0:
            return
        self._to_compare -= 1
        standing = self._standing(one)
        if standing is not None:
            written.compared += 1
            if standing.change != one.event.change:
                written.differing.append(one.line)

    def _standing(self, one: Planned) -> Event | None:
        try:
            return self._event_at(one.event.stream_id, one.event.version)
        except ledger.LedgerUnavailable:
            # Only a count or a warning depends on it.
            return None


def _is(error: ledger.LedgerUnavailable, codes: frozenset[str]) -> bool:
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return False
    reasons = {reason.get("Code", "None") for reason in cause.response.get("CancellationReasons", [])}
    return cause.response["Error"]["Code"] in codes or bool(reasons & codes)


def _is_hopeless(error: ledger.LedgerUnavailable) -> bool:
    return _is(error, _HOPELESS) or isinstance(error.__cause__, NoCredentialsError | NoRegionError)
