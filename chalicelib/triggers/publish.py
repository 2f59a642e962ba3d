"""The stream's reader that tells the world: each event as a CloudEvent on the topic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib import logs, settings
from chalicelib.aws import quarantine
from chalicelib.ledger import codec
from chalicelib.publishing import cloudevents, topic
from chalicelib.todos.events import Event


def handle(event: dict[str, Any]) -> None:
    """Publish a batch of stream records (a Lambda event of DynamoDB Streams, NEW_IMAGE).

    A record that is no event is quarantined, and the others go on.

    Raises
    ------
    PublishIncomplete
        After everything else went out; Lambda then hands the batch over again, and receivers drop the repeats.
    ClientError, BotoCoreError
        When the quarantine does not take what belongs there.
    """
    records = event["Records"]
    messages = list(_messages(records))
    logs.write("publish", records=len(records), messages=len(messages))
    _publish(messages)


def publish_records(records: Iterable[Mapping[str, Any]]) -> None:
    """Publish stream records, or what the ledger has as such, as `handle` does."""
    _publish(_messages(records))


def publish(events: Iterable[Event]) -> None:
    """Bring events to the topic, live ones and those of long ago alike.

    Raises
    ------
    PublishIncomplete
        After everything else went out.
    ClientError, BotoCoreError
        When the quarantine does not take what belongs there.
    """
    _publish(_message_of(event) for event in events)


def _messages(records: Iterable[Mapping[str, Any]]) -> Iterator[topic.Message]:
    """The messages of stream records; a record that is no event is quarantined, and the others go on."""
    for record in records:
        try:
            message = _message(record)
        except Exception as error:
            quarantine.put("publish", error, record=record)
            continue
        if message is not None:
            yield message


def _publish(messages: Iterable[topic.Message]) -> None:
    """Publish; what the topic refuses for good goes to the quarantine by its keys: the ledger has the rest."""
    for message, refusal in topic.publish(messages):
        quarantine.put("publish", refusal, record={}, keys=message.keys)


def _message(record: Mapping[str, Any]) -> topic.Message | None:
    """The message of a stream record; None for one that brings no event (nothing here removes one).

    Raises
    ------
    Exception
        Of any kind, when the record is no event.
    """
    image = record["dynamodb"].get("NewImage")
    return None if image is None else _message_of(codec.decode(image))


def _message_of(event: Event) -> topic.Message:
    return topic.Message(
        cloudevents.dumps(cloudevents.cloudevent(event, settings.public_url() or "")),
        cloudevents.attributes_of(event),
        {"stream_id": event.stream_id, "version": event.version},
    )
