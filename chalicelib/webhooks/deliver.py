"""A batch of the deliver queue: events are fanned out, and deliveries and pings tried, fairly between owners."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from chalicelib.aws import errors, quarantine
from chalicelib.todos import instants
from chalicelib.todos.ids import Partition
from chalicelib.webhooks import delivery_log, fan_out, guard, http_post, messages, queue, schedule, subscriptions, tries
from chalicelib.webhooks.delivery_log import Entry
from chalicelib.webhooks.errors import DeliveryFailed, NotTried
from chalicelib.webhooks.lanes import Lanes, interleaved
from chalicelib.webhooks.messages import Delivery, EventMessage, Ping, Record, Target
from chalicelib.webhooks.tries import Tried
from chalicelib.webhooks.webhook import Webhook

# Which handler quarantines: `redrive` hands a record back to the same one.
HANDLER: Final = "deliver"

# What the end of an invocation needs: to report, to send again what was not tried, and to write the log.
RESERVE_SECONDS: Final = 5.0
_UNLIMITED_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Delivered:
    """The result of a batch.

    Attributes
    ----------
    recipients : int
        How many deliveries events were fanned out to.
    tried : int
        How many tries were made.
    failed : list of str
        The ids of the messages to be handed over again: they could not be worked on.
    reasons : list of str
        Why tries or messages failed, each reason once.
    """

    recipients: int
    tried: int
    failed: list[str]
    reasons: list[str]


def deliver_batch(event: dict[str, Any], context: Any) -> Delivered:
    """Work on a batch of SQS messages (a Lambda event).

    The message of an event is done when each recipient has a message of its own; a delivery, when it was accepted, sent
    again to be tried later, or given up. A message that could not be worked on is hidden for a while, and what can
    never be is quarantined.

    Parameters
    ----------
    context : LambdaContext or None
        Has the remaining time; None sets no limit.
    """
    return _Batch(event["Records"], context).work()


class _Batch:
    def __init__(self, records: list[Record], context: Any) -> None:
        self._records = records
        self._context = context
        self._lanes = Lanes()
        self._lock = threading.Lock()
        self._recipients = 0
        self._log: list[tuple[Partition, str, Entry]] = []
        self._reasons: set[str] = set()
        self._failed: list[str] = []
        # Looked up once for all messages of the batch.
        self._webhooks_of: Callable[[Partition], Iterable[Webhook]] = cache(subscriptions.of_partition)
        self._webhook: Callable[[Partition, str], Webhook | None] = cache(subscriptions.find)

    def work(self) -> Delivered:
        guard.use_time_limit_of(self._context)
        targeted: list[tuple[Partition, tuple[Record, Delivery | Ping]]] = []
        events: list[tuple[Record, EventMessage]] = []
        for record in self._records:
            with _Failure(self, record):
                match messages.parse(record):
                    case EventMessage() as found:
                        events.append((record, found))
                    case Delivery() | Ping() as found:
                        targeted.append((found.target.partition, (record, found)))
        pool = ThreadPoolExecutor(max(1, len(targeted)), thread_name_prefix="deliver")
        try:
            started = {pool.submit(self._try, *each): each[0] for each in interleaved(targeted)}
            for record, event in events:
                with _Failure(self, record):
                    self._recipients += fan_out.fan_out(record, event, self._webhooks_of)
            self._finish(started)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            delivery_log.write(self._log)
            return Delivered(self._recipients, len(self._log), self._failed, sorted(self._reasons))

    def fail(self, record: Record, error: Exception) -> None:
        """Hide a message that another try may help, and quarantine another."""
        self._note(error)
        if not errors.is_transient(error):
            try:
                quarantine.put(HANDLER, error, record=record)
            except Exception as refusal:
                self._note(refusal)
            else:
                return
        receives = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
        jitter = random.random()  # noqa: S311 - nothing to keep secret
        queue.hide(record, schedule.pause_seconds(receives, jitter))
        self._failed.append(record["messageId"])

    def _finish(self, started: dict[Future[None], Record]) -> None:
        """Wait for the tries, as long as there is time; those that have not ended come again."""
        wait(started, timeout=max(0.0, self._seconds_left() - RESERVE_SECONDS))
        for future, record in started.items():
            with _Failure(self, record):
                if not future.done():
                    raise DeliveryFailed("not done in time")
                future.result()

    def _try(self, record: Record, message: Delivery | Ping) -> None:
        """Try a delivery or ping; what was not tried is sent again unchanged."""
        try:
            tried = self._try_if_possible(record, message)
        except NotTried as error:
            self._note(error)
            queue.send_again(record, error.seconds)
            return
        if tried is None or tried.entry is None:
            return
        if tried.error is not None:
            self._note(tried.error)
        with self._lock:
            self._log.append((message.target.partition, message.target.webhook_id, tried.entry))

    def _try_if_possible(self, record: Record, message: Delivery | Ping) -> Tried | None:
        """None if there is nothing to try any more.

        Raises
        ------
        NotTried
        """
        _check_due(message.target)
        webhook = self._webhook(message.target.partition, message.target.webhook_id)
        if webhook is None or (webhook.disabled_at is not None and isinstance(message, Delivery)):
            return None
        _check_not_paused(webhook)
        with self._lanes.place(webhook):
            if self._seconds_left() < http_post.TIMEOUT_SECONDS + RESERVE_SECONDS:
                raise NotTried("this invocation had no time for it")
            if isinstance(message, Delivery):
                tried = tries.try_delivery(record, message, webhook)
            else:
                tried = tries.try_ping(record, message, webhook)
            if tried.kept_waiting:
                self._lanes.kept_waiting(webhook, has_failed=tried.error is not None)
            return tried

    def _note(self, error: BaseException) -> None:
        with self._lock:
            self._reasons.add(str(error))

    def _seconds_left(self) -> float:
        """How long this invocation may still take."""
        if self._context is None:
            return _UNLIMITED_SECONDS
        return float(self._context.get_remaining_time_in_millis()) / 1000


class _Failure:
    """Whatever is raised in its body is the failure of one message, and ends nothing else."""

    def __init__(self, batch: _Batch, record: Record) -> None:
        self._batch = batch
        self._record = record

    def __enter__(self) -> None:
        """Nothing has failed yet."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, Exception):
            return False
        self._batch.fail(self._record, error)
        return True


def _check_due(target: Target) -> None:
    left = target.not_before - int(time.time())
    if left > 0:
        raise NotTried("it is not due yet", left)


def _check_not_paused(webhook: Webhook) -> None:
    if webhook.paused_until is not None:
        left = instants.milliseconds_of(webhook.paused_until) - instants.now_milliseconds()
        if left > 0:
            raise NotTried("its receiver is left alone for a while", -(-left // 1000))
