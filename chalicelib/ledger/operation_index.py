"""The ledger's index of operations: which events are part of one, a moment behind the ledger itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice
from typing import Any, Final

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.aws.errors import READ_ERRORS
from chalicelib.ledger.errors import LedgerUnavailable

INDEX = "by_operation"

# An event's id, its stream, and its version there.
Found = tuple[str, str, int]

_AT_ONCE: Final = 1000


def page(keys: Iterable[str], after: str, limit: int) -> list[Found]:
    """The first `limit` events behind an event's id under all of the keys, in the order of their ids.

    Event ids are UUIDv7, so that is the order of their making, as well as clocks agree.

    Parameters
    ----------
    after : str
        Empty for the beginning.

    Raises
    ------
    LedgerUnavailable
        Also while the index is being made: DynamoDB refuses to read it until it has everything.
    """
    keys = tuple(keys)
    # Of events that are spread evenly, each key has about as many; more are read of one only where they are needed.
    at_once = min(limit, 2 * limit // len(keys) + 1)
    try:
        return list(islice(merge(*(_in_order(key, after, at_once) for key in keys)), limit))
    except READ_ERRORS as error:
        raise LedgerUnavailable(str(error)) from error


def every(keys: Iterable[str]) -> Iterator[Found]:
    """All events under the keys, in no order.

    Raises
    ------
    LedgerUnavailable
    """
    try:
        for key in keys:
            request = {**_request(key, ""), "Limit": _AT_ONCE}
            for items in dynamodb.pages("query", **request):
                yield from map(_found, items)
    except READ_ERRORS as error:
        raise LedgerUnavailable(str(error)) from error


def find(keys: Iterable[str], event_id: str) -> Found | None:
    """One event under one of the keys; None if it is not there, or not yet.

    Raises
    ------
    LedgerUnavailable
    """
    try:
        for key in keys:
            request = {
                **_request(key, event_id),
                "KeyConditionExpression": "operation = :operation AND event_id = :after",
            }
            for item in dynamodb.client().query(**request)["Items"]:
                return _found(item)
    except READ_ERRORS as error:
        raise LedgerUnavailable(str(error)) from error
    return None


def _in_order(key: str, after: str, at_once: int) -> Iterator[Found]:
    request = {**_request(key, after), "Limit": at_once}
    for items in dynamodb.pages("query", **request):
        yield from map(_found, items)


def _request(key: str, after: str) -> dict[str, Any]:
    return {
        "TableName": settings.events_table(),
        "IndexName": INDEX,
        "KeyConditionExpression": "operation = :operation AND event_id > :after",
        # A key must not be empty; no event's id is lower.
        "ExpressionAttributeValues": {":operation": {"S": key}, ":after": {"S": after or " "}},
    }


def _found(item: dict[str, Any]) -> Found:
    return item["event_id"]["S"], item["stream_id"]["S"], int(item["version"]["N"])
