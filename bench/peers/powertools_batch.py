"""Powertools' batch processor over a DynamoDB stream, with one conditional update for each record.

It keeps a row of each todo, and none of the counts, lists and entries for sync that `project` keeps.
"""

from __future__ import annotations

import os
from typing import Any, Final

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from bench.peers.context import Context

TABLE: Final = os.environ.get("ROWS_TABLE", "rows")

_processor: Final = BatchProcessor(event_type=EventType.DynamoDBStreams)


class Batches:
    """Batches of stream records."""

    def __init__(self) -> None:
        self._client = boto3.client("dynamodb")

    def handle(self, event: dict[str, Any]) -> None:
        answer = process_partial_response(
            event=event,
            record_handler=self._update,
            processor=_processor,
            context=Context(),  # type: ignore[arg-type]
        )
        assert answer == {"batchItemFailures": []}, answer

    def _update(self, record: DynamoDBRecord) -> None:
        assert record.dynamodb is not None
        image = record.dynamodb.new_image
        owner, _, todo_id = image["stream_id"].partition("#")
        self._client.update_item(
            TableName=TABLE,
            Key={"owner": {"S": owner}, "todo_id": {"S": todo_id}},
            UpdateExpression="SET version = :version, #state = :state",
            ConditionExpression="attribute_not_exists(version) OR version < :version",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":version": {"N": str(image["version"])}, ":state": {"S": image["state"]}},
        )
