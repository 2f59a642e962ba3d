"""A state as stored: only what is set, and readable by older and newer readers than its writer."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ledger.codec import dump_state, load_state
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, Todo
from tests.unit.scenarios import deleted, live


def test_unset_fields_are_left_out() -> None:
    stream = live(notes="n")
    assert stream.todo is not None
    assert set(json.loads(dump_state(stream.todo))) == {"title", "notes", "created_at", "updated_at"}


def test_the_text_is_the_shortest_and_keeps_its_characters() -> None:
    text = dump_state(cast("Todo", {**DEFAULTS, "title": "é€😀", "tags": ["a", "b"]}))
    assert text == '{"title":"é€😀","tags":["a","b"]}'


def test_a_deleted_todo_is_marked_and_keeps_its_last_state() -> None:
    stream = deleted(notes="n")
    assert stream.todo is not None
    stored = json.loads(dump_state(stream.todo))
    assert stored["deleted"] is True
    assert stored["notes"] == "n"


def test_a_state_written_before_a_field_existed_has_it_unset() -> None:
    assert load_state('{"title":"Old"}') == {**DEFAULTS, "title": "Old"}


def test_a_state_written_by_a_newer_writer_keeps_what_this_one_does_not_know() -> None:
    stored = '{"title":"x","color":"red"}'
    assert json.loads(dump_state(load_state(stored))) == json.loads(stored)


def test_no_reading_changes_what_unset_means() -> None:
    todo = load_state('{"title":"x"}')
    todo["notes"] = "n"
    assert DEFAULTS["notes"] is None
    assert load_state('{"title":"x"}')["notes"] is None


def test_the_fields_that_a_client_sets_are_these() -> None:
    assert CONTENT_FIELDS == (
        "title", "notes", "completed", "list", "tags", "priority", "due", "remind_at", "order", "repeat",
        "repeat_from", "time_zone", "parent", "source", "metadata",
    )  # fmt: skip


FIELD_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": st.text(max_size=5),
    "notes": st.none() | st.text(max_size=5),
    "completed": st.booleans(),
    "list": st.sampled_from(["inbox", "home"]),
    "tags": st.none() | st.lists(st.text(max_size=3), max_size=2),
    "order": st.none() | st.integers(-1, 1) | st.floats(allow_nan=False, allow_infinity=False),
    "metadata": st.none() | st.dictionaries(st.text(max_size=2), st.none() | st.booleans() | st.integers(0, 1)),
    "deleted": st.booleans(),
}


@given(fields=st.fixed_dictionaries({}, optional=FIELD_VALUES))
def test_what_is_stored_is_read_back(fields: dict[str, Any]) -> None:
    todo = cast("Todo", {**DEFAULTS, **fields})
    read = load_state(dump_state(todo))
    assert read == todo
    assert json.dumps(read, sort_keys=True) == json.dumps(todo, sort_keys=True), "also where Python takes 1 for True"


@pytest.mark.parametrize("value", [[], {}, "", 0, 0.0])
def test_an_empty_value_is_stored(value: object) -> None:
    field = {list: "tags", dict: "metadata", str: "notes", int: "order", float: "order"}[type(value)]
    assert field in json.loads(dump_state(cast("Todo", {**DEFAULTS, field: value})))
