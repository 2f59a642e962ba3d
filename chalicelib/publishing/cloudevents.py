"""The CloudEvents 1.0 message, in JSON, of an event of the ledger.

Nothing here calls AWS or imports PynamoDB: the stream delivers whole items, and an event carries its state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.todos import ids, representation
from chalicelib.todos.events import Event

SPECVERSION: Final = "1.0"
TYPE_PREFIX: Final = "todo-ledger."
# The media type of a structured event over HTTP (CloudEvents HTTP protocol binding 1.0, section 3.2).
MEDIA_TYPE: Final = "application/cloudevents+json; charset=utf-8"
# A JSON array of such events (JSON event format 1.0, section 4).
BATCH_MEDIA_TYPE: Final = "application/cloudevents-batch+json"


def cloudevent(event: Event, base_url: str) -> dict[str, Any]:
    """The CloudEvent of an event: its `id` lets a receiver drop repeats, its `source` is the todo's URL.

    Parameters
    ----------
    base_url : str
        The absolute address that precedes the API's paths. If it is not known, an empty one makes `source` a relative
        reference, which the specification allows.
    """
    _, todo_id = ids.split_stream_id(event.stream_id)
    return {
        "specversion": SPECVERSION,
        "id": event.event_id,
        "source": representation.todo_url(base_url, todo_id),
        "type": TYPE_PREFIX + event.type,
        "subject": todo_id,
        "time": event.occurred_at,
        "datacontenttype": "application/json",
        "data": {"event": published_event(event), "state": representation.todo_of(base_url, event)},
    }


def published_event(event: Event) -> dict[str, Any]:
    """An event as subscribers see it: without the idempotency key, which is the owner's and its clients' own affair.

    A key may be any text that a client chose, and subscribers may be others: the topic is the operator's, a webhook's
    receiver whoever has that address. They need no key, since repeats have the same `id`.
    """
    published = representation.event_answer(event)
    del published["idempotency_key"]
    return published


def attributes_of(event: Event, *, has_webhooks: bool = True) -> dict[str, str]:
    """The attributes that a subscriber can filter by: the event's type, and owner and list, percent-encoded as in keys.

    The list is the todo's list after the event. `webhooks` is there, as `none`, if the owner is known to have none.
    """
    partition, _ = ids.split_stream_id(event.stream_id)
    attributes = {"type": event.type, "owner": partition, "list": ids.encode_list(event.state["list"])}
    return attributes if has_webhooks else {**attributes, "webhooks": "none"}


def dumps(message: Mapping[str, Any]) -> str:
    """The message as ASCII-only JSON: SNS and SQS refuse some of the characters that JSON may hold.

    A character takes at most three times as many bytes as in the ledger's UTF-8, so an event's 64 KB become at most
    192 KB.
    """
    return json.dumps(message, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
