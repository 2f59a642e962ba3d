"""One try of a delivery or ping: what came of it, and what becomes of its message."""

from __future__ import annotations

import random
import time
from typing import Final

from chalicelib import metrics
from chalicelib.todos import instants
from chalicelib.webhooks import delivery_log, guard, handshake, health, http_post, queue, schedule
from chalicelib.webhooks.delivery_log import Entry
from chalicelib.webhooks.errors import (
    AddressRefused,
    DeliveryFailed,
    NotTried,
    NotVerified,
    Rejected,
    TimedOut,
    WebhookGone,
    WrongAnswer,
)
from chalicelib.webhooks.handshake import EVENT_TYPE as PING_TYPE
from chalicelib.webhooks.messages import TRIES, Delivery, Ping, Record
from chalicelib.webhooks.webhook import GONE, Webhook

# A try that took so long has kept us waiting, whatever ended it.
SLOW_SECONDS: Final = 3.0

_RESULTS: Final = (
    (Rejected, delivery_log.REJECTED),
    (TimedOut, delivery_log.TIMED_OUT),
    (AddressRefused, delivery_log.ADDRESS_REFUSED),
    (WrongAnswer, delivery_log.WRONG_ANSWER),
    (NotVerified, delivery_log.UNVERIFIED),
    (DeliveryFailed, delivery_log.UNREACHABLE),
)


class Tried:
    """A try that was made.

    Attributes
    ----------
    entry : Entry, optional
        What the owner's log says of it; None if the webhook had accepted the event before.
    error : DeliveryFailed, optional
        Why it failed.
    kept_waiting : bool
        Whether the receiver kept us waiting, until it failed or accepted.
    """

    def __init__(self, entry: Entry | None, error: DeliveryFailed | None = None, *, kept_waiting: bool = False) -> None:
        self.entry = entry
        self.error = error
        self.kept_waiting = kept_waiting


def try_delivery(record: Record, delivery: Delivery, webhook: Webhook) -> Tried:
    """Send an event to a webhook, unless it has accepted it before; a failed one is sent to the queue again.

    Raises
    ------
    NotTried
    Poison
        When the event came with another content before.
    Unavailable
        The try was made, but what follows from it could not be written; the message is to come again.
    """
    clock = _Clock()
    send = _Send(webhook, delivery, clock)
    try:
        if webhook.verified_at is None:
            raise NotVerified("the webhook's URL is not verified")
        guard.send_once(webhook.webhook_id, delivery.event, send)
    except NotTried:
        raise
    except DeliveryFailed as error:
        return _after_failure(record, delivery, webhook, error, clock)
    if send.status is None:
        return Tried(None)
    if send.status != http_post.GONE:
        health.accepted(webhook)
    result = delivery_log.GONE if send.status == http_post.GONE else delivery_log.DELIVERED
    entry = clock.entry(delivery.event.event_id, delivery.event.event_type, result, send.status)
    return Tried(entry, kept_waiting=clock.stop() >= SLOW_SECONDS)


def try_ping(record: Record, ping: Ping, webhook: Webhook) -> Tried:
    """Send a challenge to a webhook; the right answer verifies its URL.

    Raises
    ------
    Unavailable
    """
    clock = _Clock()
    try:
        status = handshake.challenge(webhook)
    except WebhookGone:
        return Tried(clock.entry(None, PING_TYPE, delivery_log.GONE, http_post.GONE))
    except DeliveryFailed as error:
        clock.stop()
        tries = ping.target.tries + 1
        again = webhook.verified_at is None and tries < schedule.MAX_CHALLENGES
        seconds = _send_again(record, tries) if again else None
        return Tried(clock.failed(None, PING_TYPE, error, seconds), error, kept_waiting=clock.kept_waiting(error))
    if webhook.verified_at is None:
        health.verified(webhook)
    return Tried(clock.entry(None, PING_TYPE, delivery_log.DELIVERED, status))


def _after_failure(record: Record, delivery: Delivery, webhook: Webhook, error: DeliveryFailed, clock: _Clock) -> Tried:
    """Note a failure, and send the message to the queue again, or among the dead letters."""
    kept_waiting = clock.kept_waiting(error)
    tries = delivery.target.tries + 1
    pause, seconds = 0, None
    if not isinstance(error, NotVerified):
        pause = health.failed(webhook, kept_waiting=kept_waiting)
    if tries < schedule.max_tries(has_accepted=webhook.accepted_at is not None):
        seconds = _send_again(record, tries, at_least=pause)
    elif not isinstance(error, NotVerified):
        queue.give_up(record)
    entry = clock.failed(delivery.event.event_id, delivery.event.event_type, error, seconds)
    return Tried(entry, error, kept_waiting=kept_waiting)


def _send_again(record: Record, tries: int, at_least: int = 0) -> int:
    jitter = random.random()  # noqa: S311 - nothing to keep secret
    seconds = max(schedule.pause_seconds(tries, jitter), at_least)
    queue.send_again(record, seconds, **{TRIES: tries})
    return seconds


class _Send:
    """Sends one delivery when it is called; `status` is the answer's, or None if it was not called."""

    def __init__(self, webhook: Webhook, delivery: Delivery, clock: _Clock) -> None:
        self.status: int | None = None
        self._webhook = webhook
        self._event = delivery.event
        self._clock = clock

    def __call__(self) -> int:
        secrets = self._webhook.signing_secrets(instants.instant_after(None))
        try:
            status = http_post.send(self._webhook.url, secrets, self._event.event_id, self._event.body).status
            metrics.count(metrics.DELIVERED)
        except WebhookGone:
            health.disable(self._webhook, GONE)
            status = http_post.GONE
        finally:
            self._clock.stop()
        self.status = status
        return status


class _Clock:
    """When a try began, and how long it took."""

    def __init__(self) -> None:
        self._began = instants.now_milliseconds()
        self._started = time.monotonic()
        self._took: float | None = None

    def stop(self) -> float:
        """The try has ended, unless it had before; how many seconds it took."""
        if self._took is None:
            self._took = time.monotonic() - self._started
        return self._took

    def kept_waiting(self, error: DeliveryFailed) -> bool:
        """Whether a receiver that failed so kept us waiting."""
        return isinstance(error, TimedOut) or self.stop() >= SLOW_SECONDS

    def entry(
        self, event_id: str | None, event_type: str, result: str, status: int | None, seconds: int | None = None
    ) -> Entry:
        """What the log says of the try; `seconds` is when the next one follows."""
        took = round(self.stop() * 1000)
        next_try = None if seconds is None else instants.format_milliseconds(self._began + took + seconds * 1000)
        tried_at = instants.format_milliseconds(self._began)
        return Entry(event_id, event_type, tried_at, result, status, took, next_try)

    def failed(self, event_id: str | None, event_type: str, error: DeliveryFailed, seconds: int | None) -> Entry:
        """What the log says of a try that failed."""
        result = next(result for kind, result in _RESULTS if isinstance(error, kind))
        status = error.status if isinstance(error, Rejected) else None
        return self.entry(event_id, event_type, result, status, seconds)
