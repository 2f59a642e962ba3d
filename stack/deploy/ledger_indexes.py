"""The global indexes of a ledger that no template has: a restored one has those that the live one had then."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

POLL_SECONDS: Final = 5.0


def ensure_indexes(
    dynamodb: Any, table: str, wanted: Mapping[str, Any], say: Callable[[str], None] = lambda line: None
) -> None:
    """Add the indexes that a table lacks, and wait until all can be read.

    DynamoDB makes one index at a time, and fills it from what the table has, which takes as long as that is much. The
    table can be read and written meanwhile; code that reads the index comes after it.

    Parameters
    ----------
    wanted : mapping
        The table's properties, by CloudFormation's names.
    """
    for index in wanted.get("GlobalSecondaryIndexes", []):
        if index["IndexName"] not in _statuses(dynamodb, table):
            say(f"adding the index {index['IndexName']} to {table}; on AWS this takes minutes to hours")
            dynamodb.update_table(
                TableName=table,
                AttributeDefinitions=wanted["AttributeDefinitions"],
                GlobalSecondaryIndexUpdates=[{"Create": index}],
            )
        # Just after the update, DynamoDB may still describe the table without it.
        while _statuses(dynamodb, table).get(index["IndexName"]) != "ACTIVE":
            time.sleep(POLL_SECONDS)


def _statuses(dynamodb: Any, table: str) -> dict[str, str]:
    described = dynamodb.describe_table(TableName=table)["Table"].get("GlobalSecondaryIndexes", [])
    # The local engine states no status of an index that a template made.
    return {index["IndexName"]: index.get("IndexStatus", "ACTIVE") for index in described}
