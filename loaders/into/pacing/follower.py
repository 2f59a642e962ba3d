"""Following a load's events to the views, by the last event of each transaction."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Final

from chalicelib.todos import ids
from chalicelib.todos.events import Event
from chalicelib.views.errors import ViewsUnavailable

# A look asks for this many of the oldest, and for the next only if all have arrived; each costs a read unit.
ASKED_AT_ONCE: Final = 16

HavingVersions = Callable[[Mapping[str, int]], Set[str]]


@dataclass(frozen=True, slots=True)
class _Marker:
    """The last of the events that were appended together; it represents all of them."""

    todo_id: str
    version: int
    events: int
    at: float


@dataclass(frozen=True, slots=True)
class Look:
    """What has reached the views since the look before.

    Attributes
    ----------
    taken : int
        How many events have reached the views.
    seconds : float
        How long some events were waiting.
    delay : float
        Seconds that the newest of them took, or that the oldest missing one has taken so far, if that is more.
    """

    taken: int
    seconds: float
    delay: float


class Follower:
    """Knows which events are waiting. Any thread may add events; one thread looks for them.

    Parameters
    ----------
    having_versions : callable
        Given versions by todo id, the ids that the views have at these versions or later ones.
    overtaken_after : float
        How many seconds later events must have arrived for a missing one to be given up: it is in the quarantine, or
        keeps failing.
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
        """How many events are not known to be in the views."""
        return self._waiting

    @property
    def looked(self) -> float:
        """When `look` was called last (`time.monotonic`)."""
        return self._looked

    def stuck_for(self) -> float:
        """Seconds since anything that was waiting has arrived."""
        now = time.monotonic()
        return now - max(self._progressed, self._oldest_at(now))

    def add(self, event: Event, events: int) -> None:
        """Note that so many events were appended, this one last."""
        _, todo_id = ids.split_stream_id(event.stream_id)
        with self._lock:
            self._markers.append(_Marker(todo_id, event.version, events, time.monotonic()))
            self._waiting += events

    def look(self) -> Look:
        """Ask the views what has arrived."""
        now = time.monotonic()
        waiting_since = max(self._looked, self._oldest_at(now))
        self._looked = now
        taken, newest = 0, now
        asked = self._oldest()
        while arrived := self._arrived(asked):
            newest = max(marker.at for marker in arrived)
            overtaken = {marker for marker in asked if marker.at < newest - self._overtaken_after}
            taken += self._remove(arrived | overtaken)
            self._progressed = now
            asked = self._oldest() if len(arrived) == len(asked) else []
        return Look(taken, now - waiting_since, now - min(newest, self._oldest_at(now)))

    def _oldest(self) -> list[_Marker]:
        with self._lock:
            return self._markers[:ASKED_AT_ONCE]

    def _oldest_at(self, otherwise: float) -> float:
        return self._markers[0].at if self._markers else otherwise

    def _arrived(self, asked: list[_Marker]) -> set[_Marker]:
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
