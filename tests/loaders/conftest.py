"""The events table in moto, for what runs the whole command."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.support.aws_in_process import aws_in_process

__all__ = ["aws_in_process"]


@pytest.fixture
def events(aws_in_process: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The events table, in moto."""
    monkeypatch.setenv("EVENTS_TABLE", "events")
    return boto3.resource("dynamodb").create_table(
        TableName="events",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "stream_id", "KeyType": "HASH"},
            {"AttributeName": "version", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "stream_id", "AttributeType": "S"},
            {"AttributeName": "version", "AttributeType": "N"},
        ],
    )
