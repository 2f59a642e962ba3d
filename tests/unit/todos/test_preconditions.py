"""If-Match and If-None-Match: the versions that a caller accepts, and those to be left alone (RFC 9110, 13.1)."""

from __future__ import annotations

import pytest

from chalicelib.todos.decide import (
    Command,
    Delete,
    IfMatch,
    IfNoneMatch,
    Patch,
    Replace,
    Restore,
    Revert,
    VersionMismatch,
)
from tests.unit.scenarios import content_of, deleted, live, patched

STREAM = patched(patched(live(), notes="a"), notes="b")
COMMANDS = [
    Replace(content_of(title="New")),
    Patch({"title": "New"}),
    Delete(),
    Revert(STREAM.events[0].state),
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("versions", [frozenset({3}), frozenset({1, 3}), None], ids=["the one", "among others", "*"])
def test_a_todo_at_an_accepted_version_changes(command: Command, versions: frozenset[int] | None) -> None:
    assert STREAM.decide(command, IfMatch(versions)) is not None


@pytest.mark.parametrize("command", [*COMMANDS, Restore()])
@pytest.mark.parametrize("versions", [frozenset({2}), frozenset({4}), frozenset({1, 2}), frozenset()])
def test_a_todo_at_another_version_does_not(command: Command, versions: frozenset[int]) -> None:
    with pytest.raises(VersionMismatch):
        STREAM.decide(command, IfMatch(versions))


def test_a_stale_version_is_refused_even_where_nothing_would_change() -> None:
    with pytest.raises(VersionMismatch):
        STREAM.decide(Patch({"notes": "b"}), IfMatch(frozenset({2})))


def test_a_stale_version_is_reported_before_a_bad_patch() -> None:
    with pytest.raises(VersionMismatch):
        STREAM.decide(Patch({"no such field": 1}), IfMatch(frozenset({2})))


@pytest.mark.parametrize("command", [Restore(), Revert(STREAM.events[0].state)])
def test_bringing_back_a_deleted_todo_obeys_it_too(command: Command) -> None:
    assert deleted().decide(command, IfMatch(frozenset({2}))) is not None
    with pytest.raises(VersionMismatch):
        deleted().decide(command, IfMatch(frozenset({1})))


def test_star_accepts_any_version_and_an_empty_set_none() -> None:
    assert all(IfMatch(None).accepts(version) for version in (1, 2, 10**9))
    assert not any(IfMatch(frozenset()).accepts(version) for version in (1, 2, 10**9))


@pytest.mark.parametrize("command", [*COMMANDS, Restore()])
@pytest.mark.parametrize("versions", [None, frozenset({3}), frozenset({1, 3})], ids=["*", "the one", "among others"])
def test_a_live_todo_at_a_version_to_be_left_alone_does_not_change(
    command: Command, versions: frozenset[int] | None
) -> None:
    with pytest.raises(VersionMismatch):
        STREAM.decide(command, None, IfNoneMatch(versions))
    with pytest.raises(VersionMismatch):
        STREAM.decide(command, IfMatch(None), IfNoneMatch(versions))


@pytest.mark.parametrize("command", COMMANDS)
def test_at_another_it_does(command: Command) -> None:
    assert STREAM.decide(command, None, IfNoneMatch(frozenset({2, 4}))) is not None


@pytest.mark.parametrize("command", [Restore(), Revert(STREAM.events[0].state)])
def test_a_deleted_todo_has_nothing_that_could_be_left_alone(command: Command) -> None:
    assert deleted().decide(command, None, IfNoneMatch(None)) is not None
