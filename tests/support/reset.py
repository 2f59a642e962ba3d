"""What a process of the service remembers, and how a test gets rid of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from chalicelib.api import auth
from chalicelib.aws import dynamodb, sqs
from chalicelib.commands import execute
from chalicelib.ledger import model
from chalicelib.publishing import topic
from chalicelib.webhooks import deliver


def become(patch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> None:
    """Give this process the settings of a deployed function."""
    for name, value in variables.items():
        patch.setenv(name, value)


def forget_everything() -> None:
    """Make this process one that has just started: it has no client, table, issuer's key or todo."""
    for remembered in (dynamodb.client, sqs.sqs, topic.sns, deliver._guard, auth._keys):
        remembered.cache_clear()
    forget_tables()


def forget_tables() -> None:
    """Forget which table the ledger's model is bound to, and the todos; the clients are kept."""
    model.events.cache_clear()
    model.EventItem._connection = None
    forget_todos()


def forget_todos() -> None:
    """Forget the newest events, as if the next request came to another process."""
    execute._latest_events._events.clear()
