"""A local stack of these tests' own, and this process as one of its own: audits and rebuilds see a whole ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.aws import dynamodb, sqs
from chalicelib.commands import execute
from chalicelib.ledger import model
from chalicelib.publishing import topic
from chalicelib.views import projector
from stack.local.local_stack import LocalStack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The service, deployed on a private engine."""
    with LocalStack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="session")
def variables(stack: LocalStack) -> dict[str, str]:
    return stack.environment()


@pytest.fixture(scope="module")
def clients() -> Iterator[None]:
    """Clients for queues and the topic are made once for these tests, and none is left to those that follow."""
    _forget_clients()
    yield
    _forget_clients()


@pytest.fixture
def environment(variables: dict[str, str], clients: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process with the stack's settings and nothing remembered, before the test and after it."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HANDLERS", raising=False)
    _forget_everything()
    yield
    _forget_everything()


@pytest.fixture
def views(environment: None) -> str:
    """The views table in use."""
    (table,) = projector.tables()
    return table


def _forget_everything() -> None:
    dynamodb.client.cache_clear()
    model.events.cache_clear()
    model.EventItem._connection = None
    execute._latest_events._events.clear()


def _forget_clients() -> None:
    sqs.sqs.cache_clear()
    topic.sns.cache_clear()
