"""Delivering events to webhooks: one signed POST for each webhook and event, rarely two.

A receiver may get an event twice, since its answer can be lost. To keep that rare, each pair of webhook and event has a
record: INPROGRESS during the delivery and COMPLETED after it, kept until no repeat can come any more.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from chalicelib import logs, metrics, settings
from chalicelib.aws import dynamodb, errors, quarantine
from chalicelib.aws.memory import remembered
from chalicelib.aws.sqs import sqs
from chalicelib.publishing.cloudevents import TYPE_PREFIX
from chalicelib.todos import ids
from chalicelib.todos.errors import Poison
from chalicelib.todos.ids import Partition
from chalicelib.webhooks import http_post, subscriptions
from chalicelib.webhooks.errors import DeliveryFailed, WebhookGone
from chalicelib.webhooks.subscriptions import Webhook

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig

# Which handler quarantines: `redrive` hands a record back to the same one.
HANDLER: Final = "deliver"

# A receiver that hangs must not hold up the others of its batch, so ten messages of owners with many webhooks are
# delivered at once, as far as the DynamoDB client has connections.
AT_THE_SAME_TIME: Final = 32
# What the end of an invocation needs: to report, and to hide the messages that failed.
RESERVE_SECONDS: Final = 5.0

# How long a message is hidden after its first failure, its second, and so on: the schedule that Standard Webhooks
# suggests, as far as SQS can hide a message (12 h). The queue gives the message up after eight receives
# (.chalice/data.yaml), 28 hours after the first.
HIDDEN_SECONDS: Final = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
MOST_JITTER: Final = 0.1

_DAY: Final = 24 * 3600
# A repeat can come as long as the message exists: a batch that failed is kept 90 days in S3 until it is redriven, and
# then the message lies 14 days in the queue and 14 more as a dead letter. Two days of margin.
REMEMBERED_SECONDS: Final = (90 + 14 + 14 + 2) * _DAY


@dataclass(frozen=True, slots=True)
class Message:
    """A CloudEvent as the topic brings it.

    Attributes
    ----------
    body : str
        The text that is signed and sent, unchanged.
    """

    event_id: str
    partition: Partition
    event_type: str
    list_name: str
    body: str
    cloudevent: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivered:
    """The result of a batch.

    Attributes
    ----------
    deliveries : int
        How many pairs of webhook and event there were.
    failed : list of str
        The ids of the messages to be handed over again.
    reasons : list of str
        Why they failed, each reason once.
    """

    deliveries: int
    failed: list[str]
    reasons: list[str]


def deliver_batch(event: dict[str, Any], context: Any) -> Delivered:
    """Deliver a batch of SQS messages (a Lambda event) to the webhooks that want them.

    A message is done when each of these webhooks accepted it. One that is not a message of the topic, or whose content
    differs from the first time, is quarantined. A message that failed is hidden for a while.

    Parameters
    ----------
    context : LambdaContext or None
        Has the remaining time; None sets no limit.

    Raises
    ------
    ClientError, BotoCoreError
        When the quarantine does not take what belongs there.
    """
    # Only this Lambda pays for powertools, even where one process registers every handler.
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    config, send_once = _guard()
    # Otherwise a delivery that a time-out leaves INPROGRESS would stay so for as long as its record exists.
    config.register_lambda_context(context)
    webhooks_of = cache(subscriptions.of_partition)
    pool = ThreadPoolExecutor(AT_THE_SAME_TIME, thread_name_prefix="deliver")
    try:
        started = {
            record["messageId"]: _start(pool, record, webhooks_of, partial(_deliver, send_once, context))
            for record in event["Records"]
        }

        def finish(record: SQSRecord) -> None:
            _finish(record.raw_event, started[record.message_id], context)

        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        answer = process_partial_response(event=event, record_handler=finish, processor=processor, context=context)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    failed = [str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]
    for record in event["Records"]:
        if record["messageId"] in failed:
            _hide(record)
    return Delivered(
        deliveries=sum(map(len, started.values())),
        failed=failed,
        reasons=sorted({str(reason) for _, reason, _ in processor.exceptions}),
    )


def hidden_seconds(receives: int, jitter: float) -> int:
    """For how many seconds to hide a message that failed.

    Parameters
    ----------
    receives : int
        How often the queue has handed it over, this time included.
    jitter : float
        From 0 to 1: how much of the spread to add, so that messages that failed together do not come back together.
    """
    return round(HIDDEN_SECONDS[min(receives, len(HIDDEN_SECONDS)) - 1] * (1 + MOST_JITTER * jitter))


def message_of(record: Mapping[str, Any]) -> Message:
    """The message in an SQS record.

    Raises
    ------
    Poison
        When the record has no such message.
    """
    try:
        message = json.loads(record["body"])
        attributes = {name: value["stringValue"] for name, value in record["messageAttributes"].items()}
        if not isinstance(message["id"], str) or not isinstance(message["data"], dict):
            raise ValueError("not a CloudEvent of this service")
        return Message(
            event_id=message["id"],
            partition=Partition(attributes["owner"]),
            event_type=message["type"].removeprefix(TYPE_PREFIX),
            list_name=ids.decode_list(attributes["list"]),
            body=record["body"],
            cloudevent=message,
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Poison(f"not a message of the topic: {error!r}") from error


def content_of(cloudevent: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a CloudEvent that must be the same in every repeat: all but the URLs, since the API may move."""
    state = cloudevent["data"].get("state") or {}
    return {
        **{name: value for name, value in cloudevent.items() if name != "source"},
        "data": {**cloudevent["data"], "state": {name: value for name, value in state.items() if name != "url"}},
    }


def _start(
    pool: ThreadPoolExecutor,
    record: Mapping[str, Any],
    webhooks_of: Callable[[Partition], list[Webhook]],
    deliver: Callable[[Message, Webhook], None],
) -> list[Future[None]]:
    """Begin to deliver a message to each webhook that wants it."""
    try:
        message = message_of(record)
        wanted = [each for each in webhooks_of(message.partition) if each.wants(message.event_type, message.list_name)]
        return [pool.submit(deliver, message, webhook) for webhook in wanted]
    except Exception as error:
        failed: Future[None] = Future()
        failed.set_exception(error)
        return [failed]


def _deliver(send_once: Callable[..., Any], context: Any, message: Message, webhook: Webhook) -> None:
    from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyValidationError

    if _seconds_left(context) < http_post.TIMEOUT_SECONDS + RESERVE_SECONDS:
        raise DeliveryFailed("this invocation had no time for it")
    of_what = {
        "webhook": webhook.webhook_id,
        "event": message.event_id,
        "content": content_of(message.cloudevent),
    }
    try:
        send_once(delivery_of=of_what, webhook=webhook, message=message)
    except IdempotencyValidationError as error:
        reason = f"event {message.event_id} came with another content than before, for webhook {webhook.webhook_id}"
        raise Poison(reason) from error


def _send(*, delivery_of: Mapping[str, str], webhook: Webhook, message: Message) -> dict[str, int]:
    """Send a message to a webhook, and return what the delivery's record keeps."""
    try:
        status = http_post.send(webhook.url, webhook.secret, message.event_id, message.body)
    except WebhookGone:
        subscriptions.disable(webhook)
        return {"status": http_post.GONE}
    metrics.count(metrics.DELIVERED)
    return {"status": status}


@remembered
def _guard() -> tuple[IdempotencyConfig, Callable[..., Any]]:
    """The idempotency utility's settings, and `_send` under its guard."""
    from aws_lambda_powertools.utilities.idempotency import (
        DynamoDBPersistenceLayer,
        IdempotencyConfig,
        idempotent_function,
    )

    config = IdempotencyConfig(
        event_key_jmespath="[webhook, event]",
        payload_validation_jmespath="content",
        raise_on_no_idempotency_key=True,
        expires_after_seconds=REMEMBERED_SECONDS,
        hash_function="sha256",
    )
    store = DynamoDBPersistenceLayer(
        table_name=settings.deliveries_table(),
        key_attr="id",
        expiry_attr="expiration",
        boto3_client=dynamodb.client(),
    )
    guarded: Callable[..., Any] = idempotent_function(
        _send,
        data_keyword_argument="delivery_of",
        config=config,
        persistence_store=store,
        # The default contains the Lambda's name, which a deployment may change.
        key_prefix="delivery",
    )
    return config, guarded


def _finish(record: Mapping[str, Any], started: list[Future[None]], context: Any) -> None:
    """Wait until the deliveries of a message have ended.

    Raises
    ------
    Exception
        The first failure that another try may help. Webhooks that accepted the message are not called again.
    """
    wait(started, timeout=max(0.0, _seconds_left(context) - RESERVE_SECONDS))
    failures = [error for error in map(_error_of, started) if error is not None]
    transient = [error for error in failures if errors.is_transient(error)]
    if transient:
        raise transient[0]
    # Only now, so that a message that comes again is not quarantined again.
    for error in failures:
        quarantine.put(HANDLER, error, record=record)


def _error_of(delivery: Future[None]) -> BaseException | None:
    return delivery.exception() if delivery.done() else DeliveryFailed("not done in time")


def _hide(record: Mapping[str, Any]) -> None:
    """Hide a message that failed, longer each time."""
    queue = settings.deliver_queue_url()
    if queue is None:
        return
    receives = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
    try:
        sqs().change_message_visibility(
            QueueUrl=queue,
            ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=hidden_seconds(receives, random.random()),
        )
    except Exception as error:
        # It comes back after the queue's own visibility timeout.
        logs.warn("a message could not be hidden", error)


def _seconds_left(context: Any) -> float:
    """How long this invocation may still take; an hour without a Lambda's context."""
    return context.get_remaining_time_in_millis() / 1000 if context is not None else 3600.0
