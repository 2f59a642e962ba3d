"""One thread, several simulated processes: at each DynamoDB call another one may go on, as one seed decides."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from greenlet import getcurrent, greenlet

from tests.simulation.faults import Site

# The clock moves by as much with each step. A schedule has some thousand steps, so that what is under way is over well
# within the minute after which the feed's reader takes a gap for an expired entry. On AWS that minute is kept by the
# timeouts: of a request (5 s), of a Lambda (60 s at most).
STEP_MILLISECONDS = 12
# What nobody waits for any more (a transaction of a dead process, a late request) has happened by then.
AFTERMATH_MILLISECONDS = 20_000
START = 1_800_000_000_000
TIMED_OUT: Site = ("an invocation", "timed out")


class Crash(BaseException):
    """The process is gone, here and now: nothing in it runs on. No handler of the code's own can catch it."""


class Aftermath(Protocol):
    """What goes on without any process: the rest of a transaction, a request still on its way, the TTL's sweeper."""

    @property
    def began(self) -> int:
        """The simulated millisecond at which it began."""

    def step(self, draw: random.Random) -> bool:
        """Go on by one step; False when nothing is left."""


class Process:
    """A simulated process; `on_resume` puts back what it alone remembers whenever it goes on.

    Attributes
    ----------
    deadline : int or None
        The simulated millisecond after which it crashes when it goes on.
    """

    def __init__(self, name: str, function: Callable[[], None], on_resume: Callable[[], None]) -> None:
        self.name = name
        self.on_resume = on_resume
        self.greenlet = greenlet(self._run)
        self.is_done = False
        self.deadline: int | None = None
        self._function = function

    def _run(self) -> None:
        try:
            self._function()
        except Crash:
            pass
        finally:
            self.is_done = True


class Scheduler:
    """
    Attributes
    ----------
    draw : random.Random
        The one source of chance: everything that a schedule decides is drawn here.
    now : int
        Simulated milliseconds since 1970.
    """

    def __init__(self, seed: int, hits: Counter[Site]) -> None:
        self._hits = hits
        self.draw = random.Random(seed)
        self.now = START
        self.steps = 0
        self.processes: list[Process] = []
        self.aftermath: list[Aftermath] = []
        self._hub = getcurrent()
        self._running: Process | None = None
        # From one step each in turn to long runs of one process while the others stand still.
        self._stickiness = self.draw.choice((0.0, 0.0, 0.3, 0.7, 0.9))

    def spawn(self, name: str, function: Callable[[], None], on_resume: Callable[[], None] = lambda: None) -> None:
        self.processes.append(Process(name, function, on_resume))

    @property
    def in_process(self) -> bool:
        """Whether a simulated process calls, rather than the test itself."""
        return self._running is not None

    def pause(self) -> None:
        """Let others go on; what the test itself calls does not wait."""
        process = self._running
        if process is None:
            return
        self._hub.switch()
        if process.deadline is not None and process.deadline < self.now:
            self._hits[TIMED_OUT] += 1
            raise Crash

    @contextmanager
    def timeout(self, milliseconds: int) -> Iterator[None]:
        """The process that calls is ended when it takes longer than this, as Lambda ends an invocation."""
        process = self._running
        if process is None:
            yield
            return
        process.deadline = self.now + milliseconds
        try:
            yield
        finally:
            process.deadline = None

    def run(self) -> None:
        """Run until every process has ended."""
        last: Process | None = None
        while self.processes:
            self._tick()
            if self.aftermath and self.draw.random() < 0.3:
                self._step(self.draw.choice(self.aftermath))
                continue
            if last is None or last.is_done or self.draw.random() >= self._stickiness:
                last = self.draw.choice(self.processes)
            self._resume(last)

    def finish_aftermath(self) -> None:
        """Bring to its end what is under way without a process."""
        while self.aftermath:
            self._step(self.aftermath[0])

    def _tick(self) -> None:
        self.steps += 1
        self.now += STEP_MILLISECONDS
        while self.aftermath and self.aftermath[0].began + AFTERMATH_MILLISECONDS < self.now:
            self._step(self.aftermath[0])

    def _step(self, aftermath: Aftermath) -> None:
        if not aftermath.step(self.draw):
            self.aftermath.remove(aftermath)

    def _resume(self, process: Process) -> None:
        process.on_resume()
        self._running = process
        process.greenlet.switch()
        self._running = None
        if process.is_done:
            self.processes.remove(process)
