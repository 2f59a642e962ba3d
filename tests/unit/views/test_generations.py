"""The name of a generation of the views says which time zones its rows have their instants by."""

from __future__ import annotations

import pytest

from chalicelib.todos import zones
from chalicelib.views import pointer


def test_a_new_generation_has_the_version_in_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    first = pointer.name_of("todo-ledger-prod")
    assert first.startswith(f"todo-ledger-prod-views-{zones.version()}-")
    second = pointer.beside(first)
    assert second.startswith(f"todo-ledger-prod-views-{zones.version()}-")
    assert second != first
    assert not pointer.has_other_zones(first)
    monkeypatch.setattr(zones, "version", lambda: "2999a")
    assert pointer.has_other_zones(first)
    assert not pointer.has_other_zones(pointer.beside(first))


def test_one_from_before_there_were_time_zones_is_made_again() -> None:
    older = "todo-ledger-prod-views-0123456789abcdef0123456789abcdef"
    assert pointer.has_other_zones(older)
    assert pointer.beside(older).startswith(f"todo-ledger-prod-views-{zones.version()}-")
