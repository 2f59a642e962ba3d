"""AWS in this process (moto), for what needs neither streams nor Lambda; the folder's conftest imports the fixture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from chalicelib.settings import BOTOCORE
from tests.support.reset import become, forget_everything

# The endpoint URL of another DynamoDB than moto's (tests/support/dynamodb_local), if that is to be used.
DYNAMODB: str | None = None

CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    # Moto is found in botocore alone.
    "TODO_LEDGER_CLIENT": BOTOCORE,
}


@pytest.fixture
def aws_in_process(monkeypatch: pytest.MonkeyPatch, worker_id: str) -> Iterator[None]:
    """AWS without any table, queue or topic; this process remembers nothing from before."""
    become(monkeypatch, CREDENTIALS)
    if DYNAMODB is not None:
        # It has a database for each access key.
        become(monkeypatch, {"AWS_ENDPOINT_URL_DYNAMODB": DYNAMODB, "AWS_ACCESS_KEY_ID": f"test{worker_id}"})
    with mock_aws(config={"core": {"mock_credentials": False}}):
        forget_everything()
        yield
        if DYNAMODB is not None:
            _drop_tables()
    forget_everything()


def _drop_tables() -> None:
    client: Any = boto3.client("dynamodb")
    for page in client.get_paginator("list_tables").paginate():
        for name in page["TableNames"]:
            client.delete_table(TableName=name)
