"""Holding a load back before the views lag behind it, so that they keep up for other owners too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from chalicelib.todos.events import Event
from loaders.pacing.allowance import Allowance
from loaders.pacing.following import Following, HavingVersions

DEFAULT_BOUND_SECONDS: Final = 5.0

# A look takes two small requests, or a few more after much was written.
LOOK_EVERY_SECONDS: Final = 0.5
POLL_SECONDS: Final = 0.25
# Views that take so long do not follow at all: to wait for them would be to wait for ever.
PATIENCE_SECONDS: Final = 300.0


class Pace:
    """Lets only as many events wait for the views as these take well within the bound.

    A load writes faster than the views follow. To wait once they lag would be too late: what was written meanwhile is
    still before them, and before everybody else's.

    Parameters
    ----------
    having_versions : callable
        Those of some todos, versions by id, that the views have at these versions or beyond.
    bound : float
        Seconds that the views may lag behind.
    warn : callable
        Is told when they do not follow at all; from then on nothing is held.
    """

    def __init__(self, having_versions: HavingVersions, bound: float, warn: Callable[[str], None]) -> None:
        self._bound = bound
        self._warn = warn
        self._following = Following(having_versions, overtaken_after=bound)
        self._allowance = Allowance(bound)
        self._lock = threading.Lock()
        self._rows_under_way = 0
        self._events_of_a_row = 1.0
        self._is_given_up = False

    def hold(self, rows: int) -> None:
        """Wait until so many rows more may be written; on the thread that reads the file."""
        while not self._is_given_up and (self._is_too_much() or self._looked_before(LOOK_EVERY_SECONDS)):
            if not self._looked_before(POLL_SECONDS):
                time.sleep(max(0.0, self._following.looked + POLL_SECONDS - time.monotonic()))
            look = self._following.look()
            self._allowance.saw(look.taken, look.seconds, look.delay)
            stuck = self._following.stuck_for()
            if stuck > self._bound + PATIENCE_SECONDS:
                self._is_given_up = True
                self._warn(f"the views have not followed for {stuck:.0f} s; the load no longer waits for them")
        with self._lock:
            self._rows_under_way += rows

    def appended(self, event: Event, events: int) -> None:
        """So many events now stand in the ledger, this one the last of them."""
        if not self._is_given_up:
            self._following.add(event, events)

    def settled(self, rows: int, events: int) -> None:
        """Rows that `hold` let pass are done, and so many events came of them."""
        with self._lock:
            self._rows_under_way -= rows
            self._events_of_a_row = events / rows

    def _is_too_much(self) -> bool:
        """Whether too many events wait, with those that will come of the rows under way if these are like the last."""
        with self._lock:
            expected = self._following.waiting + self._events_of_a_row * self._rows_under_way
        return expected > self._allowance.events

    def _looked_before(self, seconds: float) -> bool:
        return time.monotonic() >= self._following.looked + seconds
