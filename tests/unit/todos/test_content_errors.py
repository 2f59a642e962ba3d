"""What a refusal says: everything that is wrong, each with a pointer to its place (RFC 6901)."""

from __future__ import annotations

import pytest

from chalicelib.todos.content import InvalidContent, pointer, validate
from tests.unit.scenarios import complaints, content_of


@pytest.mark.parametrize("value", [None, "x", 1, [], ["title"], True])
def test_a_todo_is_an_object(value: object) -> None:
    with pytest.raises(InvalidContent) as refusal:
        validate(value)
    assert [error.pointer for error in refusal.value.errors] == ["#"]


def test_a_title_is_required() -> None:
    with pytest.raises(InvalidContent) as refusal:
        validate({"notes": "x"})
    assert [(error.pointer, error.detail) for error in refusal.value.errors] == [("#/title", "required")]


def test_values_of_the_wrong_type_are_reported_together() -> None:
    found = complaints(title="", priority="urgent", tags=["a", 1], completed="yes", color="red")
    assert set(found) == {"#/title", "#/priority", "#/tags/1", "#/completed", "#/color"}


def test_values_that_break_a_rule_are_reported_together() -> None:
    found = complaints(
        notes="\0", list="..", due="soon", order=2**60, parent="me", repeat="daily", metadata={"a": "\0"}
    )
    assert set(found) == {"#/notes", "#/list", "#/due", "#/order", "#/parent", "#/repeat", "#/metadata"}


def test_a_wrong_type_does_not_hide_a_broken_rule() -> None:
    assert set(complaints(title="", due="soon", color="red")) == {"#/title", "#/due", "#/color"}


@pytest.mark.parametrize("name", ["color", "Title", "deleted", "owner", "state", "", "event_id"])
def test_an_unknown_field_is_refused(name: str) -> None:
    assert complaints({name: None}) == {f"#/{name}": "unknown field"}


@pytest.mark.parametrize("name", ["id", "version", "created_at", "updated_at", "completed_at", "url"])
@pytest.mark.parametrize("value", ["x", 7, None, {"a": [1]}])
def test_what_only_the_ledger_sets_is_ignored(name: str, value: object) -> None:
    assert content_of(**{name: value}) == content_of()


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], "#"),
        (["title"], "#/title"),
        (["tags", 3], "#/tags/3"),
        (["a/b"], "#/a~1b"),
        (["m~n"], "#/m~0n"),
        (["~1"], "#/~01"),
        (["c%d"], "#/c%25d"),
        ([" "], "#/%20"),
        (['k"l'], "#/k%22l"),
        (["é"], "#/%C3%A9"),
        ([""], "#/"),
        (["\ud800"], "#/%3F"),
    ],
)
def test_a_pointer_is_a_uri_fragment(steps: list[str | int], expected: str) -> None:
    assert pointer(*steps) == expected
