"""What `up` says of a start, and what PERSIST means."""

from __future__ import annotations

from typing import Any

import pytest

from stack.errors import Misconfigured
from stack.local import recovery
from stack.settings import persists

FOUND: dict[str, Any] = {
    "crashed": True,
    "cut": False,
    "written": {"todo-ledger-local-events": 1234, "todo-ledger-local-settings": 1, "todo-ledger-local-views-a": 9},
    "messages": 0,
    "continues": True,
    "seconds": 0.4,
}


def test_after_a_crash_it_says_what_it_brought_back() -> None:
    (line,) = recovery.lines(FOUND)
    assert "1,234 events and 1 change of settings (0.4 s)" in line


def test_it_says_what_is_handed_out_again_and_what_was_cut() -> None:
    _, messages, cut = recovery.lines({**FOUND, "messages": 2, "cut": True})
    assert "2 messages" in messages
    assert "nobody was told" in cut


@pytest.mark.parametrize("found", [None, {}, {**FOUND, "crashed": False}])
def test_otherwise_it_says_nothing(found: dict[str, Any] | None) -> None:
    assert list(recovery.lines(found)) == []


@pytest.mark.parametrize(("found", "expected"), [(None, False), ({}, False), (FOUND, True)])
def test_a_start_without_a_journal_catches_up(found: dict[str, Any] | None, expected: bool) -> None:
    assert recovery.streams_go_on(found) is expected


@pytest.mark.parametrize(("value", "expected"), [("", True), ("on", True), ("off", False)])
def test_a_stack_keeps_what_it_acknowledges_unless_it_shall_not(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: bool
) -> None:
    monkeypatch.setenv("PERSIST", value)
    assert persists() is expected


def test_another_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSIST", "no")
    with pytest.raises(Misconfigured, match=r"'on'.*'off'"):
        persists()
