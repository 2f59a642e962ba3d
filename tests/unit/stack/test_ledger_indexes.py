"""A ledger in use gets an index that it lacks, and nobody reads it before DynamoDB has filled it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stack.deploy import ledger_indexes
from stack.deploy.stages import Stage
from stack.settings import LOCAL

WANTED = Stage(LOCAL).ledger_properties


class Ledger:
    """DynamoDB with one table; an index is being filled until `polls` more looks at it."""

    def __init__(self, *indexes: str, polls: int = 0) -> None:
        self.statuses = dict.fromkeys(indexes, "ACTIVE" if not polls else "CREATING")
        self.polls = polls
        self.updates: list[dict[str, Any]] = []

    def describe_table(self, **_: str) -> dict[str, Any]:
        if not self.polls:
            self.statuses = dict.fromkeys(self.statuses, "ACTIVE")
        self.polls = max(0, self.polls - 1)
        found = [{"IndexName": name, "IndexStatus": status} for name, status in self.statuses.items()]
        return {"Table": {"GlobalSecondaryIndexes": found} if found else {}}

    def update_table(self, **request: Any) -> None:
        self.updates.append(request)
        self.statuses[request["GlobalSecondaryIndexUpdates"][0]["Create"]["IndexName"]] = "CREATING"
        self.polls = 3


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was waited for, without waiting."""
    found: list[float] = []
    monkeypatch.setattr("stack.deploy.ledger_indexes.time.sleep", found.append)
    return found


def test_an_index_that_it_lacks_is_added_and_waited_for(pauses: list[float]) -> None:
    ledger = Ledger()
    said: list[str] = []

    ledger_indexes.ensure_indexes(ledger, "restored", WANTED, said.append)

    (request,) = ledger.updates
    assert request["TableName"] == "restored"
    assert request["GlobalSecondaryIndexUpdates"] == [{"Create": WANTED["GlobalSecondaryIndexes"][0]}]
    assert {"AttributeName": "operation", "AttributeType": "S"} in request["AttributeDefinitions"]
    assert (ledger.statuses, len(pauses)) == ({"by_operation": "ACTIVE"}, 3)
    assert "by_operation" in said[0]


def test_an_index_that_is_not_described_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger()
    described = ledger.describe_table
    late: Iterator[dict[str, Any]] = iter([{"Table": {}}, {"Table": {}}])
    monkeypatch.setattr(ledger, "describe_table", lambda **_: next(late, None) or described())

    ledger_indexes.ensure_indexes(ledger, "restored", WANTED)

    assert (len(ledger.updates), ledger.statuses) == (1, {"by_operation": "ACTIVE"})


def test_one_that_it_has_is_not_added_again() -> None:
    ledger = Ledger("by_operation")

    ledger_indexes.ensure_indexes(ledger, "restored", WANTED)

    assert ledger.updates == []


def test_one_that_is_being_made_is_waited_for(pauses: list[float]) -> None:
    ledger = Ledger("by_operation", polls=4)

    ledger_indexes.ensure_indexes(ledger, "restored", WANTED)

    assert (ledger.updates, ledger.statuses) == ([], {"by_operation": "ACTIVE"})
    assert pauses
