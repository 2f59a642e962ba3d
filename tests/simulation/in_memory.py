"""The service over a DynamoDB in memory, for tests of its API in which nothing fails by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.simulation.seams import CLEAR, installed
from tests.simulation.world import World


@contextmanager
def service(seed: int = 0) -> Iterator[World]:
    """What `InProcess` calls runs on this ground; the queue's messages wait for whoever handles them."""
    with installed() as seat:
        world = World(seed, seat, page_items=1000)
        # Tokens expire by the clock of the tests.
        world.scheduler.now = time.time_ns() // 1_000_000
        world.faults.active = False
        yield world


def work_off(world: World) -> int:
    """Let the queue's worker do everything; how many messages there were."""
    from chalicelib.triggers import clear

    done = 0
    while messages := world.queues.records(CLEAR):
        assert clear.handle({"Records": messages}) == {"batchItemFailures": []}
        for message in messages:
            world.queues.remove(CLEAR, message["messageId"])
        done += len(messages)
    return done
