"""Redriving the messages of the quarantine or a dead-letter queue through the code that handles live records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.aws.errors import Refusal
from chalicelib.aws.sqs import sqs
from chalicelib.ledger import ledger
from chalicelib.ledger.codec import dump_state
from chalicelib.publishing import publisher
from chalicelib.todos import ids
from chalicelib.views import stream
from chalicelib.views.projection import Head
from stack.errors import StackError

DEAD_LETTERS: Final = "-dead-letters"
QUARANTINE: Final = "quarantine"
# A message is hidden from others while it is handled; if that fails, it becomes visible again after this.
HIDDEN_SECONDS: Final = 120
# SQS spreads a queue over many servers: one empty answer does not mean that the queue is empty.
EMPTY_ANSWERS: Final = 2

Message = dict[str, Any]


@dataclass(slots=True)
class Redriven:
    """How many messages were returned, and how many stay because they failed again."""

    done: int = 0
    failed: int = 0


def redrive(queue: str, say: Callable[[str], None], *, dry_run: bool = False) -> Redriven:
    """Return every message of a queue to where it failed; each is deleted only after that has succeeded.

    Parameters
    ----------
    queue : str
        The queue's full name: that of a quarantine or a dead-letter queue.
    say : callable
        Called with a line for each message.
    dry_run : bool
        Only say what would be returned; the messages stay.

    Raises
    ------
    StackError
        There is no such queue, or it is neither.
    """
    url = _url(queue)
    if queue.endswith(DEAD_LETTERS):
        give_back = _to_queue(queue.removesuffix(DEAD_LETTERS))
    elif queue.endswith(QUARANTINE):
        give_back = _from_quarantine(queue.removesuffix(QUARANTINE))
    else:
        raise StackError(f"{queue} is neither a quarantine nor a dead-letter queue")
    redriven = Redriven()
    for message in _messages(url):
        what = _describe(message)
        if dry_run:
            say(f"would go: {what}")
            redriven.done += 1
            continue
        try:
            give_back(message)
        except Exception as error:
            say(f"failed again, and stays: {what}: {type(error).__name__}: {error}")
            redriven.failed += 1
            continue
        sqs().delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        say(f"done: {what}")
        redriven.done += 1
    return redriven


def _messages(url: str) -> Iterator[Message]:
    """Every message once; those that are not deleted become visible to others at the end."""
    seen: dict[str, str] = {}
    empty = 0
    try:
        while empty < EMPTY_ANSWERS:
            answer = sqs().receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=1,
                VisibilityTimeout=HIDDEN_SECONDS,
                MessageAttributeNames=["All"],
            )
            fresh = [message for message in answer.get("Messages", []) if message["MessageId"] not in seen]
            empty = 0 if fresh else empty + 1
            for message in fresh:
                seen[message["MessageId"]] = message["ReceiptHandle"]
                yield message
    finally:
        for handle in seen.values():
            _show_again(url, handle)


def _show_again(url: str, handle: str) -> None:
    # A message that was returned is deleted, and its handle is invalid.
    with suppress(Refusal):
        sqs().change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)


def _to_queue(name: str) -> Callable[[Message], None]:
    """Send a dead letter to the queue that it came from; that queue's worker tolerates repeats."""
    url = _url(name)

    def send(message: Message) -> None:
        attributes = message.get("MessageAttributes", {})
        sqs().send_message(QueueUrl=url, MessageBody=message["Body"], MessageAttributes=attributes)

    return send


def _from_quarantine(prefix: str) -> Callable[[Message], None]:
    """Return a quarantined record: to a stream's handler as the ledger has it, to a queue's handler by its queue."""

    def give_back(message: Message) -> None:
        poison = json.loads(message["Body"])
        handler = poison["handler"]
        if handler in _OF_STREAM:
            _OF_STREAM[handler](poison)
        elif handler in _OF_QUEUE and poison["record"]:
            record = poison["record"]
            attributes = _attributes_of(record)
            url = _url(prefix + _OF_QUEUE[handler])
            sqs().send_message(QueueUrl=url, MessageBody=record["body"], MessageAttributes=attributes)
        else:
            raise StackError(f"it cannot be returned to the handler {handler!r}")

    return give_back


def _attributes_of(record: Message) -> dict[str, Any]:
    """The message attributes of a record of a Lambda event, as SQS takes them: `deliver` finds the owner there."""
    attributes = record.get("messageAttributes") or {}
    return {
        name: {"DataType": value["dataType"], "StringValue": value["stringValue"]} for name, value in attributes.items()
    }


def _project_again(poison: Message) -> None:
    """Project the newest event of the stream from the ledger: the record may be out of date."""
    stream_id = _stream_of(poison)
    event = ledger.latest(stream_id)
    if event is None:
        raise StackError(f"the ledger has no stream {stream_id}")
    owner, todo_id = ids.split_stream_id(stream_id)
    refused = stream.project_everywhere({owner: [Head(todo_id, event.version, dump_state(event.state))]})
    if refused:
        raise refused[0].error


def _publish_again(poison: Message) -> None:
    stream_id = _stream_of(poison)
    event = ledger.at_version(stream_id, int(poison["keys"]["version"]))
    if event is None:
        raise StackError(f"the ledger has no such event: {stream_id}, version {poison['keys']['version']}")
    publisher.publish([event])


def _stream_of(poison: Message) -> str:
    stream_id = (poison.get("keys") or {}).get("stream_id")
    if not stream_id:
        raise StackError("the message does not name its stream")
    return str(stream_id)


_OF_STREAM: Final[dict[str, Callable[[Message], None]]] = {"project": _project_again, "publish": _publish_again}
_OF_QUEUE: Final = {"deliver": "deliver", "remind_page": "remind", "clear": "clear"}


def _describe(message: Message) -> str:
    try:
        body = json.loads(message["Body"])
    except ValueError:
        return str(message["MessageId"])
    if not isinstance(body, dict) or "handler" not in body:
        return f"{message['MessageId']} {message['Body'][:100]}"
    return f"{body['handler']} {json.dumps(body.get('keys'))} ({body.get('error')})"


def _url(queue: str) -> str:
    try:
        url: str = sqs().get_queue_url(QueueName=queue)["QueueUrl"]
    except Refusal as error:
        if not error.code.endswith(("NonExistentQueue", "QueueDoesNotExist")):
            raise
        raise StackError(f"there is no queue {queue}") from error
    return url
