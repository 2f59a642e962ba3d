"""An owner with todos of every kind, and no rebuild that goes on after its test."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from chalicelib.rebuild.run import status
from chalicelib.views.pointer import REMEMBERED_SECONDS
from chalicelib.views.schema import POINTER_KEY
from stack.local.local_stack import LocalStack
from stack.operate import rebuild
from tests.operate.live.commanding import Owner, mixed_commands


@pytest.fixture(scope="session")
def forgetful(stack: LocalStack, variables: dict[str, str]) -> None:
    """The stack's functions remember the pointer for a moment only, and so a rebuild waits for no more.

    A function that was called before may remember for longer what it has read. The wait is for that.
    """
    stack.deployment.client("dynamodb").update_item(
        TableName=variables["SETTINGS_TABLE"],
        Key=POINTER_KEY,
        UpdateExpression="SET remembered_seconds = :seconds",
        ExpressionAttributeValues={":seconds": {"N": "0.2"}},
    )
    time.sleep(REMEMBERED_SECONDS)


@pytest.fixture
def owner(views: str) -> Owner:
    owner = Owner()
    mixed_commands(owner)
    return owner


@pytest.fixture(autouse=True)
def _nothing_under_way(forgetful: None, environment: None) -> Iterator[None]:
    yield
    _, state = status()
    if state is not None and not state.is_over:
        rebuild.rebuild_views(lease_seconds=0.0, despite_differences=True)
