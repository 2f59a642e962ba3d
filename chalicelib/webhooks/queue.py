"""Sending to the deliver queue: a message for each recipient, later tries, pings; and what is given up."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from chalicelib import logs, settings
from chalicelib.aws.errors import ask
from chalicelib.aws.sqs import unlinked_sqs
from chalicelib.todos import ids
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Partition
from chalicelib.webhooks import messages, schedule
from chalicelib.webhooks.messages import Record

# SQS takes 10 messages and 256 KB (of bodies and attributes) in one request; the rest is room for how it counts.
MAX_BATCH_MESSAGES: Final = 10
MAX_BATCH_BYTES: Final = 240_000
# For a message's attributes: an owner of 255 bytes may take three times as many.
ATTRIBUTE_BYTES: Final = 2_000

Entry = dict[str, Any]


def send_to_each(record: Record, webhook_ids: Iterable[str]) -> None:
    """Send an event's message to the queue again, once for each webhook that is to receive it.

    Raises
    ------
    Unavailable
        Some may have been sent. Sending all again is safe: a delivery that was done is recognised.
    """
    for batch in batches(_entry(record, 0, {messages.WEBHOOK: webhook_id}) for webhook_id in webhook_ids):
        entries = [{"Id": str(number), **entry} for number, entry in enumerate(batch)]
        answer = ask(unlinked_sqs().send_message_batch, QueueUrl=settings.deliver_queue_url(), Entries=entries)
        if answer.get("Failed"):
            raise Unavailable(f"the queue did not take {len(answer['Failed'])} messages")


def send_again(record: Record, seconds: int, **changed: int) -> None:
    """Send a delivery or ping to the queue again, to be tried after so many seconds; `changed` replaces attributes.

    The record can then be deleted: how often SQS has handed it over says nothing about the receiver.

    Raises
    ------
    Unavailable
    """
    not_before = {messages.NOT_BEFORE: str(int(time.time()) + seconds)} if seconds else {}
    entry = _entry(record, seconds, {**not_before, **{name: str(value) for name, value in changed.items()}})
    ask(unlinked_sqs().send_message, QueueUrl=settings.deliver_queue_url(), **entry)


def give_up(record: Record) -> None:
    """Put a delivery that failed for the last time among the dead letters; `redrive` gives it all its tries again.

    Raises
    ------
    Unavailable
    """
    fresh = _entry(record, 0, {messages.TRIES: "0", messages.NOT_BEFORE: "0"})
    ask(unlinked_sqs().send_message, QueueUrl=settings.deliver_dead_letters_url(), **fresh)


def ping(partition: Partition, webhook_id: str) -> None:
    """Have a challenge sent to a webhook.

    Raises
    ------
    Unavailable
    """
    attributes = {messages.OWNER: partition, messages.WEBHOOK: webhook_id, messages.PING: "1"}
    body = json.dumps({"ping": str(uuid.uuid4())})
    ask(
        unlinked_sqs().send_message,
        QueueUrl=settings.deliver_queue_url(),
        MessageBody=body,
        MessageAttributes=_as_sqs(attributes),
        MessageGroupId=ids.group_of(partition),
    )


def hide(record: Record, seconds: int) -> None:
    """Hide a message that could not be worked on; if that fails, it comes back after the queue's visibility timeout."""
    try:
        unlinked_sqs().change_message_visibility(
            QueueUrl=settings.deliver_queue_url(), ReceiptHandle=record["receiptHandle"], VisibilityTimeout=seconds
        )
    except Exception as error:
        logs.warn("a message could not be hidden", error)


def batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """The entries in order, in batches that SQS takes."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        # A body is ASCII (`cloudevents.dumps`).
        bytes_of_entry = len(entry["MessageBody"]) + ATTRIBUTE_BYTES
        if batch and (len(batch) == MAX_BATCH_MESSAGES or size + bytes_of_entry > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += bytes_of_entry
    if batch:
        yield batch


def _entry(record: Record, seconds: int, changed: Mapping[str, str]) -> Entry:
    attributes = {**messages.attributes_of(record), **changed}
    return {
        "MessageBody": record["body"],
        "MessageAttributes": _as_sqs(attributes),
        "MessageGroupId": ids.group_of(Partition(attributes[messages.OWNER])),
        "DelaySeconds": min(max(seconds, 0), schedule.MAX_DELAY_SECONDS),
    }


def _as_sqs(attributes: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
