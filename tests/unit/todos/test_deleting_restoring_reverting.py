"""Ends and returns: each is an event of its own, and none of them loses what was there."""

from __future__ import annotations

from chalicelib.todos.decide import Decision, Delete, Patch, Restore, Revert, content_of
from chalicelib.todos.events import DELETED, RESTORED, REVERTED
from tests.unit.scenarios import deleted, live, patched


def test_a_live_todo_is_deleted_and_keeps_its_last_state() -> None:
    stream = live(notes="n")
    assert stream.decide(Delete()) == Decision(DELETED, {})
    last = stream.todo
    assert last is not None
    after = stream.after(Delete()).todo
    assert after is not None
    assert after == {**last, "deleted": True, "updated_at": stream.events[-1].occurred_at}


def test_a_restored_todo_is_back_as_it_was() -> None:
    stream = live(notes="n", completed=True)
    before = stream.todo
    assert before is not None
    stream.after(Delete())
    assert stream.decide(Restore()) == Decision(RESTORED, {})
    after = stream.after(Restore()).todo
    assert after == {**before, "updated_at": stream.events[-1].occurred_at}


def test_restoring_a_live_todo_changes_nothing() -> None:
    assert live().decide(Restore()) is None


def test_a_revert_names_what_has_changed_since() -> None:
    stream = patched(patched(live(notes="a"), notes="b"), order=1, list="home")
    then = stream.events[0].state
    assert stream.decide(Revert(then)) == Decision(REVERTED, {"notes": "a", "order": None, "list": "inbox"})
    now = stream.after(Revert(then)).todo
    assert now is not None
    assert content_of(now) == content_of(then)


def test_a_revert_to_the_state_that_is_changes_nothing() -> None:
    stream = patched(patched(live(), notes="b"), notes=None)
    assert stream.decide(Revert(stream.events[0].state)) is None


def test_a_revert_of_completion_is_a_revert_by_name_and_a_reopening_by_effect() -> None:
    stream = patched(live(), completed=True)
    assert stream.decide(Revert(stream.events[0].state)) == Decision(REVERTED, {"completed": False})
    now = stream.after(Revert(stream.events[0].state)).todo
    assert now is not None
    assert now["completed_at"] is None


def test_a_revert_to_a_completed_state_completes_now() -> None:
    stream = live(completed=True).after(Patch({"completed": False}))
    now = stream.after(Revert(stream.events[0].state)).todo
    assert now is not None
    assert now["completed_at"] == stream.events[-1].occurred_at


def test_a_revert_of_a_deleted_todo_restores_it_even_where_nothing_else_changes() -> None:
    stream = deleted(notes="n")
    then = stream.events[0].state
    assert stream.decide(Revert(then)) == Decision(REVERTED, {})
    now = stream.after(Revert(then)).todo
    assert now is not None
    assert (now["deleted"], now["notes"]) == (False, "n")


def test_a_revert_does_not_bring_back_the_instants_of_then() -> None:
    stream = patched(live(), notes="b")
    now = stream.after(Revert(stream.events[0].state)).todo
    assert now is not None
    assert (now["created_at"], now["updated_at"]) == (stream.events[0].occurred_at, stream.events[2].occurred_at)
