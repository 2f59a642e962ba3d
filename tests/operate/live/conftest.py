"""A local stack of these tests' own, and this process as one of its own: audits and rebuilds see a whole ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.views import pointer
from stack.local.local_stack import LocalStack
from tests.support.own_stack import stack
from tests.support.reset import become, forget_everything

__all__ = ["stack"]


@pytest.fixture(scope="session")
def variables(stack: LocalStack) -> dict[str, str]:
    return stack.environment()


@pytest.fixture
def environment(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process with the stack's settings and nothing remembered, before the test and after it."""
    become(monkeypatch, variables)
    forget_everything()
    yield
    forget_everything()


@pytest.fixture
def views(environment: None) -> str:
    """The views table in use."""
    (table,) = pointer.pointer().tables
    return table
