"""A page is made of what is stored without looking into it, and says the same as one that is put together."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api import stored_todos
from chalicelib.ledger.codec import dump_state
from chalicelib.todos import representation
from chalicelib.todos.events import DEFAULTS, Todo, dump_json
from chalicelib.views.queries import TodoRow
from tests.unit.todos.test_stored_states import FIELD_VALUES

BASE = "https://example.com"
ID = "0197e1f0-0000-7000-8000-00000000000a"


@given(todos=st.lists(st.fixed_dictionaries({}, optional=FIELD_VALUES), max_size=3), is_stored=st.booleans())
def test_a_page_is_the_text_that_its_todos_make(todos: list[dict[str, Any]], is_stored: bool) -> None:
    wholes = [cast("Todo", {**DEFAULTS, **fields}) for fields in todos]
    rows = [
        TodoRow(ID, number, None if is_stored else todo, state=dump_state(todo) if is_stored else None)
        for number, todo in enumerate(wholes)
    ]
    answers = [representation.todo_answer(BASE, ID, number, todo) for number, todo in enumerate(wholes)]
    if is_stored:
        assert stored_todos.array(BASE, rows) == dump_json(answers)
    assert json.loads(stored_todos.array(BASE, rows)) == answers


def test_what_a_newer_writer_has_added_is_passed_over() -> None:
    row = TodoRow(ID, 3, None, state='{"title":"x","color":{"a":[1]},"id":7,"url":null,"version":"9"}')
    (answer,) = json.loads(stored_todos.array(BASE, [row]))
    assert answer == representation.todo_answer(BASE, ID, 3, cast("Todo", {**DEFAULTS, "title": "x"}))


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="truncated"):
        stored_todos.array(BASE, [TodoRow(ID, 1, None, state='{"title":')])
