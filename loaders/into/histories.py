"""Bringing histories into the ledger: whole ones in one transaction, longer ones in parts that can be continued."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from chalicelib.aws.errors import READ_ERRORS
from chalicelib.commands import operations
from chalicelib.ledger import codec, ledger, scan
from chalicelib.ledger.errors import ImportUnfinished, LedgerUnavailable
from chalicelib.todos import ids, instants
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.events import Event, canonical_json
from loaders.errors import GaveUp
from loaders.histories.history import History
from loaders.into.ledger import existing_events, is_fatal, is_refused
from loaders.into.pacing.pace import Pace
from loaders.into.pacing.throttle import Throttle
from loaders.into.writer import MAX_TRIES, GroupResult, wait_or_stop

ANOTHER: Final = "the todo exists here with another history; it was left unchanged"
SHORTER: Final = "the todo exists here with the first {} of the {} events; it was left unchanged"
UNFINISHED: Final = "a longer history of the todo was loaded in part; load the takeout that it is from"

Done = TypeVar("Done")


class Refused(Exception):
    """DynamoDB does not accept an event, however often it is sent."""


class HistoryReader:
    """Reads what the ledger has of some streams; a dry run needs no more."""

    def append(self, group: list[Event]) -> dict[int, Event]:
        """The existing events at the versions of these, by position in the group; nothing is written.

        Raises
        ------
        LedgerUnavailable
        """
        return existing_events(group)

    def stored(self, stream: str) -> Iterator[Event]:
        """The events of a stream, oldest first, page by page.

        Raises
        ------
        LedgerUnavailable
        """
        try:
            for page in scan.stored(stream):
                yield from map(codec.decode, page)
        except READ_ERRORS as error:
            raise LedgerUnavailable(str(error)) from error

    def is_unfinished(self, stream: str) -> bool:
        """Whether a stream ends with a part of a history that is not the last one.

        Raises
        ------
        LedgerUnavailable
        """
        try:
            ledger.latest(stream)
        except ImportUnfinished:
            return True
        return False


class HistoryAppender(HistoryReader):
    """Appends to the ledger."""

    def __init__(self) -> None:
        self._spread: set[tuple[str, str]] = set()

    def append(self, group: list[Event]) -> dict[int, Event]:
        """Append the events in one transaction; by their place in the group, the events that were there already."""
        for event in group:
            if event.operation is not None and event.actor == ids.LOADER:
                self._note(event.stream_id, event.operation)
        return ledger.append_together(group)

    def _note(self, stream: str, operation: str) -> None:
        """Note an operation of the ledger that the history is from: a load's events are spread here, too."""
        partition, _ = ids.split_stream_id(stream)
        if (partition, operation) in self._spread:
            return
        if "SETTINGS_TABLE" not in os.environ:
            raise GaveUp(f"SETTINGS_TABLE is required, to note the operation {operation}")
        try:
            operations.spread(partition, operation)
        except Unavailable as error:
            raise LedgerUnavailable(str(error)) from error.__cause__
        self._spread.add((partition, operation))


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger has of a history.

    Attributes
    ----------
    newest : Event, optional
        The last event there that is also the file's; None if there is none.
    is_whole : bool
        All events of the file are there.
    conflict : str, optional
        Why what is there is left as it is.
    """

    newest: Event | None
    is_whole: bool = False
    conflict: str | None = None


def compare(history: History, events: HistoryReader) -> Standing:
    """Compare a history with what the ledger has under its todo's id.

    An event there must be the file's in everything that a file states, not only in its id: the rest of the history
    would continue from its state. And only what an import left unfinished is continued.
    """
    stated = history.events()
    newest: Event | None = None
    for event in events.stored(history.stream):
        expected = next(stated, None)
        if expected is None:
            # Somebody changed the todo here since, or an older takeout is loaded.
            is_unfinished = newest is not None and newest.more and events.is_unfinished(history.stream)
            return Standing(newest, is_whole=True, conflict=UNFINISHED if is_unfinished else None)
        if not is_same(expected, event):
            return Standing(newest, conflict=ANOTHER)
        newest = event
    is_whole = next(stated, None) is None
    if newest is None or is_whole != newest.more:
        return Standing(newest, is_whole)
    return Standing(newest, is_whole, UNFINISHED if is_whole else SHORTER.format(newest.version, history.count))


def standing_of(events: list[Event], existing: list[Event]) -> Standing | None:
    """What the ledger has of a short history, if what kept it from being written shows that all of it is there."""
    is_whole = len(existing) == len(events) and all(map(is_same, events, existing))
    return Standing(existing[-1], is_whole) if is_whole and not existing[-1].more else None


def is_same(one: Event, other: Event) -> bool:
    """Whether two events are the same but for what follows from them, and when they were brought here."""
    return _stated(one) == _stated(other) and canonical_json(one.change) == canonical_json(other.change)


def _stated(event: Event) -> Event:
    return replace(event, state={}, state_schema=0, imported_at=None, more=False)  # type: ignore[typeddict-item]


class HistoryDestination:
    """Brings histories whose todos do not exist yet.

    Parameters
    ----------
    pace : Pace, optional
        Slows the load down while the views lag.
    """

    def __init__(self, concurrency: int, events: HistoryReader, pace: Pace | None = None) -> None:
        self._events = events
        self._pace = pace
        self._throttle = Throttle(concurrency)

    def make_room(self, rows: int) -> None:
        """Wait while the views lag too far behind to take so many histories more."""
        if self._pace is not None:
            self._pace.hold(rows)

    def write(self, group: list[History], stopped: threading.Event) -> GroupResult:
        """Bring histories that fit one transaction together, or a single longer one, and close them."""
        result = GroupResult()
        try:
            self._write(group, result, stopped)
        finally:
            for history in group:
                history.close()
            if self._pace is not None:
                self._pace.note_done(len(group), sum(history.count for history in group) if result.added else 0)
        return result

    def _write(self, group: list[History], result: GroupResult, stopped: threading.Event) -> None:
        left = list(group)
        try:
            if group[0].fits:
                self._write_together(left, result, stopped)
            else:
                self._write_in_parts(group[0], result, stopped)
        except GaveUp as error:
            result.fatal = str(error)
            result.failed += [(history, f"not written: {error}") for history in left]
        except Refused as error:
            if len(left) == 1:
                result.failed.append((left[0], f"refused by DynamoDB: {error}"))
                return
            for half in (left[: len(left) // 2], left[len(left) // 2 :]):
                self._write(half, result, stopped)

    def _write_together(self, left: list[History], result: GroupResult, stopped: threading.Event) -> None:
        """Bring histories in one transaction; each that has a result is taken from `left`."""
        now = instants.instant_after(None)
        stamped = {each.stream: [event for part in each.parts() for event in part.stamped(None, now)] for each in left}
        while left:
            together = [event for history in left for event in stamped[history.stream]]
            existing = self._append(together, stopped)
            if not existing:
                self._note_added(together[-1], len(left), len(together), result)
                left.clear()
            for stream in dict.fromkeys(together[position].stream_id for position in existing):
                [history] = [each for each in left if each.stream == stream]
                there = [event for event in existing.values() if event.stream_id == stream]
                standing = standing_of(stamped[stream], there) or self._compare(history, stopped)
                if not self._is_settled(history, standing, {now}, result):
                    self._write_in_parts(history, result, stopped, standing.newest)
                left.remove(history)

    def _write_in_parts(
        self,
        history: History,
        result: GroupResult,
        stopped: threading.Event,
        newest: Event | None = None,
    ) -> None:
        """Bring a history, a transaction for each part, after the `newest` event that the ledger has of it."""
        stamps: set[str] = set()
        while True:
            for part in history.parts(newest.version if newest else 0):
                if stopped.is_set():
                    raise GaveUp("the load was stopped")
                now = instants.instant_after(None)
                stamps.add(now)
                events = part.stamped(newest.state if newest else None, now)
                if self._append(events, stopped):
                    break
                newest = events[-1]
            else:
                assert newest is not None, "a history has events"
                self._note_added(newest, 1, history.count, result)
                return
            standing = self._compare(history, stopped)
            if self._is_settled(history, standing, stamps, result):
                return
            newest = standing.newest

    def _compare(self, history: History, stopped: threading.Event) -> Standing:
        return self._patiently(partial(compare, history, self._events), stopped)

    def _is_settled(self, history: History, standing: Standing, stamps: Set[str], result: GroupResult) -> bool:
        """Note what the ledger has of a history; false if an import left it unfinished, and the rest is to be brought.

        Parameters
        ----------
        stamps : set of str
            The instants at which this load brought events of the history.
        """
        if standing.conflict is not None:
            result.reported.append((history, standing.conflict))
        elif not standing.is_whole or standing.newest is None:
            return False
        elif standing.newest.imported_at in stamps:
            # Written by an earlier try whose answer was lost.
            self._note_added(standing.newest, 1, history.count, result)
        else:
            result.already += 1
        return True

    def _note_added(self, newest: Event, histories: int, events: int, result: GroupResult) -> None:
        result.added += histories
        if self._pace is not None:
            self._pace.note_appended(newest, events)

    def _append(self, events: list[Event], stopped: threading.Event) -> dict[int, Event]:
        return self._patiently(partial(self._events.append, events), stopped)

    def _patiently(self, ask: Callable[[], Done], stopped: threading.Event) -> Done:
        """Ask the ledger, again while that can help.

        Raises
        ------
        Refused
        GaveUp
        """
        tries = 0
        while True:
            try:
                with self._throttle.turn():
                    done = ask()
                self._throttle.note_success()
                return done
            except LedgerUnavailable as error:
                tries += 1
                if is_refused(error):
                    raise Refused(str(error)) from error
                self._throttle.note_overload()
                if is_fatal(error) or tries == MAX_TRIES or wait_or_stop(stopped, tries):
                    raise GaveUp(f"the ledger did not accept the todos in {tries} tries: {error}") from error
