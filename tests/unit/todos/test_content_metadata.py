"""`metadata`: a JSON object of at most 4 KB that every later reader can read too."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.todos import content, fields
from chalicelib.todos.events import canonical_json, dump_json
from tests.unit.scenarios import complaints, content_of

# What stands above a validation differs from what stands above a later reading: HTTP, a stream handler, a loader.
FRAMES_OF_ANOTHER_CALLER = 150


def nested(depth: int, kind: str) -> dict[str, Any]:
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind == "array" else {"a": value}
    return {"a": value}


def from_deeper(frames: int, call: Callable[[], Any]) -> Any:
    """The outcome of a call with so many more frames above it."""
    return call() if frames == 0 else from_deeper(frames - 1, call)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_does_not_have_are_refused(number: float) -> None:
    assert list(complaints(metadata={"a": [number]})) == ["#/metadata"]


def test_its_size_is_that_of_its_shortest_text_in_utf8() -> None:
    value = {"é": ["x" * 10, 1, None]}
    padding = 4096 - len(dump_json(value | {"pad": ""}).encode())
    assert complaints(metadata=value | {"pad": "x" * padding}) == {}
    assert list(complaints(metadata=value | {"pad": "x" * (padding + 1)})) == ["#/metadata"]


@pytest.mark.parametrize("kind", ["array", "object"])
@pytest.mark.parametrize("depth", [1, 10, 20])
def test_some_nesting_is_fine(kind: str, depth: int) -> None:
    value = nested(depth, kind)
    assert content_of(metadata=value)["metadata"] == value


@pytest.mark.parametrize("kind", ["array", "object"])
def test_nesting_has_a_bound(kind: str) -> None:
    deepest = fields.MAX_NESTING - 1  # the object that metadata is makes one more
    assert complaints(metadata=nested(deepest, kind)) == {}
    assert list(complaints(metadata=nested(deepest + 1, kind))) == ["#/metadata"]


@pytest.mark.parametrize("kind", ["array", "object"])
@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_more_than_any_reader_follows_is_refused(kind: str, depth: int) -> None:
    assert list(complaints(metadata=nested(depth, kind))) == ["#/metadata"]


@pytest.mark.parametrize("kind", ["array", "object"])
def test_what_is_accepted_can_be_written_and_read_by_every_later_caller(kind: str) -> None:
    for depth in range(100, 2_000, 20):
        value = nested(depth, kind)
        if complaints(metadata=value):
            continue
        text = from_deeper(FRAMES_OF_ANOTHER_CALLER, lambda: dump_json(value))  # noqa: B023 - called at once
        read = from_deeper(FRAMES_OF_ANOTHER_CALLER, lambda: json.loads(text))  # noqa: B023
        assert from_deeper(FRAMES_OF_ANOTHER_CALLER, lambda: canonical_json(read)) == text  # noqa: B023


@pytest.mark.parametrize("field", ["title", "tags", "due", "list"])
@pytest.mark.parametrize("depth", [100, 600, 900])
def test_nesting_where_none_belongs_is_the_wrong_type(field: str, depth: int) -> None:
    found = complaints(**{field: nested(depth, "array")["a"]})
    assert [pointer.split("/")[1] for pointer in found] == [field]


@pytest.mark.parametrize("depth", [100, 900, 980])
def test_a_deep_patch_is_merged_or_refused(depth: int) -> None:
    try:
        content.validate({"title": "x", "metadata": content.merge_patch({}, nested(depth, "object"))})
    except content.InvalidContent as refusal:
        assert [error.pointer for error in refusal.errors] == ["#/metadata"]  # noqa: PT017 - it may pass too
