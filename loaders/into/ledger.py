"""Into the ledger itself: full transactions of conditional puts, tried again while that can help."""

from __future__ import annotations

import threading
from typing import Final

from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

from chalicelib.ledger import ledger
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos.events import Event
from loaders import reconcile
from loaders.into.writer import MAX_TRIES, Written, wait_stopped
from loaders.pacing.pace import Pace
from loaders.pacing.throttle import Throttle
from loaders.planner import Planned
from loaders.reconcile import Conflict, OnChange

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

# Of so many rows or more in a group that would change their todos, most with another title: a list of somebody else.
_ANOTHER_LIST_FROM: Final = 3
ANOTHER_LIST: Final = (
    "the todo with this id has another title, as have most here: if this is another list, name it (--source NAME);"
    " if it is not, say --on-change update"
)

_Step = tuple[Planned, Event]


class Reading:
    """What the ledger has of some streams; of a dry run, all that it is asked."""

    def append(self, group: list[Event]) -> dict[int, Event]:
        """What stands in the way of these events, by position; nothing is written.

        Raises
        ------
        LedgerUnavailable
        """
        wanted = [(event.stream_id, event.version) for event in group]
        found = ledger.events_at(wanted)
        return {position: found[at] for position, at in enumerate(wanted) if at in found}

    def histories(self, standing: list[Event]) -> list[list[Event]]:
        """All events of the streams of these, in the same order.

        Most streams still are at version 1: one request tells so of a hundred.

        Raises
        ------
        LedgerUnavailable
        """
        second = ledger.events_at((event.stream_id, 2) for event in standing)
        return [ledger.history(event.stream_id) if (event.stream_id, 2) in second else [event] for event in standing]


class Appending(Reading):
    """The ledger as a load writes it."""

    def append(self, group: list[Event]) -> dict[int, Event]:
        return ledger.append_together(group)


class LedgerDestination:
    """Appends what of each group is not there yet, and what has changed.

    Parameters
    ----------
    on_change : str
        What becomes of a todo whose row has changed at the source: `update`, `keep`, or `report`.
    is_sure : bool
        The rows' ids are those of the todos that are there; else a file that looks like another list changes nothing.
    pace : Pace, optional
        Holds the load while the views lag behind.
    """

    def __init__(
        self, concurrency: int, on_change: OnChange, is_sure: bool, events: Reading, pace: Pace | None = None
    ) -> None:
        self._on_change = on_change
        self._is_sure = is_sure
        self._events = events
        self._pace = pace
        self._throttle = Throttle(concurrency)

    def make_room(self, rows: int) -> None:
        if self._pace is not None:
            self._pace.hold(rows)

    def write(self, group: list[Planned], stopped: threading.Event) -> Written:
        written = Written()
        try:
            self._write(group, written, stopped)
        finally:
            if self._pace is not None:
                self._pace.settled(len(group), written.added + written.updated)
        return written

    def _write(self, group: list[Planned], written: Written, stopped: threading.Event) -> None:
        pending: list[_Step] = [(one, one.event) for one in group]
        tries = 0
        while pending:
            try:
                with self._throttle.turn():
                    standing = self._events.append([event for _, event in pending])
                if not standing:
                    self._throttle.succeeded()
                    self._count(pending, written)
                    return
                pending = self._remaining(pending, standing, written)
            except LedgerUnavailable as error:
                tries += 1
                if _is(error, _REFUSED) and not stopped.is_set():
                    self._write_halves(pending, written, error, stopped)
                    return
                if _is_hopeless(error):
                    written.hopeless = str(error)
                self._throttle.overloaded()
                if written.hopeless or tries == MAX_TRIES or wait_stopped(stopped, tries):
                    written.hopeless = written.hopeless or f"the ledger did not take them in {tries} tries: {error}"
                    written.failed += [(one, f"not written: {error}") for one, _ in pending]
                    return

    def _count(self, done: list[_Step], written: Written) -> None:
        for _, event in done:
            if event.version == 1:
                written.added += 1
            else:
                written.updated += 1
        if self._pace is not None and done:
            self._pace.appended(done[-1][1], len(done))

    def _remaining(self, pending: list[_Step], standing: dict[int, Event], written: Written) -> list[_Step]:
        """What is still to be appended, now that some versions were found taken."""
        remaining: list[_Step] = []
        our_own: list[_Step] = []
        taken: list[tuple[Planned, Event]] = []
        for position, (one, event) in enumerate(pending):
            found = standing.get(position)
            if found is None:
                remaining.append((one, event))
            elif found.event_id == event.event_id:
                # Written by a try whose answer was lost.
                our_own.append((one, event))
            else:
                taken.append((one, found))
        histories = self._events.histories([found for _, found in taken])
        # All is read: from here on nothing fails, and each row is counted once.
        self._count(our_own, written)
        found_changes = [
            (one, history[-1], reconcile.change(one.event, history))
            for (one, _), history in zip(taken, histories, strict=True)
        ]
        retitled = [
            one
            for one, newest, found_change in found_changes
            if found_change is not None and one.event.state["title"] != newest.state["title"]
        ]
        is_another_list = not self._is_sure and looks_like_another_list(len(retitled), len(found_changes))
        for one, _, found_change in found_changes:
            if found_change is None:
                written.already += 1
            elif self._on_change == "keep":
                written.kept += 1
            elif isinstance(found_change, Conflict):
                written.reported.append((one, found_change.reason))
            elif is_another_list:
                written.reported.append((one, ANOTHER_LIST))
            elif self._on_change == "report":
                written.reported.append((one, reconcile.REPORTED))
            else:
                remaining.append((one, found_change))
        return remaining

    def _write_halves(self, steps: list[_Step], written: Written, error: Exception, stopped: threading.Event) -> None:
        """DynamoDB refuses something of a group for good: halve it until what is refused stands alone."""
        group = [one for one, _ in steps]
        if len(group) == 1:
            written.failed.append((group[0], f"refused by DynamoDB: {error}"))
            return
        for half in (group[: len(group) // 2], group[len(group) // 2 :]):
            self._write(half, written, stopped)


def looks_like_another_list(retitled: int, there: int) -> bool:
    """Whether so many rows that would change a title are too many, of those whose todos are there."""
    return retitled >= _ANOTHER_LIST_FROM and 2 * retitled > there


def _is(error: LedgerUnavailable, codes: frozenset[str]) -> bool:
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return False
    reasons = {reason.get("Code", "None") for reason in cause.response.get("CancellationReasons", [])}
    return cause.response["Error"]["Code"] in codes or bool(reasons & codes)


def _is_hopeless(error: LedgerUnavailable) -> bool:
    return _is(error, _HOPELESS) or isinstance(error.__cause__, NoCredentialsError | NoRegionError)
