"""What Lambda hands to the handlers: records of the stream, messages of a queue, the tick of the clock, a context."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import uuid_utils

ACCOUNT = "123456789012"
OCCURRED_AT = "2026-11-20T10:00:00.000Z"

# What EventBridge hands over each minute.
SCHEDULED: dict[str, Any] = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": ACCOUNT,
    "time": "2026-12-01T00:00:00Z",
    "region": "us-east-1",
    "resources": [f"arn:aws:events:us-east-1:{ACCOUNT}:rule/remind"],
    "detail": {},
}


@dataclass
class Context:
    """A Lambda's context: `seconds` until its time-out, whenever it is asked."""

    seconds: float = 60.0

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


def image(
    owner: str = "alice", *, type: str = "TodoCreated", version: int = 1, todo_id: str | None = None, **state: Any
) -> dict[str, Any]:
    """An event's item, as a stream's new image."""
    todo = {"title": "Buy milk", "created_at": OCCURRED_AT, "updated_at": OCCURRED_AT, **state}
    return {
        "stream_id": {"S": f"{quote(owner, safe='')}#{todo_id or uuid.uuid4()}"},
        "version": {"N": str(version)},
        "event_id": {"S": str(uuid_utils.uuid7())},
        "type": {"S": type},
        "change": {"S": json.dumps({"title": todo["title"]}, ensure_ascii=False)},
        "state": {"S": json.dumps(todo, ensure_ascii=False)},
        "state_schema": {"N": "1"},
        "actor": {"S": owner},
        "occurred_at": {"S": OCCURRED_AT},
        "correlation_id": {"S": "request-1"},
    }


def stream_record(
    new_image: dict[str, Any] | None, name: str = "INSERT", *, sequence_number: str = "111"
) -> dict[str, Any]:
    """A record of the stream, complete as Chalice needs it."""
    keys = {} if new_image is None else {key: new_image[key] for key in ("stream_id", "version") if key in new_image}
    stream: dict[str, Any] = {
        "Keys": keys,
        "SequenceNumber": sequence_number,
        "SizeBytes": 26,
        "StreamViewType": "NEW_IMAGE",
        "ApproximateCreationDateTime": 1763632800.0,
    }
    if new_image is not None:
        stream["NewImage"] = new_image
    return {
        "eventID": uuid.uuid4().hex,
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "eventSourceARN": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/events/stream/2026",
        "dynamodb": stream,
    }


def stream_batch(*images: dict[str, Any]) -> dict[str, Any]:
    return {"Records": [stream_record(each, sequence_number=str(number)) for number, each in enumerate(images, 1)]}


def queue_record(
    body: str, attributes: dict[str, str] | None = None, *, message_id: str | None = None, receives: int = 1
) -> dict[str, Any]:
    """A record as the queue hands it to a Lambda."""
    return {
        "messageId": message_id or str(uuid.uuid4()),
        "receiptHandle": "receipt",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": "1763632800000"},
        "messageAttributes": {
            name: {"stringValue": value, "dataType": "String", "stringListValues": [], "binaryListValues": []}
            for name, value in (attributes or {}).items()
        },
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:{ACCOUNT}:deliver",
        "awsRegion": "us-east-1",
    }


def queue_batch(*records: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(records)}


def message(new_image: dict[str, Any], *, receives: int = 1, **changed: Any) -> dict[str, Any]:
    """A record of the deliver queue, made of an event as `publish` makes it; `changed` replaces fields of the state."""
    from chalicelib.ledger import codec
    from chalicelib.publishing import cloudevents

    event = codec.decode(new_image)
    cloudevent = cloudevents.cloudevent(event, "https://todo.example")
    cloudevent["data"]["state"].update(changed)
    return queue_record(cloudevents.dumps(cloudevent), cloudevents.attributes_of(event), receives=receives)
