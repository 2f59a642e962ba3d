"""Ledgers in memory, in which another writer has been at work."""

from __future__ import annotations

import pytest

from chalicelib.todos.decide import Create
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
