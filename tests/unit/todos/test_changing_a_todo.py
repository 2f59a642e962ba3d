"""One command makes one event, named by what changed; without a change there is no event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.todos.decide import Decision, Patch, Replace
from chalicelib.todos.events import COMPLETED, EDITED, REOPENED
from tests.unit.scenarios import content_of, live

FULL = {
    "notes": "n", "list": "home", "tags": ["a", "b"], "priority": "high", "due": "2026-12-01", "order": 2,
    "remind_at": "2026-11-30T09:00:00Z", "repeat": "FREQ=DAILY", "parent": "0197e1f0-0000-7000-8000-000000000002",
    "source": "file.csv:1", "metadata": {"a": 1},
}  # fmt: skip


def test_a_replacement_states_the_whole_content_so_what_it_leaves_out_is_unset() -> None:
    stream = live(**FULL)
    unset = dict.fromkeys(FULL) | {"list": "inbox", "priority": "none"}
    assert stream.decide(Replace(content_of())) == Decision(EDITED, unset)


def test_only_the_fields_that_differ_are_in_the_event() -> None:
    assert live(**FULL).decide(Replace(content_of(**FULL | {"notes": "m"}))) == Decision(EDITED, {"notes": "m"})


def test_replacing_a_todo_by_itself_changes_nothing() -> None:
    assert live(**FULL).decide(Replace(content_of(**FULL))) is None


@pytest.mark.parametrize("patch", [{}, {"notes": "n"}, {"metadata": {"a": 1}}, {"metadata": {"b": None}}, FULL])
def test_a_patch_that_says_what_is_so_changes_nothing(patch: dict[str, Any]) -> None:
    assert live(**FULL).decide(Patch(patch)) is None


@pytest.mark.parametrize("extra", [{}, {"title": "New", "notes": "also"}])
def test_completing_names_the_event_whatever_else_changes(extra: dict[str, Any]) -> None:
    change = {"completed": True, **extra}
    assert live().decide(Patch(change)) == Decision(COMPLETED, change)
    assert live().decide(Replace(content_of(**change))) == Decision(COMPLETED, change)


@pytest.mark.parametrize("extra", [{}, {"title": "New", "notes": "also"}])
def test_reopening_names_the_event_whatever_else_changes(extra: dict[str, Any]) -> None:
    change = {"completed": False, **extra}
    assert live(completed=True).decide(Patch(change)) == Decision(REOPENED, change)


def test_null_for_completed_reopens() -> None:
    assert live(completed=True).decide(Patch({"completed": None})) == Decision(REOPENED, {"completed": False})


def test_an_edit_of_a_completed_todo_is_an_edit() -> None:
    assert live(completed=True).decide(Patch({"notes": "x", "completed": True})) == Decision(EDITED, {"notes": "x"})


@pytest.mark.parametrize(
    ("before", "after"),
    [(1, True), (True, 1), (0, False), (False, 0), (1.0, True), ([1], [True]), ({"b": 1}, {"b": True}), ("", False)],
)
def test_in_metadata_what_python_takes_for_equal_json_does_not(before: Any, after: Any) -> None:
    decision = live(metadata={"a": before}).decide(Patch({"metadata": {"a": after}}))
    assert decision == Decision(EDITED, {"metadata": {"a": after}})
    assert type(decision.change["metadata"]["a"]) is type(after)


def test_in_metadata_a_number_is_kept_as_it_is_written() -> None:
    decision = live(metadata={"a": 1}).decide(Patch({"metadata": {"a": 1.0}}))
    assert decision is not None
    assert repr(decision.change) == "{'metadata': {'a': 1.0}}"


def test_in_metadata_the_order_of_names_means_nothing() -> None:
    stream = live(metadata={"a": 1, "b": {"c": 1, "d": 2}})
    assert stream.decide(Replace(content_of(metadata={"b": {"d": 2, "c": 1}, "a": 1}))) is None


def test_one_and_one_point_zero_are_the_same_order() -> None:
    assert live(order=1).decide(Patch({"order": 1.0})) is None


def test_the_order_of_tags_is_the_owners() -> None:
    assert live(tags=["a", "b"]).decide(Patch({"tags": ["b", "a"]})) == Decision(EDITED, {"tags": ["b", "a"]})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 0.5]) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)


@given(value=st.dictionaries(st.sampled_from("ab"), json_values, max_size=2))
def test_no_metadata_differs_from_itself(value: dict[str, Any]) -> None:
    assert live(metadata=value).decide(Replace(content_of(metadata=value))) is None
