"""Ledgers in memory, in which another writer has been at work, and the whole service over a DynamoDB in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.todos.decide import Create
from tests.simulation import in_memory
from tests.simulation.world import World
from tests.unit.commands.memory_ledger import MemoryLedger, given_a_ledger
from tests.unit.scenarios import content_of


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> MemoryLedger:
    """Given a todo at version 1, of which this process knows nothing yet."""
    return given_a_ledger(monkeypatch, Create(content_of()))


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> MemoryLedger:
    """Given no todo."""
    return given_a_ledger(monkeypatch)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Given empty tables and queues; a list of more than two todos is a long one."""
    with in_memory.service() as world:
        yield world
        # What a test has put over this ground goes before it, or would come back with it.
        monkeypatch.undo()
