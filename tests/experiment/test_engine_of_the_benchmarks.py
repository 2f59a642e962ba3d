"""The engine on which `bench` measures what a stub cannot show."""

from __future__ import annotations

import os
from unittest.mock import patch

import boto3
import pytest

from bench import engine
from tests.support.reset import forget_everything

pytestmark = pytest.mark.engine


def test_its_client_has_its_credentials_whatever_this_process_used_before(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "us-east-1"}
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with patch.dict(os.environ, before):
        boto3.client("dynamodb")
        with engine.running() as client:
            table = engine.fresh_events_table(client)
            assert client.list_tables()["TableNames"] == [table]
    forget_everything()
