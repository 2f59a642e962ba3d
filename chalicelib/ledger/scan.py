"""The whole ledger as it is stored, for audits, backfills and republishing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.ledger import ledger
from chalicelib.ledger.codec import MORE, Item, dump_state
from chalicelib.todos import fold, ids
from chalicelib.todos.ids import Partition

_OF_A_HEAD: Final = ("stream_id", "version", "state", "state_schema", MORE)


def heads(segment: int = 0, segments: int = 1, after: tuple[str, int] | None = None) -> Iterator[tuple[str, int, str]]:
    """The (stream id, newest version, its state) of every stream, by a consistent scan of one part of the ledger.

    A stream whose history was brought here in part is left out (`Event.more`).

    A scan returns a partition's items together, so only one stream is held in memory; it promises no order among them.
    For a stream that grows meanwhile, the version may no longer be its newest.

    Parameters
    ----------
    segment, segments : int
        Which of how many equal parts, for scans in parallel.
    after : (str, int), optional
        The stream id and version of the last head, to continue after it; newer events of its stream are included.
    """
    newest: Item | None = None
    for page in scan(segment, segments, after, attributes=_OF_A_HEAD):
        for item in page:
            if newest is not None and item["stream_id"] != newest["stream_id"]:
                yield from _head(newest)
                newest = None
            version = int(item["version"]["N"])
            is_known = after is not None and item["stream_id"]["S"] == after[0] and version <= after[1]
            if not is_known and (newest is None or version > int(newest["version"]["N"])):
                newest = item
    if newest is not None:
        yield from _head(newest)


def scan(
    segment: int = 0, segments: int = 1, after: tuple[str, int] | None = None, attributes: tuple[str, ...] = ()
) -> Iterator[list[Item]]:
    """The events of one part of the ledger as they are stored, page by page (1 MB), by a consistent scan.

    Parameters
    ----------
    segment, segments, after
        As `heads` has them.
    attributes : tuple of str
        The attributes to read; all of them if none are named.
    """
    start: dict[str, Any] = {}
    if after is not None:
        start = {"ExclusiveStartKey": {"stream_id": {"S": after[0]}, "version": {"N": str(after[1])}}}
    if attributes:
        start["ProjectionExpression"] = ", ".join(f"#{name}" for name in attributes)
        start["ExpressionAttributeNames"] = {f"#{name}": name for name in attributes}
    return dynamodb.pages(
        "scan",
        TableName=settings.events_table(),
        Segment=segment,
        TotalSegments=segments,
        ConsistentRead=True,
        **start,
    )


def of_owner(partition: Partition) -> Iterator[list[Item]]:
    """The events of an owner as they are stored, page by page; a page may be empty.

    No index finds an owner's streams, and the views forget what was deleted. So it reads, and pays for, the whole
    ledger.

    Parameters
    ----------
    partition : str
        As encoded in keys.
    """
    return dynamodb.pages(
        "scan",
        TableName=settings.events_table(),
        FilterExpression="begins_with(stream_id, :prefix)",
        ExpressionAttributeValues={":prefix": {"S": ids.stream_id(partition, "")}},
        ConsistentRead=True,
    )


def stored(stream: str, until: int | None = None) -> Iterator[list[Item]]:
    """The events of a stream as they are stored, oldest first, page by page, by consistent reads.

    Parameters
    ----------
    until : int, optional
        The last version to read.
    """
    return dynamodb.pages("query", ConsistentRead=True, **_of_stream(stream, until))


def newest(stream: str) -> Item:
    """The newest event of a stream that exists, as it is stored, by a consistent read."""
    found: Item = dynamodb.client().query(ConsistentRead=True, ScanIndexForward=False, Limit=1, **_of_stream(stream))[
        "Items"
    ][0]
    return found


def _of_stream(stream: str, until: int | None = None) -> dict[str, Any]:
    bound = {} if until is None else {":until": {"N": str(until)}}
    return {
        "TableName": settings.events_table(),
        "KeyConditionExpression": "stream_id = :stream_id" + (" AND version <= :until" if bound else ""),
        "ExpressionAttributeValues": {":stream_id": {"S": stream}, **bound},
    }


def current_state(item: Item) -> str:
    """The state (JSON) of a stored event as today's fold makes it."""
    if int(item["state_schema"]["N"]) >= fold.STATE_SCHEMA:
        state: str = item["state"]["S"]
        return state
    refolded = ledger.at_version(item["stream_id"]["S"], int(item["version"]["N"]))
    assert refolded is not None, "nothing is ever deleted from the ledger"
    return dump_state(refolded.state)


def _head(item: Item) -> Iterator[tuple[str, int, str]]:
    if MORE not in item:
        yield item["stream_id"]["S"], int(item["version"]["N"]), current_state(item)
