"""Loading into the ledger: full transactions of conditional puts, retried while that can help."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.aws.errors import Unconfigured, codes_of
from chalicelib.ledger import ledger
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos.events import Event
from loaders import reconcile
from loaders.errors import GaveUp
from loaders.into.changes import ChangePolicy, Difference
from loaders.into.pacing.pace import Pace
from loaders.into.pacing.throttle import Throttle
from loaders.into.writer import MAX_TRIES, GroupResult, wait_or_stop
from loaders.planner import Planned
from loaders.reconcile import Conflict

# Retrying cannot help any row after these.
_FATAL: Final = frozenset(
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

_Step = tuple[Planned, Event]


def existing_events(group: list[Event]) -> dict[int, Event]:
    """What the ledger has at the versions of these events, by position in the group.

    Raises
    ------
    LedgerUnavailable
    """
    wanted = [(event.stream_id, event.version) for event in group]
    found = ledger.events_at(wanted)
    return {position: found[at] for position, at in enumerate(wanted) if at in found}


class LedgerReader:
    """Reads what the ledger has of some streams; a dry run needs no more."""

    def append(self, group: list[Event]) -> dict[int, Event]:
        """The existing events at the versions of these, by position in the group; nothing is written.

        Raises
        ------
        LedgerUnavailable
        """
        return existing_events(group)

    def first_events(self, streams: list[str]) -> dict[str, Event]:
        """The first events of those of the streams that exist.

        Raises
        ------
        LedgerUnavailable
        """
        return {stream: event for (stream, _), event in ledger.events_at((each, 1) for each in streams).items()}

    def histories(self, existing: list[Event]) -> list[list[Event]]:
        """All events of the streams of these events, in the same order.

        Most streams are still at version 1, which one request shows for a hundred of them.

        Raises
        ------
        LedgerUnavailable
        """
        second = ledger.events_at((event.stream_id, 2) for event in existing)
        return [ledger.history(event.stream_id) if (event.stream_id, 2) in second else [event] for event in existing]


class LedgerAppender(LedgerReader):
    """Appends to the ledger; returns the existing events if any version was taken."""

    def append(self, group: list[Event]) -> dict[int, Event]:
        """Append the events in one transaction; by their place in the group, the events that were there already."""
        return ledger.append_together(group)


class LedgerDestination:
    """Appends the todos of each group that do not exist yet, and the changes of the others.

    Parameters
    ----------
    pace : Pace, optional
        Slows the load down while the views lag.
    """

    def __init__(self, concurrency: int, policy: ChangePolicy, events: LedgerReader, pace: Pace | None = None) -> None:
        self._policy = policy
        self._events = events
        self._pace = pace
        self._throttle = Throttle(concurrency)

    def make_room(self, rows: int) -> None:
        """Wait while the views lag too far behind to take so many rows more."""
        if self._pace is not None:
            self._pace.hold(rows)

    def first_states(self, streams: list[str], stopped: threading.Event) -> dict[str, Mapping[str, Any]]:
        """The todos of these streams as their first events made them; one batch read for a hundred."""
        tries = 0
        while True:
            try:
                with self._throttle.turn():
                    return {stream: event.state for stream, event in self._events.first_events(streams).items()}
            except LedgerUnavailable as error:
                tries += 1
                self._throttle.note_overload()
                if is_fatal(error) or tries == MAX_TRIES or wait_or_stop(stopped, tries):
                    raise GaveUp(f"the ledger did not answer in {tries} tries: {error}") from None

    def write(self, group: list[Planned], stopped: threading.Event) -> GroupResult:
        """Write a group of todos: the counts, and the todos that are not written with the reasons."""
        result = GroupResult()
        try:
            self._write(group, result, stopped)
        finally:
            if self._pace is not None:
                self._pace.note_done(len(group), result.added + result.updated)
        return result

    def _write(self, group: list[Planned], result: GroupResult, stopped: threading.Event) -> None:
        pending: list[_Step] = [(one, one.event) for one in group]
        tries = 0
        while pending:
            try:
                with self._throttle.turn():
                    existing = self._events.append([event for _, event in pending])
                if not existing:
                    self._throttle.note_success()
                    self._count(pending, result)
                    return
                pending = self._remaining(pending, existing, result)
            except LedgerUnavailable as error:
                tries += 1
                if is_refused(error) and not stopped.is_set():
                    self._write_halves(pending, result, error, stopped)
                    return
                if is_fatal(error):
                    result.fatal = str(error)
                self._throttle.note_overload()
                if result.fatal or tries == MAX_TRIES or wait_or_stop(stopped, tries):
                    result.fatal = result.fatal or f"the ledger did not accept the todos in {tries} tries: {error}"
                    result.failed += [(one, f"not written: {error}") for one, _ in pending]
                    return

    def _count(self, done: list[_Step], result: GroupResult) -> None:
        for _, event in done:
            if event.version == 1:
                result.added += 1
            else:
                result.updated += 1
        if self._pace is not None and done:
            self._pace.note_appended(done[-1][1], len(done))

    def _remaining(self, pending: list[_Step], existing: dict[int, Event], result: GroupResult) -> list[_Step]:
        """What is still to be appended after some versions were found taken; the other rows are counted."""
        remaining: list[_Step] = []
        ours: list[_Step] = []
        taken: list[tuple[Planned, Event]] = []
        for position, (planned, event) in enumerate(pending):
            found = existing.get(position)
            if found is None:
                remaining.append((planned, event))
            elif found.event_id == event.event_id:
                # Written by an earlier try whose answer was lost.
                ours.append((planned, event))
            else:
                taken.append((planned, found))
        differences = self._differences(taken)
        # Everything is read: from here on nothing fails, and each row is counted once.
        self._count(ours, result)
        result.already += len(taken) - len(differences)
        updates = self._policy.select_updates(differences, len(taken), result)
        return remaining + [(each.planned, each.update) for each in updates if each.update is not None]

    def _differences(self, taken: list[tuple[Planned, Event]]) -> list[Difference]:
        """Those of the rows that differ from their todos, whose streams begin with these events."""
        differences = []
        histories = self._events.histories([event for _, event in taken])
        for (planned, _), history in zip(taken, histories, strict=True):
            change = reconcile.change_event(
                planned.event, history, planned.times, unset=planned.former.unset, unstated=planned.unstated
            )
            title = history[-1].state["title"]
            if isinstance(change, Conflict):
                differences.append(Difference(planned, title, conflict=change.reason))
            elif change is not None:
                differences.append(Difference(planned, title, update=change))
        return differences

    def _write_halves(
        self, steps: list[_Step], result: GroupResult, error: Exception, stopped: threading.Event
    ) -> None:
        """Split a group of which DynamoDB refuses something, until the refused todo is alone."""
        group = [one for one, _ in steps]
        if len(group) == 1:
            result.failed.append((group[0], f"refused by DynamoDB: {error}"))
            return
        for half in (group[: len(group) // 2], group[len(group) // 2 :]):
            self._write(half, result, stopped)


def _codes_of(error: LedgerUnavailable) -> frozenset[str]:
    return frozenset() if error.__cause__ is None else codes_of(error.__cause__)


def is_refused(error: LedgerUnavailable) -> bool:
    """Whether DynamoDB does not accept something of what was sent."""
    return bool(_codes_of(error) & _REFUSED)


def is_fatal(error: LedgerUnavailable) -> bool:
    """Whether nothing that is sent can be accepted."""
    return bool(_codes_of(error) & _FATAL) or isinstance(error.__cause__, Unconfigured)
