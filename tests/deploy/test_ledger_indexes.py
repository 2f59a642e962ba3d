"""A ledger that was made before an index gets it while it is in use, before the code that reads it."""

from __future__ import annotations

from typing import Any

from chalicelib.ledger import codec
from chalicelib.todos.events import CREATED
from tests.deploy.account import STAGE, Account
from tests.deploy.test_restore import with_ledger
from tests.support.events import following
from tests.unit.scenarios import content_of, instant

TABLE = f"todo-ledger-{STAGE}-events"
_INDEX = """      GlobalSecondaryIndexes:
        # Sparse, too: an event of an operation costs one write unit more, any other nothing.
        - IndexName: by_operation
          KeySchema:
            - {AttributeName: operation, KeyType: HASH}
            - {AttributeName: event_id, KeyType: RANGE}
          Projection:
            ProjectionType: KEYS_ONLY
"""
_ATTRIBUTES = """        - {AttributeName: operation, AttributeType: S}
        - {AttributeName: event_id, AttributeType: S}
"""


def without_index(template: str) -> str:
    """The template of version 0.1.0, as far as the ledger's indexes go."""
    assert _INDEX in template
    assert _ATTRIBUTES in template
    return template.replace(_INDEX, "").replace(_ATTRIBUTES, "")


def put(account: Account, table: str, number: int, operation: str | None) -> str:
    """An event of an operation, written directly; its id."""
    stream = f"ann#0197e1f0-0000-7000-8000-{number:012}"
    event = following(None, stream, CREATED, content_of(title="x"), at=instant(1), operation=operation)
    account.client("dynamodb").put_item(TableName=table, Item=codec.encode(event))
    return event.event_id


def found(account: Account, table: str, operation: str) -> list[str]:
    """The ids of an operation's events, by the index."""
    items: list[dict[str, Any]] = account.client("dynamodb").query(
        TableName=table,
        IndexName="by_operation",
        KeyConditionExpression="operation = :operation",
        ExpressionAttributeValues={":operation": {"S": f"ann#{operation}#0"}},
    )["Items"]
    assert all(set(item) == {"operation", "event_id", "stream_id", "version"} for item in items)
    return [item["event_id"]["S"] for item in items]


def indexes(account: Account, table: str) -> list[str]:
    described = account.client("dynamodb").describe_table(TableName=table)["Table"]
    return [index["IndexName"] for index in described.get("GlobalSecondaryIndexes", [])]


def test_deploying_adds_the_index_of_operations_to_a_ledger_in_use(account: Account) -> None:
    before = account.edit(".chalice/data.yaml", without_index)
    account.stack("deploy", "--only-data")
    assert indexes(account, TABLE) == []
    put(account, TABLE, 1, None)
    earlier = put(account, TABLE, 2, "tidy-up")

    account.edit(".chalice/data.yaml", lambda _: before)
    assert "changed  EventsTable (AWS::DynamoDB::Table)" in account.stack("diff")
    assert "changed  EventsTable (AWS::DynamoDB::Table)" in account.stack("deploy", "--only-data")

    later = put(account, TABLE, 3, "tidy-up")
    put(account, TABLE, 4, "another")
    assert found(account, TABLE, "tidy-up") == [earlier, later]


def test_a_restored_ledger_gets_the_index_that_its_source_did_not_have(account: Account) -> None:
    before = account.edit(".chalice/data.yaml", without_index)
    account.stack("deploy", "--only-data")
    earlier = put(account, TABLE, 11, "restored")
    account.stack("restore", "--to", "2026-11-20T08:00:00Z")
    restored = f"{TABLE}-20261120t080000"
    assert indexes(account, restored) == []
    configured = account.edit(".chalice/config.json", lambda text: with_ledger(text, restored))
    account.edit(".chalice/data.yaml", lambda _: before)

    account.stack("deploy", "--only-data")

    assert found(account, restored, "restored") == [earlier]
    account.stack("restore", "--to", "2026-11-21T08:00:00Z")
    assert found(account, f"{TABLE}-20261121t080000", "restored") == [earlier], "a restore keeps it"
    account.edit(".chalice/config.json", lambda _: configured)
