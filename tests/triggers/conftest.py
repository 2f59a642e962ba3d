"""One engine for all tests, also those of several pytest-xdist workers; each test has tables and queues of its own."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from stack.local.local_stack import LocalStack
from tests.support.alone import Alone, forget_clients, forget_tables


@pytest.fixture(scope="package")
def clients() -> Iterator[None]:
    """Clients are made once for these tests, and none is left to those that follow."""
    forget_clients()
    yield
    forget_clients()


@pytest.fixture(scope="session")
def deployed(stack: LocalStack) -> dict[str, str]:
    """The environment of the stack's own Lambdas; asking for it takes a while."""
    return stack.environment()


@pytest.fixture
def alone(deployed: dict[str, str], clients: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Alone]:
    """The service's own handlers in this process, on tables and queues that no deployed Lambda follows."""
    monkeypatch.delenv("HANDLERS", raising=False)
    for name, value in deployed.items():
        monkeypatch.setenv(name, value)
    alone = Alone.made_beside(deployed)
    for name, value in alone.environment.items():
        monkeypatch.setenv(name, value)
    forget_tables()
    yield alone
    alone.drop()
    forget_tables()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's own retries and ours come without their pauses."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setattr("chalicelib.aws.retry.FIRST_SECONDS", 0.0)
