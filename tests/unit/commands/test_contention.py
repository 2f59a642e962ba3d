"""Many writers of one todo, each a process of its own, on a clock that only their requests and pauses move."""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest
from greenlet import getcurrent, greenlet

from chalicelib.aws import retry
from chalicelib.commands import execute
from chalicelib.ledger import ledger
from chalicelib.todos.content import validate
from chalicelib.todos.decide import Create, Patch
from chalicelib.todos.events import Event
from tests.unit.commands.memory_ledger import MemoryLedger, command_request, given_a_ledger

pytestmark = pytest.mark.slow

WRITERS = 20
COMMANDS = 200
# Of a request to DynamoDB: single-digit milliseconds are what AWS promises.
REQUEST_SECONDS = 0.01


class Clock:
    """Continues the writer whose wait ends first; each has a memory of its own, like a process."""

    def __init__(self) -> None:
        self.now = 0.0
        self._waiting: list[tuple[float, int, greenlet]] = []
        self._numbers = count()
        self._memories: dict[greenlet, execute._LatestEvents] = {}
        self._hub = getcurrent()

    def spawn(self, function: Callable[[], None]) -> None:
        process = greenlet(function)
        self._memories[process] = execute._LatestEvents(execute.REMEMBERED_STREAMS)
        heapq.heappush(self._waiting, (self.now, next(self._numbers), process))

    def wait(self, seconds: float) -> None:
        heapq.heappush(self._waiting, (self.now + seconds, next(self._numbers), getcurrent()))
        self._hub.switch()

    def run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        while self._waiting:
            self.now, _, process = heapq.heappop(self._waiting)
            monkeypatch.setattr(execute, "_latest_events", self._memories[process])
            process.switch()


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryLedger:
    return given_a_ledger(monkeypatch, Create(validate({"title": "x", "metadata": {}})))


@pytest.fixture(params=range(20))
def clock(request: pytest.FixtureRequest, memory: MemoryLedger, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Every request to the ledger takes a while, and so do the pauses."""
    clock, chance = Clock(), random.Random(request.param)
    monkeypatch.setattr(retry, "random", chance)
    monkeypatch.setattr(time, "sleep", clock.wait)

    def takes_a_while(call: Callable[..., Any]) -> Callable[..., Any]:
        def requested(*arguments: Any) -> Any:
            clock.wait(chance.uniform(0.25, 0.75) * REQUEST_SECONDS)
            try:
                return call(*arguments)
            finally:
                clock.wait(chance.uniform(0.25, 0.75) * REQUEST_SECONDS)

        return requested

    for name in ("latest", "at_version", "append"):
        monkeypatch.setattr(ledger, name, takes_a_while(getattr(memory, name)))
    return clock


def test_none_of_twenty_writers_and_two_hundred_commands_gives_up(
    clock: Clock, memory: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: list[tuple[Event, bool]] = []

    def write(name: int) -> None:
        for number in range(COMMANDS // WRITERS):
            outcomes.append(execute.execute(command_request(Patch({"metadata": {f"{name}/{number}": number}}))))

    for name in range(WRITERS):
        clock.spawn(partial(write, name))
    clock.run(monkeypatch)

    assert sorted(event.version for event, _ in outcomes) == list(range(2, COMMANDS + 2))
    assert len(memory.events[-1].state["metadata"] or {}) == COMMANDS
