"""The settings table: what an owner has there beside the views, read consistently and written all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import settings
from chalicelib.aws import dynamodb, errors
from chalicelib.aws.retry import back_off

MAX_TRIES: Final = 8

IS_NEW: Final = "attribute_not_exists(sk)"
STANDS: Final = "attribute_exists(sk)"

Item = Mapping[str, Mapping[str, str]]


def key(partition: str, sk: str) -> dict[str, dict[str, str]]:
    """The primary key of an item, in DynamoDB's JSON."""
    return {"owner": {"S": partition}, "sk": {"S": sk}}


def find(partition: str, sk: str) -> Item | None:
    """One item, by a strongly consistent read.

    Raises
    ------
    Unavailable
    """
    answer = served(
        dynamodb.client().get_item, TableName=settings.settings_table(), Key=key(partition, sk), ConsistentRead=True
    )
    item: Item | None = answer.get("Item")
    return item


def beginning_with(partition: str, prefix: str) -> list[Item]:
    """The items of a partition whose sort key has the prefix, by strongly consistent reads.

    Raises
    ------
    Unavailable
    """
    found: list[Item] = []
    start: dict[str, Any] = {}
    while True:
        answer = served(
            dynamodb.client().query,
            TableName=settings.settings_table(),
            KeyConditionExpression="#owner = :owner AND begins_with(sk, :prefix)",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":owner": {"S": partition}, ":prefix": {"S": prefix}},
            ConsistentRead=True,
            **start,
        )
        found += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return found
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def put(item: Item) -> dict[str, Any]:
    """A transaction's write of an item that is not there yet."""
    return {"Put": {"TableName": settings.settings_table(), "Item": item, "ConditionExpression": IS_NEW}}


def delete(partition: str, sk: str) -> dict[str, Any]:
    """A transaction's removal of an item that is there."""
    request = {"TableName": settings.settings_table(), "Key": key(partition, sk), "ConditionExpression": STANDS}
    return {"Delete": request}


def count(partition: str, name: str, change: int, most: int | None = None) -> dict[str, Any]:
    """A transaction's change of how many the owner has of something; with `most`, refused where there are so many.

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
    """Write an item; False where there is one.

    Raises
    ------
    Unavailable
    """
    request = put(item)["Put"]
    return _unless_its_condition_failed(dynamodb.client().put_item, **request)


def update_standing(partition: str, sk: str, expression: str, values: Mapping[str, Any]) -> bool:
    """Change an item; False where there is none.

    Raises
    ------
    Unavailable
    """
    return _unless_its_condition_failed(
        dynamodb.client().update_item,
        TableName=settings.settings_table(),
        Key=key(partition, sk),
        UpdateExpression=expression,
        ExpressionAttributeValues=values,
        ConditionExpression=STANDS,
    )


def _unless_its_condition_failed(call: Callable[..., Any], **request: Any) -> bool:
    try:
        served(call, **request)
    except errors.Unavailable as unavailable:
        if errors.codes_of(unavailable.__cause__ or unavailable) != {"ConditionalCheckFailedException"}:
            raise
        return False
    return True


def transact(writes: list[dict[str, Any]]) -> list[bool]:
    """Write all or nothing; for each write whether its condition failed (then nothing was written).

    Raises
    ------
    Unavailable
    """
    for attempt in range(1, MAX_TRIES + 1):
        try:
            dynamodb.client().transact_write_items(TransactItems=writes)
            return [False] * len(writes)
        except (ClientError, BotoCoreError) as error:
            reasons = error.response.get("CancellationReasons", []) if isinstance(error, ClientError) else []
            failed = [reason.get("Code") == "ConditionalCheckFailed" for reason in reasons]
            if any(failed):
                return failed
            if not errors.is_conflict(error) or attempt == MAX_TRIES:
                raise errors.Unavailable(str(error)) from error
        back_off(attempt)
    raise AssertionError("unreachable: the last attempt returns or raises")


def served(call: Callable[..., Any], **request: Any) -> Any:
    """The answer to a request to DynamoDB.

    Raises
    ------
    Unavailable
    """
    try:
        return call(**request)
    except (ClientError, BotoCoreError) as error:
        raise errors.Unavailable(str(error)) from error
