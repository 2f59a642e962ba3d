"""Create: a todo where there is none, a deleted one brought back with new content, never one over a live one."""

from __future__ import annotations

import pytest

from chalicelib.todos.decide import Create, Decision, IfMatch, TodoExists
from chalicelib.todos.events import CREATED, RESTORED
from tests.unit.scenarios import content_of, deleted, live, nothing


def test_the_first_event_names_only_what_is_set() -> None:
    command = Create(content_of(notes="two litres", tags=["shop"]))
    assert nothing().decide(command) == Decision(
        CREATED, {"title": "Buy milk", "notes": "two litres", "tags": ["shop"]}
    )


@pytest.mark.parametrize("unset", [{"completed": False}, {"list": "inbox"}, {"priority": "none"}, {"notes": None}])
def test_a_field_with_its_default_value_is_not_a_change(unset: dict[str, object]) -> None:
    assert nothing().decide(Create(content_of(**unset))) == Decision(CREATED, {"title": "Buy milk"})


@pytest.mark.parametrize("empty", [{"tags": []}, {"metadata": {}}, {"notes": ""}, {"order": 0}])
def test_an_empty_value_is_not_the_same_as_none(empty: dict[str, object]) -> None:
    assert nothing().decide(Create(content_of(**empty))) == Decision(CREATED, {"title": "Buy milk", **empty})


def test_a_todo_may_be_created_completed() -> None:
    assert nothing().decide(Create(content_of(completed=True))) == Decision(
        CREATED, {"title": "Buy milk", "completed": True}
    )


def test_a_live_todo_is_not_created_again() -> None:
    with pytest.raises(TodoExists):
        live().decide(Create(content_of(title="Another")))


def test_a_live_todo_is_not_created_again_even_with_the_same_content() -> None:
    with pytest.raises(TodoExists):
        live().decide(Create(content_of()))


def test_on_a_deleted_todo_it_restores_with_the_new_content() -> None:
    stream = deleted(notes="old", list="home")
    assert stream.decide(Create(content_of(title="New"))) == Decision(
        RESTORED, {"title": "New", "notes": None, "list": "inbox"}
    )


def test_on_a_deleted_todo_it_restores_even_where_the_content_is_the_same() -> None:
    assert deleted().decide(Create(content_of())) == Decision(RESTORED, {})


def test_what_was_deleted_as_completed_and_is_created_open_has_no_completion() -> None:
    stream = deleted(completed=True).after(Create(content_of()))
    assert stream.todo is not None
    assert (stream.todo["deleted"], stream.todo["completed"], stream.todo["completed_at"]) == (False, False, None)


@pytest.mark.parametrize("accepted", [IfMatch(None), IfMatch(frozenset({7}))])
def test_if_match_has_no_say_in_a_creation(accepted: IfMatch) -> None:
    decision = nothing().decide(Create(content_of()), accepted)
    assert decision is not None
    assert decision.type == CREATED
