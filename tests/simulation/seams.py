"""Where the simulation takes hold of the real code: its DynamoDB client, its queues, its clock, its pauses, its ids."""

from __future__ import annotations

import os
import random
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

import stack.operate.catchup
import stack.operate.redrive
from chalicelib import logs
from chalicelib.aws import dynamodb, quarantine, retry, sqs
from chalicelib.commands import (
    clear_list,
    execute,
    list_operation,
    reminders,
    rename_list,
)
from chalicelib.commands.undo import service, writing
from chalicelib.ledger import model
from chalicelib.publishing import topic
from chalicelib.rebuild import run
from chalicelib.todos import ids
from chalicelib.views import backfill, current, pointer
from chalicelib.views.pointer import Pointer
from tests.simulation.faults import Site

EVENTS, VIEWS, SETTINGS, QUARANTINE = "events", "views", "settings", "quarantine"
# As redrive makes them of the quarantine's name.
REMIND = "remind"
CLEAR = "clear"
ENVIRONMENT = {
    "EVENTS_TABLE": EVENTS,
    "SETTINGS_TABLE": SETTINGS,
    "QUARANTINE_QUEUE_URL": QUARANTINE,
    "REMIND_QUEUE_URL": REMIND,
    "CLEAR_QUEUE_URL": CLEAR,
    "EVENTS_TOPIC_ARN": "topic",
    "AWS_DEFAULT_REGION": "us-east-1",
}


# A list of more todos is long (each schedule with lists draws its own).
LIST_PAGE = 2
# Milliseconds: ids made by different processes are in the order of their making only about.
CLOCKS_DIFFER_BY = 2_000
# A schedule has few streams; to fill a views table with them should all the same take several batches.
HEADS_AT_ONCE = 3


class Seat:
    """Whoever sits here is what the code talks to: one schedule after the other.

    Attributes
    ----------
    client, queues, topic
        What answers for DynamoDB, for SQS and for SNS.
    now : callable
        Milliseconds since 1970.
    pause : callable
        What a process does that waits.
    watch : callable
        Is told of each pointer that a process uses, remembered or not.
    chance : random.Random
        What the code itself draws: ids and orders, from the schedule's own seed.
    hits : Counter of Site
        What went wrong, of all schedules that sat here.
    """

    client: Any
    queues: Any
    topic: Any
    now: Callable[[], int]
    pause: Callable[[], None]
    watch: Callable[[Pointer], None]
    chance: random.Random

    def __init__(self) -> None:
        self.hits: Counter[Site] = Counter()

    def __getattr__(self, name: str) -> Any:
        # PynamoDB keeps the client that it was given first: this object, for ever.
        return getattr(self.client, name)


class _Clock:
    """The module `time`, but for what tells or spends time."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def time_ns(self) -> int:
        return self._seat.now() * 1_000_000

    def time(self) -> float:
        return self._seat.now() / 1000

    def monotonic(self) -> float:
        return self._seat.now() / 1000

    def sleep(self, seconds: float) -> None:
        self._seat.pause()


class _InlineThread:
    """A thread that runs at once, where it is started: greenlets and threads do not mix."""

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...] = (), daemon: bool = False) -> None:
        self.start = lambda: target(*args)


class _InlinePool:
    def __init__(self, workers: int) -> None:
        self.map = map

    def __enter__(self) -> _InlinePool:
        return self

    def __exit__(self, *error: object) -> None:
        pass


@contextmanager
def installed() -> Iterator[Seat]:
    """The real code on simulated ground, as long as this lasts."""
    seat = Seat()
    item = model.EventItem
    connection = item._connection
    memory, pointer_memory = execute._latest_events, current._memory
    read_pointer = current.current_pointer
    clock = _Clock(seat)

    threads = SimpleNamespace(Thread=_InlineThread, Event=threading.Event, Lock=threading.Lock)

    def uuid4() -> uuid.UUID:
        return uuid.UUID(int=seat.chance.getrandbits(128), version=4)

    def uuid7() -> uuid.UUID:
        random_bits = seat.chance.getrandbits(128)
        made_at = seat.now() + random_bits % (2 * CLOCKS_DIFFER_BY + 1) - CLOCKS_DIFFER_BY
        return uuid.UUID(
            int=made_at << 80 | 7 << 76 | (random_bits >> 52) % (1 << 12) << 64 | 2 << 62 | random_bits >> 66
        )

    def sample(population: Sequence[Any], size: int) -> list[Any]:
        return seat.chance.sample(population, size)

    def watched_pointer() -> Pointer:
        found = read_pointer()
        seat.watch(found)
        return found

    with ExitStack() as stack_of_patches:
        stack_of_patches.enter_context(patch.dict(os.environ, ENVIRONMENT))
        patches = (
            (dynamodb, "client", lambda: seat),
            (dynamodb, "raw_client", lambda: seat),
            (retry, "random", SimpleNamespace(uniform=lambda low, high: low)),
            (logs, "_line", lambda *_: None),
            (quarantine, "sqs", lambda: seat.queues),
            (reminders, "sqs", lambda: seat.queues),
            (reminders, "random", SimpleNamespace(sample=sample)),
            (topic, "sns", lambda: seat.topic),
            (stack.operate.redrive, "sqs", lambda: seat.queues),
            (sqs, "unlinked_sqs", lambda: seat.queues),
            (ids, "new_uuid", lambda: str(uuid7())),
            *((module, "PAGE", LIST_PAGE) for module in (list_operation, clear_list, rename_list)),
            # Each schedule with undos draws its own.
            *((service, name, getattr(service, name)) for name in ("PAGE", "AT_ONCE_TODOS", "AT_ONCE_EVENTS")),
            (writing, "GROUP", writing.GROUP),
            (current, "current_pointer", watched_pointer),
            (pointer, "uuid", SimpleNamespace(uuid4=uuid4)),
            (run, "uuid", SimpleNamespace(uuid4=uuid4)),
            (backfill, "BATCH", HEADS_AT_ONCE),
            *((module, "time", clock) for module in _using("time", time)),
            *((module, "threading", threads) for module in _using("threading", threading)),
            *(
                (module, "ThreadPoolExecutor", _InlinePool)
                for module in _using("ThreadPoolExecutor", ThreadPoolExecutor)
            ),
        )
        for owner, name, instead in patches:
            stack_of_patches.enter_context(patch.object(owner, name, instead))
        model.forget()
        try:
            yield seat
            # A patch over one of these that is taken away afterwards would bring it back for good. Sizes may be set.
            over = [name for owner, name, instead in patches if getattr(owner, name) is not instead]
            assert {"PAGE", "AT_ONCE_TODOS", "AT_ONCE_EVENTS", "GROUP"}.issuperset(over), over
        finally:
            model.events.cache_clear()
            item._connection = connection
            execute._latest_events = memory  # type: ignore[misc]
            current._memory = pointer_memory


def _using(name: str, what: object) -> list[ModuleType]:
    """The modules of the service that know `what` by this name."""
    return [
        module
        for module_name, module in list(sys.modules.items())
        if module_name.startswith("chalicelib.") and getattr(module, name, None) is what
    ]
