"""The ledger over a DynamoDB in memory whose pages are short, and whose answers a test may replace by errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws import dynamodb
from chalicelib.aws.errors import Refusal
from tests.simulation.in_memory import service

PAGE_ITEMS = 3


class Calls:
    """The client for DynamoDB.

    Attributes
    ----------
    errors : list of Exception
        What the next calls raise instead of being sent.
    names : list of str
        The calls so far.
    requests : list of dict
        What DynamoDB was asked, also by PynamoDB.
    """

    def __init__(self, client: Any) -> None:
        self.errors: list[Exception] = []
        self.names: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self._client = client

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            self.names.append(name)
            if self.errors:
                raise self.errors.pop(0)
            return getattr(self._client, name)(**request)

        return call


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    """Empty tables, and the calls that are made to them."""
    # The patches of this fixture must go before those of the service in memory, which they lie over.
    with service() as world, monkeypatch.context() as patch:
        world.engine.page_items = PAGE_ITEMS
        calls = Calls(dynamodb.client())
        carry_out = world.engine.call

        def call(operation: str, request: dict[str, Any]) -> Any:
            calls.requests.append(request)
            return carry_out(operation, request)

        patch.setattr(dynamodb, "client", lambda: calls)
        patch.setattr(world.engine, "call", call)
        yield calls
        # So must those of the test.
        monkeypatch.undo()


def refusal(code: str, *reasons: str) -> Refusal:
    """DynamoDB's refusal of a write; of a transaction, with the reason of each action."""
    said = {"CancellationReasons": [{"Code": reason} for reason in reasons]} if reasons else {}
    return Refusal({"Error": {"Code": code, "Message": code}, **said}, "PutItem")
