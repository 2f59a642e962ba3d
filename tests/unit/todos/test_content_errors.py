"""What a refusal says: everything that is wrong, each with a pointer to its place (RFC 6901)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.todos.content import (
    MAX_ERRORS,
    FieldError,
    InvalidContent,
    is_acceptable,
    list_name_error,
    pointer,
    struct_errors,
    validate,
)
from chalicelib.todos.fields import MAX_NESTING, Content
from tests.unit.scenarios import complaints, content_of


@pytest.mark.parametrize("value", [None, "x", 1, [], ["title"], True])
def test_a_todo_is_an_object(value: object) -> None:
    with pytest.raises(InvalidContent) as refusal:
        validate(value)
    assert refusal.value.errors == [FieldError("#", "expected an object")]


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


def nested(levels: int) -> Any:
    return {"a": nested(levels - 1)} if levels else 1


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("title", "a\0b", "holds a NUL character"),
        ("title", "\ud800", "holds a lone surrogate, which is no character"),
        ("title", "e" + "\u0301" * 31, "more than 30 combining marks follow one another"),
        ("source", "é" * 2_001, "2001 characters, which are more than the 500 that are allowed"),
        ("notes", "é" * 8_193, "16386 bytes of UTF-8 where 16384 are allowed"),
        ("list", "a\x1bb", "holds a control character"),
        ("list", "..", "a list cannot be named . or .. (URLs take them for steps)"),
        ("list", "😀" * 76, "304 bytes of UTF-8 where 300 are allowed"),
        ("order", 2**60, f"out of range: at most {2**53 - 1} either way"),
        ("parent", "0197E1F0-0000-7000-8000-000000000001", "expected a todo's id: a UUID in lower case"),
        ("repeat", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "has no next date within reach, counted from a completion"),
        ("metadata", {"a": float("nan")}, "holds a number or a nesting that JSON cannot carry"),
        ("metadata", {"a": ["\0"]}, "holds a NUL character"),
        ("metadata", {"a": "x" * 4_096}, "4104 bytes of UTF-8 where 4096 are allowed"),
        ("metadata", {"a": nested(MAX_NESTING)}, "nested deeper than 100 levels"),
        ("completed", "yes", "Expected `bool | null`, got `str`"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_an_error_says_what_is_wrong(name: str, value: Any, detail: str) -> None:
    assert complaints({name: value}) == {f"#/{name}": detail}


def test_a_rule_without_a_next_date_is_counted_from_the_due_date() -> None:
    found = complaints(repeat="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", due="2026-12-01")
    assert found == {"#/repeat": "has no next date within reach, counted from 2026-12-01"}


def test_a_rule_has_to_go_on_from_the_due_date_itself() -> None:
    found = complaints(repeat="FREQ=DAILY", due="9999-12-31")
    assert found == {"#/repeat": "has no next date within reach, counted from 9999-12-31"}


@pytest.mark.parametrize("other", [{"completed": "yes"}, {"source": "e" + "\u0301" * 31}])
def test_what_a_rule_says_is_the_same_beside_an_error_of_another_kind(other: dict[str, Any]) -> None:
    found = complaints(other, notes="\0", tags=["a", "\n"])
    assert found["#/notes"] == "holds a NUL character"
    assert found["#/tags/1"] == "holds a control character"


def test_what_is_missing_or_unknown_in_an_inner_object_has_its_place() -> None:
    errors = struct_errors({"color": "red"}, Content, "items", 3)
    assert errors == [FieldError("#/items/3/title", "required"), FieldError("#/items/3/color", "unknown field")]


def test_errors_name_the_field_once_each_and_all_are_in_the_message() -> None:
    with pytest.raises(InvalidContent, match=r"^#/title: required; #/color: unknown field$"):
        validate({"color": "red"})


def test_no_more_errors_are_looked_for_than_show_what_is_wrong() -> None:
    with pytest.raises(InvalidContent) as refusal:
        validate({f"field {number}": number for number in range(1000)})
    assert len(refusal.value.errors) == MAX_ERRORS


def test_another_value_of_a_field_that_has_few_is_answered_with_these() -> None:
    errors = struct_errors({"title": "x", "priority": "urgent"}, Content, "a", 1, choices={"priority": ["low", "high"]})
    assert errors == [FieldError("#/a/1/priority", "expected one of low, high")]


def test_a_value_of_another_type_is_not_answered_with_the_few_that_a_field_has() -> None:
    errors = struct_errors({"title": "x", "priority": 1}, Content, choices={"priority": ["low", "high"]})
    assert [error.pointer for error in errors] == ["#/priority"]
    assert "expected one of" not in errors[0].detail


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("title", "x", True),
        ("title", "", False),
        ("notes", None, True),
        ("notes", "a\0", False),
        ("notes", "e" + "\u0301" * 31, False),
        ("tags", ["a", "\n"], False),
        ("color", "red", False),
    ],
)
def test_one_field_alone_is_looked_at_like_all(name: str, value: Any, expected: bool) -> None:
    assert is_acceptable(name, value) is expected


@pytest.mark.parametrize(("name", "is_fine"), [("a", True), ("x" * 100, True), ("", False), ("x" * 101, False)])
def test_a_name_in_a_path_has_the_bounds_of_one_in_a_body(name: str, is_fine: bool) -> None:
    assert list_name_error(name) == (None if is_fine else "a list's name has 1 to 100 characters")


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
