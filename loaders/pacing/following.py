"""Following what a load has written on its way to the views, by the last event of each transaction."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Final

from chalicelib.todos import ids
from chalicelib.todos.events import Event
from chalicelib.views.errors import ViewsUnavailable

# Of the oldest so many a look asks, and of the next only when all of them are there: it is a read unit for each.
ASKED_AT_ONCE: Final = 16

HavingVersions = Callable[[Mapping[str, int]], Set[str]]


@dataclass(frozen=True, slots=True)
class _Marker:
    """The last of some events that were appended together, and stands for all of them."""

    todo_id: str
    version: int
    events: int
    at: float


@dataclass(frozen=True, slots=True)
class Look:
    """What became of the events since the look before.

    Attributes
    ----------
    taken : int
        So many have reached the views.
    seconds : float
        How long some were waiting.
    delay : float
        Seconds that the newest of them was on its way, or that the oldest which is not there has been, if that is more.
    """

    taken: int
    seconds: float
    delay: float


class Following:
    """Markers are added by any thread, and looked for by one.

    Parameters
    ----------
    having_versions : callable
        Those of some todos, versions by id, that the views have at these versions or beyond.
    overtaken_after : float
        Seconds by which a marker is left behind by others to be followed no longer: it is in the quarantine, or fails
        again and again.
    """

    def __init__(self, having_versions: HavingVersions, overtaken_after: float) -> None:
        self._having_versions = having_versions
        self._overtaken_after = overtaken_after
        self._lock = threading.Lock()
        self._markers: list[_Marker] = []
        self._waiting = 0
        self._looked = self._progressed = time.monotonic()

    @property
    def waiting(self) -> int:
        """Events that are not known to be in the views."""
        return self._waiting

    @property
    def looked(self) -> float:
        """When somebody looked last."""
        return self._looked

    def stuck_for(self) -> float:
        """Seconds in which nothing has come of what was waiting."""
        now = time.monotonic()
        return now - max(self._progressed, self._oldest_at(now))

    def add(self, event: Event, events: int) -> None:
        """So many events now stand in the ledger, this one the last of them."""
        _, todo_id = ids.split_stream_id(event.stream_id)
        with self._lock:
            self._markers.append(_Marker(todo_id, event.version, events, time.monotonic()))
            self._waiting += events

    def look(self) -> Look:
        """Ask the views."""
        now = time.monotonic()
        waiting_since = max(self._looked, self._oldest_at(now))
        self._looked = now
        taken, newest = 0, now
        asked = self._oldest()
        while there := self._there(asked):
            newest = max(marker.at for marker in there)
            overtaken = {marker for marker in asked if marker.at < newest - self._overtaken_after}
            taken += self._remove(there | overtaken)
            self._progressed = now
            asked = self._oldest() if len(there) == len(asked) else []
        return Look(taken, now - waiting_since, now - min(newest, self._oldest_at(now)))

    def _oldest(self) -> list[_Marker]:
        with self._lock:
            return self._markers[:ASKED_AT_ONCE]

    def _oldest_at(self, otherwise: float) -> float:
        return self._markers[0].at if self._markers else otherwise

    def _there(self, asked: list[_Marker]) -> set[_Marker]:
        if not asked:
            return set()
        try:
            found = self._having_versions({marker.todo_id: marker.version for marker in asked})
        except ViewsUnavailable:
            return set()
        return {marker for marker in asked if marker.todo_id in found}

    def _remove(self, done: set[_Marker]) -> int:
        events = sum(marker.events for marker in done)
        with self._lock:
            self._markers = [marker for marker in self._markers if marker not in done]
            self._waiting -= events
        return events
