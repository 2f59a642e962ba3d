"""Every command but Create needs a todo; every one but Restore and Revert needs it live."""

from __future__ import annotations

import pytest

from chalicelib.todos.decide import (
    CannotRevertToDeletion,
    Command,
    Delete,
    IfMatch,
    Move,
    Patch,
    Replace,
    Restore,
    Revert,
    TodoIsDeleted,
    TodoNotFound,
)
from tests.unit.scenarios import content_of, deleted, live, nothing

THEN = live().events[0].state
ON_LIVE_TODOS = [Replace(content_of()), Patch({"title": "x"}), Move("inbox", "x"), Delete()]
ON_ANY_TODO = [Restore(), Revert(THEN)]
ANY_MATCH = [None, IfMatch(None), IfMatch(frozenset({1})), IfMatch(frozenset())]


@pytest.mark.parametrize("if_match", ANY_MATCH)
@pytest.mark.parametrize("command", ON_LIVE_TODOS + ON_ANY_TODO)
def test_what_never_was_is_not_found_whatever_version_is_asked_for(command: Command, if_match: IfMatch | None) -> None:
    with pytest.raises(TodoNotFound):
        nothing().decide(command, if_match)


@pytest.mark.parametrize("if_match", ANY_MATCH)
@pytest.mark.parametrize("command", ON_LIVE_TODOS)
def test_a_deleted_todo_is_gone_before_any_version_is_compared(command: Command, if_match: IfMatch | None) -> None:
    stream = deleted()
    with pytest.raises(TodoIsDeleted, match="deleted at version 2") as refused:
        stream.decide(command, if_match)
    assert (refused.value.todo, refused.value.version) == (stream.todo, 2)


@pytest.mark.parametrize("command", ON_ANY_TODO)
def test_a_deleted_todo_can_be_brought_back(command: Command) -> None:
    stream = deleted().after(command)
    assert stream.todo is not None
    assert not stream.todo["deleted"]


def test_nobody_reverts_a_deleted_todo_to_its_deletion() -> None:
    stream = deleted()
    with pytest.raises(CannotRevertToDeletion):
        stream.decide(Revert(stream.events[1].state))


def test_a_live_todo_cannot_be_reverted_to_a_deletion_either() -> None:
    stream = deleted().after(Restore())
    with pytest.raises(CannotRevertToDeletion):
        stream.decide(Revert(stream.events[1].state))
