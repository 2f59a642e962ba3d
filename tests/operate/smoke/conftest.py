"""A local stack of these tests' own, since faults are planted in it, with the alarms that `make up` leaves out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stack.deploy.deployment import Deployment
from stack.drift import drift
from stack.local.local_stack import LocalStack
from tests.support.own_stack import stack
from tests.support.reset import become, forget_everything

__all__ = ["stack"]


@pytest.fixture(scope="session")
def deployment(stack: LocalStack) -> Deployment:
    """The stage with its alarms, settled as `make settle` leaves it."""
    found = stack.deployment
    found.deploy_watch()
    list(drift.settle(found))
    return found


@pytest.fixture(autouse=True)
def environment(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process as one of the stack, as `targets.use_service` makes it, and nothing remembered after the test."""
    become(monkeypatch, stack.environment())
    forget_everything()
    yield
    forget_everything()
