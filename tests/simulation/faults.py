"""Which call goes wrong, and how: each schedule draws its kinds of failure and how often they come."""

from __future__ import annotations

import random
from collections import Counter
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
WRITES = {"PutItem", "UpdateItem", "TransactWriteItems"}
LONGEST_BURST = 12
# In schedules of their own, calls that are seldom made fail every second time: those that a rebuild makes once, and
# some of those that it makes a few times.
MADE_ONCE = ("CreateTable", "UpdateTimeToLive", "DeleteTable")
MADE_A_FEW_TIMES = ("UpdateItem", "Scan", "DescribeTable", "DescribeTimeToLive", "SendMessage", "PublishBatch")
SOME = 2

# Where something goes wrong, and what.
Site = tuple[str, str]

# Calls where fewer things can go wrong: what befalls them instead.
_SENDING = dict.fromkeys(Fault, Fault.NO_CONNECTION) | {
    Fault.CRASH_BEFORE: Fault.CRASH_BEFORE,
    Fault.CRASH_AFTER: Fault.CRASH_BEFORE,
}
_PUBLISHING = {fault: fault for fault in Fault} | {
    Fault.SERVER_ERROR_AFTER: Fault.LOST_ANSWER,
    Fault.SENT_TWICE: Fault.LOST_ANSWER,
    Fault.LATE: Fault.LOST_ANSWER,
    Fault.CONFLICT: Fault.UNPROCESSED,
    Fault.THROTTLED: Fault.UNPROCESSED,
}
_READING_KEYS = {fault: fault for fault in Fault}
_ANY = _READING_KEYS | {Fault.UNPROCESSED: Fault.THROTTLED}
_INSTEAD = {"SendMessage": _SENDING, "PublishBatch": _PUBLISHING, "BatchGetItem": _READING_KEYS}


def faults_of(call: str) -> list[Fault]:
    """What can befall a call."""
    drawn = set(Fault) if call in WRITES else set(Fault) - ONLY_WRITES
    found = {_INSTEAD.get(call, _ANY)[fault] for fault in drawn}
    return [fault for fault in Fault if fault in found]


def sites_of(call: str) -> set[Site]:
    return {site_of(call, fault) for fault in faults_of(call)}


def site_of(call: str, fault: Fault) -> Site:
    return call, fault.name.lower().replace("_", " ")


class Faults:
    """
    Parameters
    ----------
    seldom : random.Random, optional
        Decides what befalls calls that are seldom made, one kind of fault each; None if they fail like any other.

    Attributes
    ----------
    active : bool
        False at the end of each schedule, when what is left must come to rest.
    hits : Counter of Site
        How often each happened.
    """

    def __init__(self, draw: random.Random, hits: Counter[Site], seldom: random.Random | None = None) -> None:
        self._draw = draw
        self.hits = hits
        self.active = True
        self._rate = draw.choice((0.0, 0.01, 0.03, 0.08, 0.2))
        # Swarm testing: a schedule with few kinds of failure goes where one with all of them never comes.
        kinds = list(Fault)
        self._kinds = draw.sample(kinds, draw.randint(1, len(kinds)))
        self._writes = self._kinds
        self._reads = [kind for kind in self._kinds if kind not in ONLY_WRITES]
        self._burst = 0
        self._seldom = seldom
        self._of_seldom_calls: dict[str, Fault] = {}
        if seldom is not None:
            calls = (*MADE_ONCE, *seldom.sample(MADE_A_FEW_TIMES, SOME))
            self._of_seldom_calls = {call: seldom.choice(faults_of(call)) for call in calls}

    def next(self, call: str) -> Fault | None:
        """What befalls the next call; None: nothing."""
        if not self.active:
            return None
        fault = self._of_a_seldom_call(call)
        if fault is None and (drawn := self._drawn(call in WRITES)) is not None:
            fault = _INSTEAD.get(call, _ANY)[drawn]
        if fault is not None:
            self.hits[site_of(call, fault)] += 1
        return fault

    def _of_a_seldom_call(self, call: str) -> Fault | None:
        fault = self._of_seldom_calls.get(call)
        return fault if self._seldom is not None and fault is not None and self._seldom.random() < 0.5 else None

    def _drawn(self, is_write: bool) -> Fault | None:
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
