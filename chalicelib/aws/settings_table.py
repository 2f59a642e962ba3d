"""The settings table: what belongs to an owner beside the views, read consistently and written all or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib import settings
from chalicelib.aws import dynamodb, errors
from chalicelib.aws.errors import AWSError, ask
from chalicelib.aws.retry import back_off
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Partition

MAX_TRIES: Final = 8

# The attribute that DynamoDB's TTL goes by (.chalice/data.yaml), in seconds since 1970. Few items have it.
TTL_ATTRIBUTE: Final = "expires_at"

IS_NEW: Final = "attribute_not_exists(sk)"
EXISTS: Final = "attribute_exists(sk)"

Item = Mapping[str, Mapping[str, str]]


def key(partition: Partition, sk: str) -> dict[str, dict[str, str]]:
    """The key of an item, in DynamoDB's JSON."""
    return {"owner": {"S": partition}, "sk": {"S": sk}}


def find(partition: Partition, sk: str) -> Item | None:
    """One item, by a strongly consistent read; None if it does not exist.

    Raises
    ------
    Unavailable
    """
    answer = ask(
        dynamodb.client().get_item, TableName=settings.settings_table(), Key=key(partition, sk), ConsistentRead=True
    )
    item: Item | None = answer.get("Item")
    return item


def beginning_with(partition: Partition, prefix: str) -> list[Item]:
    """The items of a partition whose sort key has the prefix, by strongly consistent reads.

    Raises
    ------
    Unavailable
    """
    try:
        pages = dynamodb.pages(
            "query",
            TableName=settings.settings_table(),
            KeyConditionExpression="#owner = :owner AND begins_with(sk, :prefix)",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":owner": {"S": partition}, ":prefix": {"S": prefix}},
            ConsistentRead=True,
        )
        return [item for page in pages for item in page]
    except AWSError as error:
        raise Unavailable(str(error)) from error


def newest(partition: Partition, prefix: str, limit: int) -> list[Item]:
    """The last items of a partition whose sort key has the prefix, the last first, by a strongly consistent read.

    Raises
    ------
    Unavailable
    """
    answer = ask(
        dynamodb.client().query,
        TableName=settings.settings_table(),
        KeyConditionExpression="#owner = :owner AND begins_with(sk, :prefix)",
        ExpressionAttributeNames={"#owner": "owner"},
        ExpressionAttributeValues={":owner": {"S": partition}, ":prefix": {"S": prefix}},
        ScanIndexForward=False,
        Limit=limit,
        ConsistentRead=True,
    )
    found: list[Item] = answer["Items"]
    return found


def page_between(partition: Partition, low: str, high: str, limit: int) -> tuple[list[Item], str | None]:
    """Up to `limit` items between two sort keys (inclusive), read consistently; and the last key if there may be more.

    Raises
    ------
    Unavailable
    """
    request = dynamodb.between(settings.settings_table(), partition, low, high)
    answer = ask(dynamodb.client().query, **request, Limit=limit)
    last = answer.get("LastEvaluatedKey")
    return answer["Items"], last["sk"]["S"] if last else None


def put(item: Item) -> dict[str, Any]:
    """A transaction's write of a new item."""
    return {"Put": {"TableName": settings.settings_table(), "Item": item, "ConditionExpression": IS_NEW}}


def delete(partition: Partition, sk: str) -> dict[str, Any]:
    """A transaction's removal of an existing item."""
    request = {"TableName": settings.settings_table(), "Key": key(partition, sk), "ConditionExpression": EXISTS}
    return {"Delete": request}


def count(partition: Partition, name: str, change: int, most: int | None = None) -> dict[str, Any]:
    """A transaction's change of an owner's count; with `most`, its condition fails once the count is that high.

    Parameters
    ----------
    name : str
        The counter's sort key and its attribute.
    """
    update: dict[str, Any] = {
        "TableName": settings.settings_table(),
        "Key": key(partition, name),
        "UpdateExpression": "ADD #count :change",
        "ExpressionAttributeNames": {"#count": name},
        "ExpressionAttributeValues": {":change": {"N": str(change)}},
    }
    if most is not None:
        update["ExpressionAttributeValues"][":most"] = {"N": str(most)}
        update["ConditionExpression"] = "attribute_not_exists(#count) OR #count < :most"
    return {"Update": update}


def put_new(item: Item) -> bool:
    """Write a new item; False if it exists already.

    Raises
    ------
    Unavailable
    """
    return _try_condition(dynamodb.client().put_item, **put(item)["Put"])


def update(
    partition: Partition,
    sk: str,
    expression: str,
    values: Mapping[str, Any],
    *,
    condition: str | None = EXISTS,
    names: Mapping[str, str] | None = None,
) -> bool:
    """Change an item; False if it does not exist, or another condition does not hold. Without one it may be new.

    Raises
    ------
    Unavailable
    """
    optional = {"ConditionExpression": condition, "ExpressionAttributeNames": names}
    return _try_condition(
        dynamodb.client().update_item,
        TableName=settings.settings_table(),
        Key=key(partition, sk),
        UpdateExpression=expression,
        ExpressionAttributeValues=values,
        **{name: value for name, value in optional.items() if value is not None},
    )


def put_expiring(partition: Partition, sk: str, values: Mapping[str, str], seconds: int) -> None:
    """Write a new item of texts, which DynamoDB removes after so many seconds.

    Raises
    ------
    Unavailable
    """
    expires = {TTL_ATTRIBUTE: {"N": str(int(time.time()) + seconds)}}
    stated: dict[str, Any] = {name: {"S": value} for name, value in values.items()} | expires
    update(partition, sk, **_setting(stated), condition=None)


def count_within(partition: Partition, sk: str, most: int, seconds: int) -> bool:
    """Count one more in an item that DynamoDB removes after so many seconds; False if the count is that high already.

    Raises
    ------
    Unavailable
    """
    return update(
        partition,
        sk,
        "SET #expires = :expires ADD #count :one",
        {":one": {"N": "1"}, ":most": {"N": str(most)}, ":expires": {"N": str(int(time.time()) + seconds)}},
        condition="attribute_not_exists(#count) OR #count < :most",
        names={"#count": "count", "#expires": TTL_ATTRIBUTE},
    )


def update_once(partition: Partition, sk: str, attribute: str, values: Mapping[str, Any]) -> bool:
    """Set attributes of an existing item that lacks one of them; False if it has that one, or does not exist.

    Parameters
    ----------
    attribute : str
        The name of the one that tells; one of `values`.
    values : mapping of str to attribute value
        By name.

    Raises
    ------
    Unavailable
    """
    condition = f"{EXISTS} AND attribute_not_exists(#{attribute})"
    return update(partition, sk, **_setting(values), condition=condition)


def _setting(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of `update` that set attributes, by name."""
    return {
        "expression": "SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
        "values": {f":{name}": value for name, value in attributes.items()},
        "names": {f"#{name}": name for name in attributes},
    }


def _try_condition(call: Callable[..., Any], **request: Any) -> bool:
    """Make a conditional request; False if its condition failed."""
    try:
        ask(call, **request)
    except Unavailable as unavailable:
        if errors.codes_of(unavailable.__cause__ or unavailable) != {"ConditionalCheckFailedException"}:
            raise
        return False
    return True


def transact(writes: list[dict[str, Any]]) -> list[bool]:
    """Write all or nothing; returns for each write whether its condition failed (if one did, nothing was written).

    Raises
    ------
    Unavailable
    """
    for attempt in range(1, MAX_TRIES + 1):
        try:
            dynamodb.client().transact_write_items(TransactItems=writes)
            return [False] * len(writes)
        except AWSError as error:
            failed = errors.failed_conditions(error)
            if any(failed):
                return failed
            if not errors.is_conflict(error) or attempt == MAX_TRIES:
                raise Unavailable(str(error)) from error
        back_off(attempt)
    raise AssertionError("unreachable: the last attempt returns or raises")
