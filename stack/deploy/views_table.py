"""The views table of a stage: the pointer in the settings table that names it, and the first table."""

from __future__ import annotations

import time
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.aws.botocore_client import BotocoreClient
from chalicelib.todos import zones
from chalicelib.views import pointer
from chalicelib.views.schema import POINTER_KEY, TTL_ATTRIBUTE, table_definition
from stack.errors import NotStable

POLL_SECONDS: Final = 1.0
MAKE_SECONDS: Final = 300.0


def tables(dynamodb: Any, settings_table: str) -> list[str]:
    """Every table that the pointer names; empty if the stage has no pointer yet."""
    item = dynamodb.get_item(TableName=settings_table, Key=POINTER_KEY, ConsistentRead=True).get("Item", {})
    return [table["S"] for table in item.get("tables", {}).get("L", [])]


def properties() -> dict[str, Any]:
    """The properties that a views table should have, by CloudFormation's names."""
    defined = table_definition("")
    kept = ("BillingMode", "AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes")
    ttl = {"AttributeName": TTL_ATTRIBUTE, "Enabled": True}
    return {**{name: defined[name] for name in kept if name in defined}, "TimeToLiveSpecification": ttl}


def current_table(dynamodb: Any, settings_table: str) -> str | None:
    """The table that queries read; None if the stage has none yet."""
    item = dynamodb.get_item(TableName=settings_table, Key=POINTER_KEY, ConsistentRead=True).get("Item")
    name: str | None = item["reader"]["S"] if item else None
    return name


def missing_indexes(dynamodb: Any, table: str) -> list[str]:
    """The local indexes that a views table of an older generation lacks: they exist from a table's making, or never."""
    described = dynamodb.describe_table(TableName=table)["Table"].get("LocalSecondaryIndexes", [])
    had = {index["IndexName"] for index in described}
    return [
        index["IndexName"] for index in table_definition("")["LocalSecondaryIndexes"] if index["IndexName"] not in had
    ]


def need_of_rebuild(dynamodb: Any, table: str) -> str | None:
    """Why a views table is to be made again, as the end of a sentence about it; None if it is as this version makes it.

    A table that was made with another version of the time zones has bare dates at instants that may not count any more.
    """
    if missing := missing_indexes(dynamodb, table):
        return f"lacks {', '.join(missing)}"
    if pointer.has_other_zones(table):
        return f"was not made with the time zones of {zones.version()}"
    return None


def ensure_table(dynamodb: Any, stage: str, settings_table: str) -> str:
    """The views table that queries read; it and its pointer are created if the stage has none.

    Two processes that do this at once get the same table: the pointer is only written if there is none.

    Raises
    ------
    NotStable
        The new table is not ready in time.
    """
    found = current_table(dynamodb, settings_table)
    if found is not None:
        return found
    name = pointer.name_of(f"todo-ledger-{stage}")
    _make(dynamodb, name)
    first = {**POINTER_KEY, "reader": {"S": name}, "tables": {"L": [{"S": name}]}}
    there_is_none = "attribute_not_exists(sk)"
    try:
        dynamodb.put_item(TableName=settings_table, Item=first, ConditionExpression=there_is_none)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        pointer.drop(name, BotocoreClient(dynamodb))
    return current_table(dynamodb, settings_table) or name


def _make(dynamodb: Any, name: str) -> None:
    deadline = time.monotonic() + MAKE_SECONDS
    while not pointer.make(name, BotocoreClient(dynamodb)):
        if time.monotonic() > deadline:
            raise NotStable(f"the table {name} is not ready after {MAKE_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
