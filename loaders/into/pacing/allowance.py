"""How many of a load's events may wait for the views: as many as the views take in a part of the lag's bound."""

from __future__ import annotations

from collections import deque
from typing import Final

# Used before the views are measured; views that take 70 events a second take these within about 7 s.
AT_FIRST: Final = 500
# Over a shorter time, the measured rate depends mostly on the batches in which the views take events.
SETTLED_SECONDS: Final = 1.0
# Waiting events keep the views busy between two looks, and are what they lag by when they become slower. A quarter of
# the bound tolerates a sixfold slowdown within 1.5 × the bound.
PART_OF_BOUND: Final = 1 / 4


class Allowance:
    """Measures the views: how many events they take in a second, and how long one takes to reach them.

    Parameters
    ----------
    bound : float
        Seconds that the views may lag.
    """

    def __init__(self, bound: float) -> None:
        self._bound = bound
        self._window = max(SETTLED_SECONDS, bound / 2)
        self._quickest = bound
        self._is_queue = False
        self._taken = 0
        self._seconds = 0.0
        self._samples: deque[tuple[float, int]] = deque()

    def note(self, taken: int, seconds: float, delay: float) -> None:
        """Note that the views took so many events in these seconds, during which some were always waiting.

        Parameters
        ----------
        delay : float
            Seconds that the newest of them took, or that the oldest missing one has taken so far.
        """
        self._taken += taken
        self._seconds += seconds
        if taken:
            self._quickest = min(self._quickest, delay)
        self._is_queue = delay > self._quickest + self._bound * PART_OF_BOUND / 2
        # The time until the first event arrives is latency and says nothing about the rate.
        if self._taken:
            self._samples.append((self._seconds, self._taken))
        while len(self._samples) > 1 and self._samples[1][0] <= self._seconds - self._window:
            self._samples.popleft()

    @property
    def events(self) -> float:
        """How many may wait.

        Without a queue, the rate is that of the load and not the most that the views can take. Then ever more are let
        through until a queue forms, as in TCP's slow start (RFC 5681).
        """
        since, before = self._samples[0] if self._samples else (self._seconds, self._taken)
        seconds, taken = self._seconds - since, self._taken - before
        if seconds < SETTLED_SECONDS:
            return AT_FIRST if self._is_queue else AT_FIRST + self._taken
        # Longer than one event takes without a queue; otherwise the views would wait for the load.
        span = max(self._bound * PART_OF_BOUND, 2 * self._quickest)
        return taken / seconds * min(self._bound, span if self._is_queue else 2 * span)
