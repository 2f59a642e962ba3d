"""How many of a load's events may wait for the views: as many as these take within a part of the bound on their lag."""

from __future__ import annotations

from collections import deque
from typing import Final

# Before anything is known of the views; those that take 70 events a second have so many within 7 s.
AT_FIRST: Final = 500
# A rate measured over less is mostly that of the batches in which the views take events.
SETTLED_SECONDS: Final = 1.0
# What waits keeps the views at work while the load does not look, and is what they lag by when they become slower: with
# a quarter of the bound, six times as slow before it is half as much again.
PART_OF_BOUND: Final = 1 / 4


class Allowance:
    """Measures the views: how many events they take in a second, and how long one is on its way to them.

    Parameters
    ----------
    bound : float
        Seconds that the views may lag behind.
    """

    def __init__(self, bound: float) -> None:
        self._bound = bound
        self._window = max(SETTLED_SECONDS, bound / 2)
        self._quickest = bound
        self._is_queue = False
        self._taken = 0
        self._seconds = 0.0
        self._samples: deque[tuple[float, int]] = deque()

    def saw(self, taken: int, seconds: float, delay: float) -> None:
        """The views took so many events in these seconds, in which some waited for them all the time.

        Parameters
        ----------
        delay : float
            Seconds that the newest of them was on its way, or that the oldest which is not there has been.
        """
        self._taken += taken
        self._seconds += seconds
        if taken:
            self._quickest = min(self._quickest, delay)
        self._is_queue = delay > self._quickest + self._bound * PART_OF_BOUND / 2
        # Until the first is there, what passes is the way to the views and not the time that they take.
        if self._taken:
            self._samples.append((self._seconds, self._taken))
        while len(self._samples) > 1 and self._samples[1][0] <= self._seconds - self._window:
            self._samples.popleft()

    @property
    def events(self) -> float:
        """How many may wait.

        Where none waits for others, the rate is that of the load and not the most that the views can take: then ever
        more are let pass until some do, as TCP's slow start has it (RFC 5681).
        """
        since, before = self._samples[0] if self._samples else (self._seconds, self._taken)
        seconds, taken = self._seconds - since, self._taken - before
        if seconds < SETTLED_SECONDS:
            return AT_FIRST if self._is_queue else AT_FIRST + self._taken
        # More than an event takes even where none waits before it, or the views would wait for the load.
        span = max(self._bound * PART_OF_BOUND, 2 * self._quickest)
        return taken / seconds * min(self._bound, span if self._is_queue else 2 * span)
