"""JSON Merge Patch (RFC 7396): its own examples, and what it does to a todo."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from chalicelib.todos.content import FieldError, InvalidContent, merge_patch
from chalicelib.todos.decide import Decision, Patch, TodoIsDeleted
from chalicelib.todos.events import COMPLETED, CREATED, EDITED, READ_ONLY_FIELDS
from tests.support.paths import DATA
from tests.unit.scenarios import deleted, live, nothing

APPENDIX_A = json.loads((DATA / "rfc7396-appendix-a.json").read_text())


def test_all_of_the_appendix_is_here() -> None:
    assert [vector["n"] for vector in APPENDIX_A] == list(range(1, 16))


@pytest.mark.parametrize("vector", APPENDIX_A, ids=lambda vector: str(vector["n"]))
def test_a_patch_does_what_the_appendix_says_and_leaves_its_arguments_alone(vector: dict[str, Any]) -> None:
    original, patch = deepcopy(vector["original"]), deepcopy(vector["patch"])
    assert merge_patch(original, patch) == vector["result"]
    assert (original, patch) == (vector["original"], vector["patch"])


def test_what_a_patch_does_not_name_stays() -> None:
    assert live(notes="n", order=3).decide(Patch({"title": "New"})) == Decision(EDITED, {"title": "New"})


@pytest.mark.parametrize(("field", "unset"), [("notes", None), ("list", "inbox"), ("tags", None), ("order", None)])
def test_null_unsets(field: str, unset: object) -> None:
    stream = live(notes="n", list="home", tags=["a"], order=3)
    assert stream.decide(Patch({field: None})) == Decision(EDITED, {field: unset})


def test_metadata_is_merged_by_name() -> None:
    stream = live(metadata={"keep": 1, "drop": 2, "deep": {"keep": 1, "drop": 2}})
    patch = {"metadata": {"drop": None, "new": 3, "deep": {"drop": None}}}
    assert stream.decide(Patch(patch)) == Decision(EDITED, {"metadata": {"keep": 1, "new": 3, "deep": {"keep": 1}}})


def test_a_null_in_metadata_survives_a_patch_of_its_neighbour() -> None:
    stream = live(metadata={"nothing": None})
    assert stream.decide(Patch({"metadata": {"a": 1}})) == Decision(EDITED, {"metadata": {"nothing": None, "a": 1}})


def test_an_array_is_replaced_as_a_whole() -> None:
    assert live(tags=["a", "b"]).decide(Patch({"tags": ["c"]})) == Decision(EDITED, {"tags": ["c"]})


@pytest.mark.parametrize("field", sorted(READ_ONLY_FIELDS))
@pytest.mark.parametrize("value", ["anything", 7, None, {"a": 1}])
def test_what_only_the_ledger_sets_is_ignored(field: str, value: object) -> None:
    assert live().decide(Patch({field: value})) is None
    assert live().decide(Patch({field: value, "notes": "n"})) == Decision(EDITED, {"notes": "n"})


@pytest.mark.parametrize("value", ["x", None, {"a": None}])
@pytest.mark.parametrize("field", ["color", "deleted", "Title", "state", ""])
def test_an_unknown_field_is_refused_even_as_null(field: str, value: object) -> None:
    with pytest.raises(InvalidContent) as refusal:
        live().decide(Patch({"notes": "n", field: value}))
    assert [error.pointer for error in refusal.value.errors] == [f"#/{field}"]


def test_all_unknown_fields_are_named() -> None:
    with pytest.raises(InvalidContent) as refusal:
        live().decide(Patch({"a/b": 1, "c~d": None, "e%f": 2}))
    assert [error.pointer for error in refusal.value.errors] == ["#/a~1b", "#/c~0d", "#/e%25f"]


@pytest.mark.parametrize("patch", [None, "x", 1, [], [{"title": "x"}], True])
def test_a_patch_that_is_not_an_object_is_refused(patch: object) -> None:
    with pytest.raises(InvalidContent) as refusal:
        live().decide(Patch(patch))
    assert [error.pointer for error in refusal.value.errors] == ["#"]


def test_a_todo_keeps_its_title() -> None:
    with pytest.raises(InvalidContent) as refusal:
        live().decide(Patch({"title": None}))
    assert [(error.pointer, error.detail) for error in refusal.value.errors] == [("#/title", "required")]


def test_the_outcome_of_a_patch_obeys_the_bounds() -> None:
    stream = live(metadata={"a": "x" * 4000})
    with pytest.raises(InvalidContent) as refusal:
        stream.decide(Patch({"metadata": {"b": "x" * 200}}))
    assert [error.pointer for error in refusal.value.errors] == ["#/metadata"]


def test_a_patch_of_a_deleted_todo_is_not_even_looked_at() -> None:
    with pytest.raises(TodoIsDeleted):
        deleted().decide(Patch({"color": 1}))


def test_names_are_patched_in_composed_form() -> None:
    assert live(list="caf\u00e9").decide(Patch({"list": "cafe\u0301"})) is None


def test_a_stored_rule_that_would_be_refused_now_does_not_keep_the_rest_from_changing() -> None:
    """Or else a check that becomes stricter leaves todos that can be neither edited nor completed."""
    stream = nothing()
    stream.write(CREATED, {"title": "Water", "repeat": "every Monday"})
    assert stream.decide(Patch({"completed": True})) == Decision(COMPLETED, {"completed": True})
    assert stream.decide(Patch({"due": "2026-12-01"})) == Decision(EDITED, {"due": "2026-12-01"})
    assert stream.decide(Patch({"repeat": None})) == Decision(EDITED, {"repeat": None})
    with pytest.raises(InvalidContent, match="#/repeat"):
        stream.decide(Patch({"completed": True, "repeat": "every Monday"}))
    with pytest.raises(InvalidContent, match="#/due"):
        stream.decide(Patch({"due": "soon"}))


@pytest.mark.parametrize(
    ("patch", "error"),
    [
        (["title"], FieldError("#", "expected an object")),
        ({"colour": None}, FieldError("#/colour", "unknown field")),
    ],
)
def test_what_is_no_patch_of_a_todo_is_refused_with_the_reason(patch: object, error: FieldError) -> None:
    with pytest.raises(InvalidContent) as refused:
        live().decide(Patch(patch))
    assert refused.value.errors == [error]
