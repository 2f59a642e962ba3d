"""The stream, delivered as AWS may: in any cuts, again from any point, twice at once, late, with broken records."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from chalicelib.aws.errors import AWSError
from chalicelib.publishing.errors import PublishIncomplete
from chalicelib.triggers import project
from chalicelib.views.errors import ProjectionIncomplete
from tests.simulation.expressions import Item
from tests.simulation.faults import Site
from tests.simulation.scheduler import Crash
from tests.simulation.world import Memory, World

Handler = Callable[[dict[str, Any]], object]
LONGEST_BATCH = 10
BROKEN = 0.03
BROKEN_RECORD: Site = ("a record", "broken")
# Of an invocation; some hundred steps of all processes together.
TIMEOUT_MILLISECONDS = 6_000
# What a handler may raise: Lambda then hands the batch over again. Anything else is a defect.
EXPECTED = (ProjectionIncomplete, PublishIncomplete, AWSError)


class Delivery:
    """
    Attributes
    ----------
    undelivered : set of int
        Positions in the stream of what no invocation has done yet.
    """

    def __init__(self, world: World, handler: Handler | None = None, breaks_records: bool = True) -> None:
        self._world = world
        self._draw = world.draw
        self._handler = handler or project.handle
        self._breaks_records = breaks_records and self._draw.random() < 0.5
        self._seen = self._forgotten = 0
        self.undelivered: set[int] = set()

    def forget(self) -> None:
        """A day passes: the stream keeps nothing for longer."""
        self._seen = self._forgotten = len(self._world.records)
        self.undelivered.clear()

    def work(self, invocations: int, is_over: Callable[[], bool]) -> None:
        """A shard's reader: hand over batches until there is nothing to come, or so many were handed over."""
        memory = Memory()
        for _ in range(invocations):
            try:
                self._world.scheduler.pause()
                self._look()
                if not self.undelivered and is_over():
                    return
                with self._world.scheduler.timeout(TIMEOUT_MILLISECONDS):
                    self.deliver(self._any_batch())
            except Crash:
                memory.forget()

    def deliver_the_rest(self) -> None:
        """Hand over what is left until all of it is done; nothing fails any more."""
        self._look()
        while self.undelivered:
            before = len(self.undelivered)
            positions = sorted(self.undelivered)[: self._draw.randint(1, LONGEST_BATCH)]
            self.deliver(positions)
            assert len(self.undelivered) < before, "a batch is refused although nothing fails"
        for _ in range(self._draw.randrange(3)):
            # And once more, from anywhere, what was done long before.
            self.deliver(self._any_batch())

    def deliver(self, positions: list[int]) -> None:
        """One invocation."""
        if not positions:
            return
        records = self._world.records
        batch = [self._record(records[position], position) for position in positions]
        with suppress(*EXPECTED):
            self._handler({"Records": batch})
            self.undelivered.difference_update(positions)

    def _look(self) -> None:
        self.undelivered.update(range(self._seen, len(self._world.records)))
        self._seen = len(self._world.records)

    def _any_batch(self) -> list[int]:
        draw, known = self._draw, range(self._forgotten, self._seen)
        if not known:
            return []
        size = draw.randint(1, LONGEST_BATCH)
        if self.undelivered and draw.random() < 0.7:
            # From the oldest that is not done, or from anywhere, as when several shards are read.
            start = min(self.undelivered) if draw.random() < 0.6 else draw.choice(sorted(self.undelivered))
        else:
            start = draw.choice(known)
        batch = [position for position in known if start <= position < start + size]
        if draw.random() < 0.5:
            # Records of different items come in no order, and each event is an item of its own.
            draw.shuffle(batch)
        if draw.random() < 0.2:
            batch = batch[: draw.randint(1, len(batch))]
        return batch

    def _record(self, image: Item, position: int) -> dict[str, Any]:
        keys = {"stream_id": image["stream_id"], "version": image["version"]}
        if self._breaks_records and self._world.faults.active and self._draw.random() < BROKEN:
            self._world.faults.hits[BROKEN_RECORD] += 1
            image = self._draw.choice(
                ({**image, "state": {"S": "{"}}, {**image, "version": {"N": "one"}}, {**keys, "state": {"N": "1"}})
            )
        return {
            "eventID": str(position),
            "eventName": "INSERT",
            "eventSource": "aws:dynamodb",
            "dynamodb": {"Keys": keys, "NewImage": image, "SequenceNumber": str(position + 1)},
        }
