"""Deterministic and quick: fixed examples for Hypothesis, no waiting, no memory shared between tests."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, settings

from tests.support.reset import forget_todos

settings.register_profile(
    "unit", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unit")


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
