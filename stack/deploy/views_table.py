"""The views table in use: the first one of a stage, and the pointer in the settings table that names it."""

from __future__ import annotations

import time
import uuid
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.views import pointer as generations
from chalicelib.views.schema import POINTER_KEY, TTL_ATTRIBUTE, table_definition
from stack.errors import StackError

POLL_SECONDS: Final = 1.0
MAKE_SECONDS: Final = 300.0


def pointed_at(dynamodb: Any, settings_table: str) -> list[str]:
    """Every table that the pointer names; none where the stage has no pointer yet."""
    item = dynamodb.get_item(TableName=settings_table, Key=POINTER_KEY, ConsistentRead=True).get("Item", {})
    return [table["S"] for table in item.get("tables", {}).get("L", [])]


def properties() -> dict[str, Any]:
    """What a views table is to be, in CloudFormation's words."""
    stated = table_definition("")
    kept = ("BillingMode", "AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes")
    ttl = {"AttributeName": TTL_ATTRIBUTE, "Enabled": True}
    return {**{name: stated[name] for name in kept if name in stated}, "TimeToLiveSpecification": ttl}


def reader(dynamodb: Any, settings_table: str) -> str | None:
    """The table that queries read; None where the stage has none yet."""
    item = dynamodb.get_item(TableName=settings_table, Key=POINTER_KEY, ConsistentRead=True).get("Item")
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
    _make(dynamodb, name)
    pointer = {**POINTER_KEY, "reader": {"S": name}, "tables": {"L": [{"S": name}]}}
    there_is_none = "attribute_not_exists(sk)"
    try:
        dynamodb.put_item(TableName=settings_table, Item=pointer, ConditionExpression=there_is_none)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        generations.drop(name, dynamodb)
    return reader(dynamodb, settings_table) or name


def _make(dynamodb: Any, name: str) -> None:
    deadline = time.monotonic() + MAKE_SECONDS
    while not generations.make(name, dynamodb):
        if time.monotonic() > deadline:
            raise StackError(f"the table {name} is not ready after {MAKE_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
