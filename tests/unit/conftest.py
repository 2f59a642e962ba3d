"""Deterministic and quick: no waiting, no memory shared between tests."""

from __future__ import annotations

import time

import pytest

from tests.support.reset import forget_todos


@pytest.fixture(autouse=True)
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nothing waits; the pauses that the code asked for are noted."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


@pytest.fixture(autouse=True)
def no_memory() -> None:
    """Each test begins as a cold process."""
    forget_todos()
