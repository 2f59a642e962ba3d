"""The messages of the deliver queue: an event of the topic, a delivery of one to one webhook, or a ping."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.publishing.cloudevents import TYPE_PREFIX
from chalicelib.todos import ids
from chalicelib.todos.errors import Poison
from chalicelib.todos.ids import Partition

# Message attributes. The topic sets `owner`, `type` and `list`.
OWNER: Final = "owner"
LIST: Final = "list"
WEBHOOK: Final = "webhook"
TRIES: Final = "tries"
NOT_BEFORE: Final = "not_before"
PING: Final = "ping"

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventMessage:
    """A CloudEvent as the topic brings it.

    Attributes
    ----------
    body : str
        The text that is signed and sent, unchanged.
    """

    event_id: str
    partition: Partition
    event_type: str
    occurred_at: str
    list_name: str
    body: str
    cloudevent: Mapping[str, Any]

    @property
    def moved_from(self) -> tuple[str, int] | None:
        """The stream and version of the event before, if this one may have changed the todo's list."""
        event = self.cloudevent["data"].get("event") or {}
        if event.get("version", 1) <= 1 or "list" not in event.get("change", {}):
            return None
        return ids.stream_id(self.partition, self.cloudevent["subject"]), int(event["version"]) - 1


@dataclass(frozen=True, slots=True)
class Target:
    """Which webhook a message is for, and when it is to be tried.

    Attributes
    ----------
    tries : int
        How often it was tried and failed.
    not_before : int
        Seconds since 1970.
    """

    partition: Partition
    webhook_id: str
    tries: int
    not_before: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one webhook."""

    target: Target
    event: EventMessage


@dataclass(frozen=True, slots=True)
class Ping:
    """A challenge for one webhook."""

    target: Target


def parse(record: Record) -> EventMessage | Delivery | Ping:
    """The message in an SQS record.

    Raises
    ------
    Poison
        When the record has no such message.
    """
    try:
        attributes = attributes_of(record)
        if PING in attributes:
            return Ping(_target(attributes))
        event = _event(record["body"], attributes)
        return Delivery(_target(attributes), event) if WEBHOOK in attributes else event
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Poison(f"not a message of the topic: {error!r}") from error


def attributes_of(record: Record) -> dict[str, str]:
    """The message attributes of an SQS record, as texts."""
    return {name: value["stringValue"] for name, value in record["messageAttributes"].items()}


def content_of(cloudevent: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a CloudEvent that must be the same in every repeat: all but the URLs, since the API may move."""
    state = cloudevent["data"].get("state") or {}
    return {
        **{name: value for name, value in cloudevent.items() if name != "source"},
        "data": {**cloudevent["data"], "state": {name: value for name, value in state.items() if name != "url"}},
    }


def _event(body: str, attributes: Mapping[str, str]) -> EventMessage:
    message = json.loads(body)
    if not isinstance(message["id"], str) or not isinstance(message["data"], dict):
        raise ValueError("not a CloudEvent of this service")
    return EventMessage(
        event_id=message["id"],
        partition=Partition(attributes[OWNER]),
        event_type=message["type"].removeprefix(TYPE_PREFIX),
        occurred_at=message["time"],
        list_name=ids.decode_list(attributes[LIST]),
        body=body,
        cloudevent=message,
    )


def _target(attributes: Mapping[str, str]) -> Target:
    return Target(
        partition=Partition(attributes[OWNER]),
        webhook_id=attributes[WEBHOOK],
        tries=int(attributes.get(TRIES, "0")),
        not_before=int(attributes.get(NOT_BEFORE, "0")),
    )
