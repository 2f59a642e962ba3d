"""The topic: messages are published in batches bounded by count and bytes; those of a batch that fail are retried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib import settings
from chalicelib.aws import errors, thin
from chalicelib.aws.errors import AWSError
from chalicelib.aws.memory import remembered
from chalicelib.aws.retry import back_off
from chalicelib.publishing.errors import PublishIncomplete, Refused

# SNS accepts 10 messages and 256 KB (of bodies and attributes) in one request; the margin is for how it counts.
MAX_BATCH_MESSAGES: Final = 10
MAX_BATCH_BYTES: Final = 240_000
MAX_MESSAGE_BYTES: Final = 256 * 1024

# Tries of each batch: ten batches, a stream's hundred records, must fit the function's 60 s. The stream redelivers all.
MAX_TRIES: Final = 5

CONNECT_TIMEOUT_SECONDS: Final = 2
READ_TIMEOUT_SECONDS: Final = 5

# The codes of a single message that SNS never accepts; any other error may pass, if only after a policy is corrected.
REFUSED_CODES: Final = frozenset({"InvalidParameter", "InvalidParameterValue"})


@dataclass(frozen=True, slots=True)
class Message:
    """A message for the topic.

    Attributes
    ----------
    body : str
    attributes : mapping
        String attributes for filter policies.
    keys : mapping
        The keys of the event in the ledger, for when the topic refuses the message.
    group : str, optional
        The message group of its owner (`ids.group_of`).
    """

    body: str
    attributes: Mapping[str, str]
    keys: Mapping[str, Any] = field(default_factory=dict)
    group: str | None = None

    @property
    def size(self) -> int:
        """Bytes, as SNS counts them: the body, and each attribute's name, type and value."""
        attributes = sum(len(name) + len("String") + len(value.encode()) for name, value in self.attributes.items())
        return len(self.body.encode()) + attributes


@remembered
def sns() -> Any:
    """A client for SNS without retries: `publish` retries, and knows which messages of a batch failed."""
    if settings.client() == settings.THIN and (found := thin.connect_sns()):
        return found
    import botocore.session
    from botocore.config import Config

    from chalicelib.aws.botocore_client import BotocoreClient

    made = botocore.session.get_session().create_client(
        "sns",
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 1},
        ),
    )
    return BotocoreClient(made)


def publish(messages: Iterable[Message]) -> list[tuple[Message, Refused]]:
    """Publish every message at least once; those that the topic never accepts are returned.

    Raises
    ------
    PublishIncomplete
        After everything else was published. Publishing all of it again is safe: receivers recognise a repeat by its id.
    """
    refused: list[tuple[Message, Refused]] = []
    reasons: list[str] = []
    for batch in batches(messages, refused):
        waiting = batch
        for attempt in range(1, MAX_TRIES + 1):
            failed = _send(waiting)
            refused += [(message, Refused(code)) for message, code in failed if code in REFUSED_CODES]
            left = [(message, code) for message, code in failed if code not in REFUSED_CODES]
            waiting = [message for message, _ in left]
            if not waiting:
                break
            if attempt == MAX_TRIES:
                reasons += [code for _, code in left]
            else:
                back_off(attempt)
    if reasons:
        raise PublishIncomplete(reasons)
    return refused


def batches(messages: Iterable[Message], refused: list[tuple[Message, Refused]]) -> Iterator[list[Message]]:
    """The messages in batches, in their order; one that is too large even alone is added to `refused`."""
    batch: list[Message] = []
    size = 0
    for message in messages:
        if message.size > MAX_MESSAGE_BYTES:
            refused.append((message, Refused(f"{message.size} bytes where {MAX_MESSAGE_BYTES} are allowed")))
            continue
        if batch and (len(batch) == MAX_BATCH_MESSAGES or size + message.size > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += message.size
    if batch:
        yield batch


def _send(batch: Sequence[Message]) -> list[tuple[Message, str]]:
    """Send one batch; returns the messages that were not published, each with the error code.

    Raises
    ------
    AWSError
        When the request itself is wrong, so that no message of any batch would be published.
    """
    entries = [
        {
            "Id": str(position),
            "Message": message.body,
            # A standard topic hands it on to standard queues, which are fair to the groups then.
            **({"MessageGroupId": message.group} if message.group else {}),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
            },
        }
        for position, message in enumerate(batch)
    ]
    try:
        answer = sns().publish_batch(TopicArn=settings.events_topic_arn(), PublishBatchRequestEntries=entries)
    except AWSError as error:
        if not errors.is_transient(error):
            raise
        # No answer, or the whole request was refused. Some messages may have been sent; receivers tolerate repeats.
        code = next(iter(errors.codes_of(error)), type(error).__name__)
        return [(message, f"request: {code}") for message in batch]
    codes = {int(entry["Id"]): entry.get("Code", "unknown") for entry in answer.get("Failed", [])}
    arrived = {int(entry["Id"]) for entry in answer.get("Successful", [])}
    # A message that the answer does not name is treated as not sent.
    return [(message, codes.get(n, "unknown")) for n, message in enumerate(batch) if n not in arrived]
