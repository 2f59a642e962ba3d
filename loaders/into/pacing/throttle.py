"""How many requests may run at a time: half as many after an overload, then gradually more again.

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
        How many may run now, from 1 to `most`.
    """

    def __init__(self, most: int) -> None:
        self.limit = float(most)
        self._most = most
        self._under_way = 0
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and keep it until the end of the context."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < int(self.limit))
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify()

    def note_overload(self) -> None:
        """Note that the other side refused a request because of its load."""
        with self._changed:
            self.limit = max(1.0, self.limit / 2)

    def note_success(self) -> None:
        """Note that a request succeeded."""
        with self._changed:
            self.limit = min(float(self._most), self.limit + 1 / self.limit)
            self._changed.notify()
