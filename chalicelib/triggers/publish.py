"""The stream's reader that publishes each event as a CloudEvent on the topic."""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib import logs
from chalicelib.publishing import publisher
from chalicelib.webhooks import presence


def handle(event: dict[str, Any]) -> None:
    """Publish a batch of stream records (a Lambda event of DynamoDB Streams, NEW_IMAGE).

    A record that is not an event is quarantined, and the others are published. Whether an owner has webhooks is looked
    up once for all of its events.

    Raises
    ------
    PublishIncomplete
        After everything else was published; Lambda then hands over the batch again, and receivers drop the repeats.
    AWSError
        When the quarantine does not take what belongs there.
    """
    records = event["Records"]
    messages = list(publisher.messages_of(records, cache(presence.may_have_webhooks)))
    logs.write("publish", records=len(records), messages=len(messages))
    publisher.send(messages)
