"""How many requests may be under way: fewer when the other side is overloaded, one more at a time when it no longer is.

This is TCP's rule (RFC 5681): halve on congestion, then grow by one for each round of successes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Throttle:
    """Lets up to `most` threads through at a time.

    Attributes
    ----------
    limit : float
        How many may be under way now, from 1 to `most`.
    """

    def __init__(self, most: int) -> None:
        self.limit = float(most)
        self._most = most
        self._under_way = 0
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and hold it."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < int(self.limit))
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify()

    def overloaded(self) -> None:
        """The other side could not take a request."""
        with self._changed:
            self.limit = max(1.0, self.limit / 2)

    def succeeded(self) -> None:
        """Allow a little more at once; a window's worth of successes allows one more."""
        with self._changed:
            self.limit = min(float(self._most), self.limit + 1 / self.limit)
            self._changed.notify()
