"""A rebuild of the views while everything else goes on: one or two runs, which crash, and an operator's doubts."""

from __future__ import annotations

from contextlib import suppress

from chalicelib.aws.errors import AWSError, KeysUnprocessed
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.rebuild import run, task
from chalicelib.rebuild.state import Busy, NothingToAbandon, Progress
from chalicelib.views import pointer
from chalicelib.views.errors import Outrun, ProjectionIncomplete
from tests.simulation.delivery import TIMEOUT_MILLISECONDS
from tests.simulation.scheduler import Crash
from tests.simulation.seams import EVENTS, SETTINGS
from tests.simulation.world import World

# What a run may raise: it is begun again.
EXPECTED = (
    Busy,
    NothingToAbandon,
    Outrun,
    ProjectionIncomplete,
    KeysUnprocessed,
    LedgerUnavailable,
    AWSError,
)


class Rebuilding:
    """Whoever works at the one rebuild of a schedule; it may take several phases, and ends when all else is at rest."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._draw = world.draw
        self._rebuilds = 1
        # Of a short one two runs may be at it at once.
        self._lease_seconds = self._draw.choice((0.2, 2.0, run.LEASE_SECONDS))
        # What processes remember must not matter even if no invocation takes long.
        self._settle_seconds = self._draw.choice((0.0, TIMEOUT_MILLISECONDS / 1000))
        self._may_be_abandoned = self._draw.random() < 0.2

    def work(self, runner: str, invocations: int) -> None:
        """Work at it as the state machine's task does, one bounded invocation after the other."""
        for _ in range(invocations):
            with suppress(Crash, *EXPECTED):
                self._world.scheduler.pause()
                if self._may_be_abandoned and self._draw.random() < 0.1:
                    run.Run.claim(runner, lease_seconds=self._lease_seconds, begins=False).abandon()
                    continue
                progress = self._invoke(runner, self._draw.choice((0.0, 0.3, 3.0)), self._draw.choice((0.0, 0.5)))
                if progress.is_over:
                    return
                self._wait(progress.wait_seconds)

    def finish(self) -> list[str]:
        """Bring it to its end, when nothing fails any more; what is wrong then."""
        problems = 0
        while True:
            progress = self._once_free()
            problems += bool(progress.problem)
            # An audit that was begun before may have found a lag; the next one is begun anew.
            if problems > 1:
                return [progress.problem]
            if progress.is_over:
                break
            self._world.scheduler.now += 1 + round(1000 * progress.wait_seconds)
        current = pointer.pointer()
        tables = set(self._world.engine.tables) - {EVENTS, SETTINGS}
        # A run that was overtaken may leave a table of an abandoned rebuild behind, which nobody uses.
        is_alone = tables == {current.reader} or (self._may_be_abandoned and current.reader in tables)
        return [] if is_alone and current.tables == (current.reader,) else [f"{current}, and there are {tables}"]

    def finish_another(self) -> list[str]:
        """A whole rebuild after the one before, which fills its table with what is there by then."""
        self._rebuilds += 1
        return self.finish()

    def _once_free(self) -> Progress:
        """Go on with it as far as there is no wait, once another's lease has ended."""
        try:
            return self._invoke("the last", float("inf"), patience=0.0)
        except Busy as busy:
            self._world.scheduler.now += 1 + round(1000 * busy.seconds)
            return self._invoke("the last", float("inf"), patience=0.0)

    def _invoke(self, runner: str, seconds: float, patience: float) -> Progress:
        return task.work(
            self._world.now() / 1000 + seconds,
            runner=runner,
            request=f"rebuild {self._rebuilds}",
            lease_seconds=self._lease_seconds,
            settle_seconds=self._settle_seconds,
            drain_seconds=TIMEOUT_MILLISECONDS / 1000,
            patience=patience,
        )

    def _wait(self, seconds: float) -> None:
        until = self._world.now() + 1000 * seconds
        while self._world.now() < until:
            self._world.scheduler.pause()
