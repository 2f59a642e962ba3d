"""Which call goes wrong, and how: each schedule draws its kinds of failure and how often they come."""

from __future__ import annotations

import random
from enum import Enum, auto


class Fault(Enum):
    CRASH_BEFORE = auto()
    CRASH_AFTER = auto()
    NO_CONNECTION = auto()
    LOST_ANSWER = auto()
    SENT_TWICE = auto()
    LATE = auto()
    SERVER_ERROR = auto()
    SERVER_ERROR_AFTER = auto()
    THROTTLED = auto()
    CONFLICT = auto()
    UNPROCESSED = auto()


ONLY_WRITES = {Fault.CONFLICT, Fault.LATE}
LONGEST_BURST = 12


class Faults:
    """
    Attributes
    ----------
    active : bool
        False at the end of each schedule, when what is left must come to rest.
    """

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self.active = True
        self._rate = draw.choice((0.0, 0.01, 0.03, 0.08, 0.2))
        # Swarm testing: a schedule with few kinds of failure goes where one with all of them never comes.
        kinds = list(Fault)
        self._kinds = draw.sample(kinds, draw.randint(1, len(kinds)))
        self._writes = self._kinds
        self._reads = [kind for kind in self._kinds if kind not in ONLY_WRITES]
        self._burst = 0

    def next(self, is_write: bool) -> Fault | None:
        """What befalls the next call; None: nothing."""
        if not self.active:
            return None
        if self._burst:
            self._burst -= 1
            return Fault.THROTTLED
        if self._draw.random() >= self._rate:
            return None
        kinds = self._writes if is_write else self._reads
        if not kinds:
            return None
        fault = self._draw.choice(kinds)
        if fault is Fault.THROTTLED:
            self._burst = self._draw.randrange(LONGEST_BURST)
        return fault
