"""Publishing events, live ones from the stream and old ones from the ledger; refused ones are quarantined."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from chalicelib import settings
from chalicelib.aws import quarantine
from chalicelib.ledger import codec
from chalicelib.publishing import cloudevents, topic
from chalicelib.todos import ids
from chalicelib.todos.events import Event
from chalicelib.todos.ids import Partition

# The handler that quarantines: `redrive` returns a record to it.
HANDLER: Final = "publish"


def _not_known(partition: Partition) -> bool:
    """Of an owner of whom it is not known, the deliver queue finds out."""
    return True


def publish(events: Iterable[Event]) -> None:
    """Publish events on the topic, without those that were brought here from elsewhere; errors as in `send`."""
    send(_message_of(event) for event in events if event.imported_at is None)


def publish_records(records: Iterable[Mapping[str, Any]]) -> None:
    """Publish stream records, or stored events in their form; errors as in `send`."""
    send(messages_of(records))


def messages_of(
    records: Iterable[Mapping[str, Any]], may_have_webhooks: Callable[[Partition], bool] = _not_known
) -> Iterator[topic.Message]:
    """The messages of stream records; a record that is not an event is quarantined, and the others follow.

    Parameters
    ----------
    may_have_webhooks : callable
        Of an owner; looked up after the events were written.

    Raises
    ------
    AWSError
        When the quarantine queue cannot be written to.
    """
    for record in records:
        try:
            message = _message(record, may_have_webhooks)
        except Exception as error:
            quarantine.put(HANDLER, error, record=record)
            continue
        if message is not None:
            yield message


def send(messages: Iterable[topic.Message]) -> None:
    """Publish messages; one that the topic never accepts is quarantined by its keys: the ledger has the rest.

    Raises
    ------
    PublishIncomplete
        After everything else was published.
    AWSError
        When the quarantine queue cannot be written to.
    """
    for message, refusal in topic.publish(messages):
        quarantine.put(HANDLER, refusal, record={}, keys=message.keys)


def _message(record: Mapping[str, Any], may_have_webhooks: Callable[[Partition], bool]) -> topic.Message | None:
    """The message of a stream record; None for one without an event (this service removes none).

    An event that was brought here from another deployment has none: it was published there, when it happened.

    Raises
    ------
    Exception
        Of any type, when the record is not an event.
    """
    image = record["dynamodb"].get("NewImage")
    if image is None:
        return None
    event = codec.decode(image)
    return None if event.imported_at is not None else _message_of(event, may_have_webhooks)


def _message_of(event: Event, may_have_webhooks: Callable[[Partition], bool] = _not_known) -> topic.Message:
    partition, _ = ids.split_stream_id(event.stream_id)
    return topic.Message(
        cloudevents.dumps(cloudevents.cloudevent(event, settings.public_url() or "")),
        cloudevents.attributes_of(event, has_webhooks=may_have_webhooks(partition)),
        {"stream_id": event.stream_id, "version": event.version},
        ids.group_of(partition),
    )
