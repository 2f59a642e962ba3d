"""Holding a load back while the views lag behind it, so that they keep up for other owners too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from chalicelib import keys
from chalicelib.todos.events import Event
from chalicelib.views import queries

DEFAULT_BOUND_SECONDS: Final = 5.0

# One look costs two small reads.
LOOK_EVERY_SECONDS: Final = 0.5
POLL_SECONDS: Final = 0.1
# Views that take so long do not follow at all: to wait for them would be to wait for ever.
PATIENCE_SECONDS: Final = 300.0

IsProjected = Callable[[str, int], bool]


class Pace:
    """Follows one of the load's own events at a time until the views have it.

    Parameters
    ----------
    is_projected : callable
        Whether the views have a todo (by its id) at a version or beyond.
    bound : float
        Seconds that the views may lag behind.
    warn : callable
        Is told when they do not follow at all; from then on nothing is held.
    """

    def __init__(self, is_projected: IsProjected, bound: float, warn: Callable[[str], None]) -> None:
        self._is_projected = is_projected
        self._bound = bound
        self._warn = warn
        self._lock = threading.Lock()
        self._followed: Event | None = None
        self._since = 0.0
        self._next_look = 0.0
        self._is_given_up = False

    def appended(self, event: Event) -> None:
        """An event now stands in the ledger."""
        with self._lock:
            if self._followed is None and not self._is_given_up:
                self._followed, self._since = event, time.monotonic()
                self._next_look = self._since + LOOK_EVERY_SECONDS

    def hold(self) -> None:
        """Wait while the event that is followed lags by more than the bound."""
        followed = self._followed
        if followed is None or time.monotonic() < self._next_look:
            return
        while not self._has(followed):
            lag = time.monotonic() - self._since
            if lag <= self._bound:
                self._next_look = time.monotonic() + LOOK_EVERY_SECONDS
                return
            if lag > self._bound + PATIENCE_SECONDS:
                self._is_given_up = True
                self._warn(f"the views have not followed for {lag:.0f} s; the load no longer waits for them")
                break
            time.sleep(POLL_SECONDS)
        self._followed = None

    def _has(self, event: Event) -> bool:
        _, todo_id = keys.split_stream_id(event.stream_id)
        try:
            return self._is_projected(todo_id, event.version)
        except queries.ViewsUnavailable:
            return False
