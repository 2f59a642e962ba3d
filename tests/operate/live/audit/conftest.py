"""A ledger with todos of every kind and its views; what a test plants is removed after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stack.operate import audit
from tests.operate.live.audit.planted import Planted
from tests.operate.live.commanding import Owner, mixed_commands
from tests.support.waiting import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def history() -> dict[str, Any]:
    """The one owner of this module; made by the first test that needs it."""
    return {}


@pytest.fixture
def planted(views: str, history: dict[str, Any]) -> Iterator[Planted]:
    if not history:
        history["owner"] = Owner()
        history["todos"] = mixed_commands(history["owner"])
        assert audit.audit_views(patience=PATIENCE_SECONDS).is_clean
    spoilt = Planted(history["owner"], history["todos"], views, [])
    yield spoilt
    for undo in reversed(spoilt.undo):
        undo()
