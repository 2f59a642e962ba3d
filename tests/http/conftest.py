"""One deployed stack for all tests, also those of several pytest-xdist workers; each test is another owner."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from chalicelib.aws import dynamodb
from stack.local.local_stack import LocalStack
from tests.support.client import Client
from tests.support.faults import without_pauses
from tests.support.in_process import InProcess
from tests.support.reset import become, forget_everything

make_client = dynamodb.client.__wrapped__


@pytest.fixture
def owner() -> str:
    """A name that nobody else has, so that no test sees another's todos."""
    return f"owner-{uuid.uuid4()}"


@pytest.fixture
def client_of(stack: LocalStack) -> Callable[..., Client]:
    """Makes a client of any owner: ``client_of("alice")``, ``client_of("alice", scope="todos:read")``."""

    def make(owner: str, **of_token: object) -> Client:
        return Client(stack.url, stack.token(owner, **of_token))  # type: ignore[arg-type]

    return make


@pytest.fixture
def client(client_of: Callable[..., Client], owner: str) -> Client:
    """The client of this test's own owner."""
    return client_of(owner)


@pytest.fixture(scope="session")
def settings_and_connection(stack: LocalStack) -> tuple[dict[str, str], Any]:
    """The service's environment variables and its DynamoDB client, made once: both take a while."""
    settings = stack.environment()
    with pytest.MonkeyPatch.context() as patch:
        become(patch, settings)
        return settings, make_client()


@pytest.fixture
def environment(settings_and_connection: tuple[dict[str, str], Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process as one of the stack's own: its settings, and nothing remembered before the test or after it."""
    settings, connection = settings_and_connection
    become(monkeypatch, settings)
    monkeypatch.setattr(dynamodb, "client", cache(lambda: connection))
    forget_everything()
    yield
    forget_everything()


@pytest.fixture
def here(environment: None, owner: str) -> InProcess:
    """The same API, its real handler called in this process: one more warm Lambda, in which faults can be injected."""
    return InProcess(owner)


@pytest.fixture
def impatient(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's own retries and ours come without their pauses.

    On a client of the test's own: botocore retries no more once a client has had too many failures.
    """
    monkeypatch.setattr(dynamodb, "client", cache(make_client))
    forget_everything()
    without_pauses(monkeypatch)
