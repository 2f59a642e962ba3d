"""How long to wait before the same thing is tried again, or looked at again."""

from __future__ import annotations

import random
import time
from typing import Final

FIRST_SECONDS: Final = 0.025
CEILING_SECONDS: Final = 1.0


def back_off(attempt: int) -> None:
    """Wait a random part of a ceiling that doubles with each attempt, so that competitors fall out of step.

    This is the full jitter of the AWS Architecture Blog's "Exponential Backoff and Jitter".
    """
    ceiling = min(CEILING_SECONDS, FIRST_SECONDS * 2 ** (attempt - 1))
    time.sleep(random.uniform(0, ceiling))  # noqa: S311 - nothing to keep secret


class Pauses:
    """The pauses between looks at something that others change, each longer than the one before.

    Parameters
    ----------
    first, ceiling : float
        The shortest and the longest pause, in seconds.
    growth : float
        How many times as long as the one before a pause is.
    """

    def __init__(self, first: float, ceiling: float, growth: float = 1.5) -> None:
        self._seconds = first
        self._ceiling = ceiling
        self._growth = growth

    def wait(self, left: float) -> bool:
        """Sleep until the next look, for no longer than the seconds that are left; False, at once, if none are."""
        if left <= 0:
            return False
        time.sleep(min(self._seconds, left))
        self._seconds = min(self._seconds * self._growth, self._ceiling)
        return True
