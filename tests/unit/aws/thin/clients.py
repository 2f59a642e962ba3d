"""The two clients for DynamoDB, made for one address, with the same settings as in the service."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws import dynamodb
from chalicelib.settings import BOTOCORE, THIN
from tests.support.faults import without_pauses
from tests.support.reset import become, forget_everything

NAMES = (THIN, BOTOCORE)


def make(patch: pytest.MonkeyPatch, name: str, url: str) -> Any:
    """The client of this name for this address, without pauses before its retries."""
    become(
        patch,
        {
            "TODO_LEDGER_CLIENT": name,
            "AWS_ENDPOINT_URL_DYNAMODB": url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "token",
            "AWS_DEFAULT_REGION": "eu-central-1",
        },
    )
    without_pauses(patch)
    forget_everything()
    return dynamodb.client()
