"""A table of events, read and written by boto3 alone: the newest event, and a conditional put of the next."""

from __future__ import annotations

import json
import os
import uuid
from typing import Any, Final

import boto3

from bench.todo import CONTENT, TODO_ID

TABLE: Final = os.environ.get("RAW_TABLE", "raw")
OWNER: Final = "bench"
BATCH: Final = 25


class Commands:
    """Updates of one todo."""

    def __init__(self) -> None:
        self._client = boto3.client("dynamodb")

    def prepare(self, history: int) -> None:
        """Write so many events."""
        items = [_item(version, CONTENT, {"title": f"Ask {version}"}) for version in range(1, history + 1)]
        for start in range(0, history, BATCH):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + BATCH]]
            self._client.batch_write_item(RequestItems={TABLE: puts})

    def update(self, title: str) -> dict[str, Any]:
        """Change the title, unless somebody else was faster; the todo as it is then."""
        newest = self._client.query(
            TableName=TABLE,
            KeyConditionExpression="stream_id = :stream",
            ExpressionAttributeValues={":stream": {"S": STREAM}},
            ScanIndexForward=False,
            Limit=1,
            ConsistentRead=True,
        )["Items"][0]
        todo: dict[str, Any] = json.loads(newest["state"]["S"]) | {"title": title}
        self._client.put_item(
            TableName=TABLE,
            Item=_item(int(newest["version"]["N"]) + 1, todo, {"title": title}),
            ConditionExpression="attribute_not_exists(stream_id)",
        )
        return todo


STREAM: Final = f"{OWNER}#{TODO_ID}"


def _item(version: int, todo: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return {
        "stream_id": {"S": STREAM},
        "version": {"N": str(version)},
        "event_id": {"S": str(uuid.uuid4())},
        "type": {"S": "TodoEdited"},
        "change": {"S": json.dumps(change)},
        "state": {"S": json.dumps(todo)},
        "state_schema": {"N": "1"},
        "actor": {"S": OWNER},
        "occurred_at": {"S": "2026-11-20T22:00:00.000Z"},
    }
