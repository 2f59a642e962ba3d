"""The views table in use: the first one of a stage, and the pointer in the settings table that names it."""

from __future__ import annotations

import uuid
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.views import schema

# "#" never begins a percent-encoded owner, so no token's `sub` can name this partition.
POINTER = {"owner": {"S": "#views"}, "sk": {"S": "pointer"}}


def reader(dynamodb: Any, settings_table: str) -> str | None:
    """The table that queries read; None where the stage has none yet."""
    item = dynamodb.get_item(TableName=settings_table, Key=POINTER, ConsistentRead=True).get("Item")
    name: str | None = item["reader"]["S"] if item else None
    return name


def ensure(dynamodb: Any, stage: str, settings_table: str) -> str:
    """The views table of a stage, made with its pointer if there is none.

    Two that do this at once end up with the same table: the pointer is written on condition that there is none.
    """
    found = reader(dynamodb, settings_table)
    if found is not None:
        return found
    name = f"todo-ledger-{stage}-views-{uuid.uuid4().hex}"
    _create(dynamodb, name)
    pointer = {**POINTER, "reader": {"S": name}, "tables": {"L": [{"S": name}]}}
    there_is_none = "attribute_not_exists(sk)"
    try:
        dynamodb.put_item(TableName=settings_table, Item=pointer, ConditionExpression=there_is_none)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        dynamodb.delete_table(TableName=name)
    return reader(dynamodb, settings_table) or name


def _create(dynamodb: Any, name: str) -> None:
    dynamodb.create_table(**schema.table_definition(name))
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
    dynamodb.update_time_to_live(
        TableName=name,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": schema.TTL_ATTRIBUTE},
    )
