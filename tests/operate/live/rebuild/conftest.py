"""An owner with todos of every kind, and no rebuild that goes on after its test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.rebuild.run import status
from stack.operate import rebuild
from tests.operate.live.commanding import Owner, mixed_commands


@pytest.fixture
def owner(views: str) -> Owner:
    owner = Owner()
    mixed_commands(owner)
    return owner


@pytest.fixture(autouse=True)
def _nothing_under_way(environment: None) -> Iterator[None]:
    yield
    _, state = status()
    if state is not None and not state.is_over:
        rebuild.rebuild_views(lease_seconds=0.0, despite_differences=True)
