"""Slowing a load down before the views lag, so that other owners' lists stay current too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from chalicelib.todos.events import Event
from loaders.into.pacing.allowance import Allowance
from loaders.into.pacing.follower import Follower, HavingVersions

DEFAULT_BOUND_SECONDS: Final = 5.0

# A look costs two small requests, or a few more after many writes.
LOOK_EVERY_SECONDS: Final = 0.5
POLL_SECONDS: Final = 0.25
# Views that are stuck for so long do not follow at all, and waiting for them would never end.
PATIENCE_SECONDS: Final = 300.0


class Pace:
    """Lets only as many events wait for the views as they take well within the bound.

    A load writes faster than the views follow. Waiting only once they lag would be too late, because the events that
    were written until then still delay them, and everybody else's events too.

    Parameters
    ----------
    having_versions : callable
        Given versions by todo id, the ids that the views have at these versions or later ones.
    bound : float
        Seconds that the views may lag.
    warn : callable
        Called with a warning if the views do not follow at all; from then on the load no longer waits.
    """

    def __init__(self, having_versions: HavingVersions, bound: float, warn: Callable[[str], None]) -> None:
        self._bound = bound
        self._warn = warn
        self._following = Follower(having_versions, overtaken_after=bound)
        self._allowance = Allowance(bound)
        self._lock = threading.Lock()
        self._rows_under_way = 0
        self._events_of_a_row = 1.0
        self._is_given_up = False

    def hold(self, rows: int) -> None:
        """Wait until so many more rows may be written; called on the thread that reads the file."""
        while not self._is_given_up and (self._is_too_much() or self._looked_before(LOOK_EVERY_SECONDS)):
            if not self._looked_before(POLL_SECONDS):
                time.sleep(max(0.0, self._following.looked + POLL_SECONDS - time.monotonic()))
            look = self._following.look()
            self._allowance.note(look.taken, look.seconds, look.delay)
            stuck = self._following.stuck_for()
            if stuck > self._bound + PATIENCE_SECONDS:
                self._is_given_up = True
                self._warn(f"the views have not followed for {stuck:.0f} s; the load no longer waits for them")
        with self._lock:
            self._rows_under_way += rows

    def note_appended(self, event: Event, events: int) -> None:
        """Note that so many events were appended, this one last."""
        if not self._is_given_up:
            self._following.add(event, events)

    def note_done(self, rows: int, events: int) -> None:
        """Note that rows which `hold` let through are done, and made so many events."""
        with self._lock:
            self._rows_under_way -= rows
            self._events_of_a_row = events / rows

    def _is_too_much(self) -> bool:
        """Whether too many events wait, including those expected of the rows that are being written."""
        with self._lock:
            expected = self._following.waiting + self._events_of_a_row * self._rows_under_way
        return expected > self._allowance.events

    def _looked_before(self, seconds: float) -> bool:
        return time.monotonic() >= self._following.looked + seconds
