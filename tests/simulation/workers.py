"""Queues and their workers: messages in any order, some again although they were done, some to two workers at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.simulation.delivery import TIMEOUT_MILLISECONDS
from tests.simulation.scheduler import Crash
from tests.simulation.world import Memory, World

LONGEST_BATCH = 3
AGAIN = 0.2

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class Workers:
    """Those who work on one queue with one handler, which reports the messages that are to come again."""

    def __init__(self, world: World, queue: str, handler: Handler, again: float = AGAIN) -> None:
        self._world = world
        self._draw = world.draw
        self._queue = queue
        self._handler = handler
        self._again = again
        self._done: dict[str, dict[str, Any]] = {}

    def work(self, is_over: Callable[[], bool]) -> None:
        """One worker, until nobody sends any more."""
        memory = Memory()
        while not is_over():
            with suppress(Crash):
                self._world.scheduler.pause()
                with self._world.scheduler.timeout(TIMEOUT_MILLISECONDS):
                    self._invoke(self._any_batch(self._again))
                continue
            memory.forget()

    def work_some(self, again: float) -> None:
        """A batch of what is left, and in so many of the cases also of what was done before."""
        self._invoke(self._any_batch(again))

    def do_again(self) -> None:
        """Everything that was done, once more."""
        for record in list(self._done.values()):
            self._invoke([record])

    def work_off(self) -> None:
        """Everything that is left; nothing fails any more."""
        while waiting := self._waiting():
            before = len(waiting)
            self._invoke(waiting[:LONGEST_BATCH])
            assert len(self._waiting()) < before, "a message is refused although nothing fails"

    def _any_batch(self, again: float) -> list[dict[str, Any]]:
        known = self._waiting()
        if self._done and self._draw.random() < again:
            known = [*known, *self._done.values()]
        return self._draw.sample(known, min(len(known), self._draw.randint(1, LONGEST_BATCH)))

    def _waiting(self) -> list[dict[str, Any]]:
        return self._world.queues.records(self._queue)

    def _invoke(self, records: list[dict[str, Any]]) -> None:
        if not records:
            return
        answer = self._handler({"Records": records})
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in failed:
                self._world.queues.remove(self._queue, record["messageId"])
                self._done[record["messageId"]] = record
