"""Fairness within a batch: how many tries of one owner, and of one failing webhook, are made at the same time.

An owner whose receivers hang must not hold up the others. SQS hands over the owners' messages fairly
(`ids.group_of`); here an owner has a few places in each invocation, and what waits for one goes back untried once
a receiver has kept this owner's tries waiting. Of a webhook that is failing one message at a time is tried.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, TypeVar

from chalicelib.todos.ids import Partition
from chalicelib.webhooks import health
from chalicelib.webhooks.errors import NotTried
from chalicelib.webhooks.webhook import Webhook

# Of the ten messages of a batch.
PLACES_OF_AN_OWNER: Final = 5
# What goes back untried is handed over again after this.
BACK_SECONDS: Final = 1

T = TypeVar("T")


class Lanes:
    """The places of one invocation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: defaultdict[Partition, threading.Semaphore] = defaultdict(
            lambda: threading.Semaphore(PLACES_OF_AN_OWNER)
        )
        self._failing: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._slow_owners: set[Partition] = set()
        self._slow_webhooks: set[str] = set()

    @contextmanager
    def place(self, webhook: Webhook) -> Iterator[None]:
        """Wait for a place, and have it during the body.

        Raises
        ------
        NotTried
            While this one waited, a receiver of the owner kept another try waiting.
        """
        with ExitStack() as stack:
            with self._lock:
                owner = self._owners[webhook.partition]
                probe = self._failing[webhook.webhook_id] if webhook.failing_since is not None else None
            has_waited = self._enter(stack, owner)
            if probe is not None:
                has_waited |= self._enter(stack, probe)
            if webhook.webhook_id in self._slow_webhooks:
                raise NotTried("its receiver kept another try waiting", health.MIN_PAUSE_MILLISECONDS // 1000)
            if has_waited and webhook.partition in self._slow_owners:
                raise NotTried("receivers of its owner kept other tries waiting", BACK_SECONDS)
            yield

    def kept_waiting(self, webhook: Webhook, *, has_failed: bool) -> None:
        """Note that a receiver kept a try waiting; if it then failed, it gets no other in this invocation."""
        with self._lock:
            self._slow_owners.add(webhook.partition)
            if has_failed:
                self._slow_webhooks.add(webhook.webhook_id)

    @staticmethod
    def _enter(stack: ExitStack, place: threading.Semaphore | threading.Lock) -> bool:
        """Take a place until the stack is closed; whether it had to be waited for."""
        is_free = place.acquire(blocking=False)
        if not is_free:
            place.acquire()
        stack.callback(place.release)
        return not is_free


def interleaved(of_owners: Iterable[tuple[Partition, T]]) -> list[T]:
    """One of each owner, in the order in which the owners came, then the second of each, and so on."""
    waiting: dict[Partition, deque[T]] = {}
    for partition, each in of_owners:
        waiting.setdefault(partition, deque()).append(each)
    found = []
    while waiting:
        for partition in list(waiting):
            found.append(waiting[partition].popleft())
            if not waiting[partition]:
                del waiting[partition]
    return found
