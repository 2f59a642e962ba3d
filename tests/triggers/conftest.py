"""One engine for all tests, also those of several pytest-xdist workers; each test has tables and queues of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stack.local.local_stack import LocalStack
from tests.support.alone import Alone, of_engine
from tests.support.faults import without_pauses
from tests.support.reset import become, forget_everything, forget_tables


@pytest.fixture(scope="package")
def clients() -> Iterator[None]:
    """Clients are made once for these tests, and none is left to those that follow."""
    forget_everything()
    of_engine.cache_clear()
    yield
    forget_everything()
    of_engine.cache_clear()


@pytest.fixture(scope="session")
def deployed(stack: LocalStack) -> dict[str, str]:
    """The environment of the stack's own Lambdas; asking for it takes a while."""
    return stack.environment()


@pytest.fixture
def alone(deployed: dict[str, str], clients: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Alone]:
    """The service's own handlers in this process, on tables and queues that no deployed Lambda follows."""
    become(monkeypatch, deployed)
    alone = Alone.made()
    become(monkeypatch, alone.environment)
    forget_tables()
    yield alone
    alone.drop()
    forget_tables()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's own retries and ours come without their pauses."""
    without_pauses(monkeypatch)
