"""Reading the items of views tables: by segments, by owners, by keys; always consistently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from chalicelib.aws import dynamodb
from chalicelib.todos.ids import Partition
from chalicelib.views import schema

Item = dict[str, dict[str, Any]]


def scan(table: str, segment: int, segments: int, after: tuple[str, str] | None = None) -> Iterator[list[Item]]:
    """The items of one part of a table, page by page (1 MB); an owner's come together, in the order of their sort keys.

    Parameters
    ----------
    after : (str, str), optional
        The owner (as keys have it) and sort key behind which to go on.
    """
    start = {} if after is None else {"ExclusiveStartKey": {"owner": {"S": after[0]}, "sk": {"S": after[1]}}}
    return dynamodb.pages(
        "scan", TableName=table, Segment=segment, TotalSegments=segments, ConsistentRead=True, **start
    )


def partition(table: str, owner: Partition, low: str = " ", high: str = "\x7f") -> Iterator[list[Item]]:
    """The items of one owner (as keys have it) between two sort keys, inclusive, page by page."""
    return dynamodb.pages("query", **dynamodb.between(table, owner, low, high))


def page(table: str, owner: Partition, low: str, high: str, limit: int | None) -> tuple[list[Item], bool]:
    """The first items of one owner between two sort keys, inclusive, and whether these are all.

    At most `limit` of them; None for as many as DynamoDB returns at once (1 MB).
    """
    bounds = {} if limit is None else {"Limit": limit}
    answer = dynamodb.client().query(**dynamodb.between(table, owner, low, high), **bounds)
    return answer["Items"], "LastEvaluatedKey" not in answer


def items(table: str, item_keys: Iterable[tuple[Partition, str]]) -> dict[tuple[Partition, str], Item]:
    """The items of these (owner, sort key) that exist."""
    wanted = [{"owner": {"S": owner}, "sk": {"S": sort_key}} for owner, sort_key in item_keys]
    return {(item["owner"]["S"], item["sk"]["S"]): item for item in dynamodb.batch_get(table, wanted)}


def tally(table: str, owner: Partition) -> Item | None:
    """An owner's tally, if there is one."""
    return items(table, [(owner, schema.TALLY_KEY)]).get((owner, schema.TALLY_KEY))
