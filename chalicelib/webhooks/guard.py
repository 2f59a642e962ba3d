"""Sending an event to a webhook once, as far as anybody can: a receiver's answer can be lost.

Each pair of webhook and event has a record: INPROGRESS during the delivery and COMPLETED after it, kept until no repeat
can come any more. A try that failed leaves none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.aws.memory import remembered
from chalicelib.todos.errors import Poison
from chalicelib.webhooks.errors import NotTried
from chalicelib.webhooks.messages import EventMessage, content_of

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig

_DAY: Final = 24 * 3600
# A repeat can come as long as the message exists: a batch that failed is kept 90 days in S3 until it is redriven, and
# then the message exists for 14 days; as a dead letter it may be sent anew, for 14 more. Two days of margin.
REMEMBERED_SECONDS: Final = (90 + 14 + 14 + 2) * _DAY

# A delivery that another invocation is at, or that it left when it crashed: its record is free by then.
IN_PROGRESS_SECONDS: Final = 60


def use_time_limit_of(context: Any) -> None:
    """Let what this invocation leaves INPROGRESS be free again when its time is over."""
    config, _ = _guard()
    config.register_lambda_context(context)


def send_once(webhook_id: str, event: EventMessage, send: Callable[[], int]) -> int:
    """Call `send`, unless the webhook has accepted the event before; returns the status of the answer.

    Raises
    ------
    NotTried
        When another invocation is at it.
    Poison
        When the event came with another content before.
    """
    from aws_lambda_powertools.utilities.idempotency.exceptions import (
        IdempotencyAlreadyInProgressError,
        IdempotencyValidationError,
    )

    _, guarded = _guard()
    of_what = {"webhook": webhook_id, "event": event.event_id, "content": content_of(event.cloudevent)}
    try:
        return int(guarded(delivery_of=of_what, send=send)["status"])
    except IdempotencyValidationError as error:
        reason = f"event {event.event_id} came with another content than before, for webhook {webhook_id}"
        raise Poison(reason) from error
    except IdempotencyAlreadyInProgressError as error:
        raise NotTried("another invocation is delivering it", IN_PROGRESS_SECONDS) from error


def _send(*, delivery_of: Any, send: Callable[[], int]) -> dict[str, int]:
    """Send, and return what the delivery's record keeps."""
    return {"status": send()}


@remembered
def _guard() -> tuple[IdempotencyConfig, Callable[..., Any]]:
    """The idempotency utility's settings, and `_send` under its guard."""
    # Only this Lambda pays for powertools, even where one process registers every handler.
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
        boto3_client=dynamodb.raw_client(),
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
