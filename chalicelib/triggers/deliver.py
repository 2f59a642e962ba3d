"""The queue's worker that tells webhooks: one signed POST for each (webhook, event), repeated as rarely as can be.

A receiver can always be told twice, since its answer can be lost. What keeps that rare is a record for each (webhook,
event), INPROGRESS while it is being told and COMPLETED after, that stays until no repeat can come any more.
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
from chalicelib.aws import errors as failures
from chalicelib.aws import quarantine
from chalicelib.aws.sqs import sqs
from chalicelib.publishing.cloudevents import TYPE_PREFIX
from chalicelib.todos import ids
from chalicelib.webhooks import http_post, subscriptions
from chalicelib.webhooks.subscriptions import Webhook

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig

# A receiver that hangs must not hold up the others of its batch: ten messages of owners with many webhooks are told at
# once, as far as the client of DynamoDB has connections.
AT_THE_SAME_TIME: Final = 32
# What the end of an invocation needs: reporting, and hiding what failed.
RESERVE_SECONDS: Final = 5.0

# How long a message is hidden after its first failure, its second, and so on: the schedule that Standard Webhooks
# suggests, as far as SQS can hide a message (12 h). The queue gives it up after eight receives (.chalice/data.yaml), 28
# hours after the first.
HIDDEN_SECONDS: Final = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
MOST_JITTER: Final = 0.1

_DAY: Final = 24 * 3600
# A repeat can come as long as the message can: a batch that failed is kept 90 days in S3 until it is redriven, and then
# the message lies 14 days in the queue and 14 more as a dead letter. Two days of margin.
REMEMBERED_SECONDS: Final = (90 + 14 + 14 + 2) * _DAY


@dataclass(frozen=True, slots=True)
class Message:
    """A CloudEvent as the topic brings it.

    Attributes
    ----------
    owner : str
        As keys have it.
    body : str
        The very text that is signed and sent.
    """

    event_id: str
    owner: str
    event_type: str
    list_name: str
    body: str
    cloudevent: Mapping[str, Any]


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Tell the webhooks of a batch of SQS messages; returns those to be handed over again (ReportBatchItemFailures).

    A message is done when each webhook that wants it was told. What is no message of the topic, or comes with another
    content than the first time, is quarantined.
    """
    # Only this Lambda pays for powertools, also where one process registers all of them.
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    config, tell_once = _guard()
    # Else what a time-out leaves INPROGRESS would stay so for as long as the record does.
    config.register_lambda_context(context)
    webhooks_of = cache(subscriptions.of_partition)
    pool = ThreadPoolExecutor(AT_THE_SAME_TIME, thread_name_prefix="deliver")
    try:
        told = {
            record["messageId"]: _start(pool, record, webhooks_of, partial(_tell, tell_once, context))
            for record in event["Records"]
        }

        def finish(record: SQSRecord) -> None:
            _finish(record.raw_event, told[record.message_id], context)

        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        answer = process_partial_response(event=event, record_handler=finish, processor=processor, context=context)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
    for record in event["Records"]:
        if record["messageId"] in failed:
            _hide(record)
    logs.write(
        "deliver",
        records=len(event["Records"]),
        deliveries=sum(map(len, told.values())),
        failed=len(failed),
        reasons=sorted({str(reason) for _, reason, _ in processor.exceptions}),
    )
    return {"batchItemFailures": answer["batchItemFailures"]}


def hidden_seconds(receives: int, jitter: float) -> int:
    """For how long to hide a message that failed.

    Parameters
    ----------
    receives : int
        How often the queue has handed it over, this time included.
    jitter : float
        From 0 to 1: how much of the spread to add, so that what failed together does not come back together.
    """
    return round(HIDDEN_SECONDS[min(receives, len(HIDDEN_SECONDS)) - 1] * (1 + MOST_JITTER * jitter))


def message_of(record: Mapping[str, Any]) -> Message:
    """The message in an SQS record.

    Raises
    ------
    Poison
        When it is none of the topic's.
    """
    try:
        message = json.loads(record["body"])
        attributes = {name: value["stringValue"] for name, value in record["messageAttributes"].items()}
        if not isinstance(message["id"], str) or not isinstance(message["data"], dict):
            raise ValueError("no CloudEvent of this service")
        return Message(
            event_id=message["id"],
            owner=attributes["owner"],
            event_type=message["type"].removeprefix(TYPE_PREFIX),
            list_name=ids.decode_list(attributes["list"]),
            body=record["body"],
            cloudevent=message,
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise failures.Poison(f"no message of the topic: {error!r}") from error


def content_of(cloudevent: Mapping[str, Any]) -> dict[str, Any]:
    """What of a CloudEvent must be the same whenever it comes: all but the addresses, for the API may move."""
    state = cloudevent["data"].get("state") or {}
    return {
        **{name: value for name, value in cloudevent.items() if name != "source"},
        "data": {**cloudevent["data"], "state": {name: value for name, value in state.items() if name != "url"}},
    }


def _start(
    pool: ThreadPoolExecutor,
    record: Mapping[str, Any],
    webhooks_of: Callable[[str], list[Webhook]],
    tell: Callable[[Message, Webhook], None],
) -> list[Future[None]]:
    """Begin to tell each webhook that wants the message."""
    try:
        message = message_of(record)
        wanted = [each for each in webhooks_of(message.owner) if each.wants(message.event_type, message.list_name)]
        return [pool.submit(tell, message, webhook) for webhook in wanted]
    except Exception as error:
        failed: Future[None] = Future()
        failed.set_exception(error)
        return [failed]


def _tell(tell_once: Callable[..., Any], context: Any, message: Message, webhook: Webhook) -> None:
    from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyValidationError

    if _seconds_left(context) < http_post.TIMEOUT_SECONDS + RESERVE_SECONDS:
        raise http_post.DeliveryFailed("this invocation had no time for it")
    of_what = {
        "webhook": webhook.webhook_id,
        "event": message.event_id,
        "content": content_of(message.cloudevent),
    }
    try:
        tell_once(delivery_of=of_what, webhook=webhook, message=message)
    except IdempotencyValidationError as error:
        reason = f"event {message.event_id} came with another content than before, for webhook {webhook.webhook_id}"
        raise failures.Poison(reason) from error


def _send(*, delivery_of: Mapping[str, str], webhook: Webhook, message: Message) -> dict[str, int]:
    """Tell a webhook, and return what the record of it keeps."""
    try:
        status = http_post.tell(webhook.url, webhook.secret, message.event_id, message.body)
    except http_post.WebhookGone:
        subscriptions.disable(webhook)
        return {"status": http_post.GONE}
    metrics.count(metrics.DELIVERED)
    return {"status": status}


@cache
def _guard() -> tuple[IdempotencyConfig, Callable[..., Any]]:
    """The idempotency utility's settings, and `_send` under its guard."""
    from aws_lambda_powertools.utilities.idempotency import (
        DynamoDBPersistenceLayer,
        IdempotencyConfig,
        idempotent_function,
    )

    from chalicelib.aws import dynamodb

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
        # The default has the Lambda's name in it, and a deployment may change that.
        key_prefix="delivery",
    )
    return config, guarded


def _finish(record: Mapping[str, Any], told: list[Future[None]], context: Any) -> None:
    """Wait until a message's webhooks were told.

    Raises
    ------
    Exception
        What went wrong with one of them, when another try may go better: those that were told are not told again.
    """
    wait(told, timeout=max(0.0, _seconds_left(context) - RESERVE_SECONDS))
    errors = [_error_of(each) for each in told]
    transient = [error for error in errors if error is not None and failures.is_transient(error)]
    if transient:
        raise transient[0]
    # Only now, so that what comes again does not go to the quarantine again.
    for error in errors:
        if error is not None:
            quarantine.put("deliver", error, record=record)


def _error_of(told: Future[None]) -> BaseException | None:
    return told.exception() if told.done() else http_post.DeliveryFailed("not done in time")


def _hide(record: Mapping[str, Any]) -> None:
    """Let a message that failed come back after a while that grows with each time."""
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
        # It comes back when the queue's own time is over.
        logs.warn("a message could not be hidden", error)


def _seconds_left(context: Any) -> float:
    """How long this invocation may still take; without a Lambda's context, as long as it wants."""
    return context.get_remaining_time_in_millis() / 1000 if context is not None else 3600.0
