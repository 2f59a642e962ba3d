"""A fresh table refuses point-in-time recovery for a while."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from stack.errors import NotStable
from stack.operate import restore


class Unavailable(Exception):
    """What botocore raises for ContinuousBackupsUnavailableException."""


class FreshTable:
    """As much of DynamoDB as turns recovery on, after some refusals."""

    exceptions = SimpleNamespace(ContinuousBackupsUnavailableException=Unavailable)

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.recovery: dict[str, Any] = {}

    def update_continuous_backups(self, **asked: Any) -> None:
        if self.refusals:
            self.refusals -= 1
            raise Unavailable
        self.recovery[asked["TableName"]] = asked["PointInTimeRecoverySpecification"]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", taken.append)
    return taken


def test_it_is_asked_again_with_longer_pauses(pauses: list[float]) -> None:
    dynamodb = FreshTable(refusals=3)
    restore._turn_recovery_on(dynamodb, "restored", {"PointInTimeRecoveryEnabled": True})
    assert dynamodb.recovery == {"restored": {"PointInTimeRecoveryEnabled": True}}
    assert pauses == [1, 2, 4]


def test_after_a_quarter_of_an_hour_a_person_is_told_to_come_back(pauses: list[float]) -> None:
    with pytest.raises(NotStable, match="run the same command again later"):
        restore._turn_recovery_on(FreshTable(refusals=1000), "restored", {})
    assert sum(pauses) == 15 * 60
