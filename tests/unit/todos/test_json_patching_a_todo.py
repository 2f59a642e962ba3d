"""A JSON Patch of a todo: which are refused as such, what they make of the todo, and when they do not apply."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.todos import json_patch
from chalicelib.todos.content import InvalidContent
from chalicelib.todos.decide import Command, Decision, JsonPatch, PatchDoesNotApply, TodoIsDeleted
from chalicelib.todos.events import COMPLETED, CREATED, EDITED, REOPENED
from tests.unit.scenarios import Stream, deleted, live

NAMES = {"id": "0197e1f0-0000-7000-8000-000000000001", "url": "https://api.example/todos/0197e1f0"}


def patch(*operations: dict[str, Any]) -> Command:
    return JsonPatch(json_patch.parse(list(operations)), NAMES)


def add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def remove(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def must_be(path: str, value: Any) -> dict[str, Any]:
    return {"op": "test", "path": path, "value": value}


@pytest.mark.parametrize(
    ("stated", "pointers"),
    [
        ({}, ["#"]),
        (None, ["#"]),
        (["x"], ["#/0"]),
        ([remove("/due"), {"op": "move", "from": "/due", "path": "/remind_at"}], ["#/1/op"]),
        ([{"op": "copy", "from": "/due", "path": "/remind_at"}], ["#/0/op"]),
        ([{"op": "spam", "path": "/due", "value": 1}], ["#/0/op"]),
        ([{"op": ["add"], "path": {}, "value": 1}], ["#/0/op", "#/0/path"]),
        ([{"path": "/due", "value": 1}], ["#/0/op"]),
        ([{"op": "add", "path": "/due"}], ["#/0/value"]),
        ([{"op": "test", "path": "/due"}], ["#/0/value"]),
        ([{"op": "remove"}], ["#/0/path"]),
        ([remove("due")], ["#/0/path"]),
        ([remove("#/due")], ["#/0/path"]),
        ([remove("/due~")], ["#/0/path"]),
        ([remove("/due~2")], ["#/0/path"]),
        ([remove("")], ["#/0/path"]),
        ([remove("/")], ["#/0/path"]),
        ([add("/colour", "red")], ["#/0/path"]),
        ([must_be("/deleted", False)], ["#/0/path"]),
        ([add("/title/0", "x")], ["#/0/path"]),
        ([add("/tags/0/0", "x")], ["#/0/path"]),
        ([add("/tags/01", "x")], ["#/0/path"]),
        ([remove("/tags/-")], ["#/0/path"]),
        ([must_be("/tags/1e0", "x")], ["#/0/path"]),
        ([add("/a", 1), add("/b", 1)], ["#/0/path", "#/1/path"]),
        ([remove("/due")] * 101, ["#"]),
    ],
)
def test_what_no_todo_could_take_is_refused_before_it_is_read(stated: object, pointers: list[str]) -> None:
    with pytest.raises(InvalidContent) as refused:
        json_patch.parse(stated)
    assert [error.pointer for error in refused.value.errors] == pointers


def test_move_and_copy_are_refused_with_what_to_send_instead() -> None:
    with pytest.raises(InvalidContent, match="remove and add instead"):
        json_patch.parse([{"op": "move", "from": "/due", "path": "/remind_at"}])


def test_members_that_an_operation_does_not_need_are_ignored() -> None:
    """RFC 6902, section 4."""
    assert live().decide(patch({**add("/notes", "n"), "from": "/due", "why": 1})) == Decision(EDITED, {"notes": "n"})


def test_one_tag_without_the_others() -> None:
    stream = live(tags=["home", "weekly"])
    assert stream.decide(patch(add("/tags/-", "urgent"))) == Decision(EDITED, {"tags": ["home", "weekly", "urgent"]})
    assert stream.decide(patch(add("/tags/0", "urgent"))) == Decision(EDITED, {"tags": ["urgent", "home", "weekly"]})
    assert stream.decide(patch(must_be("/tags/1", "weekly"), remove("/tags/1"))) == Decision(EDITED, {"tags": ["home"]})
    assert stream.decide(patch(replace("/tags/0", "work"))) == Decision(EDITED, {"tags": ["work", "weekly"]})
    assert stream.decide(patch(add("/tags/-", "home"))) is None, "each tag is kept once"


@pytest.mark.parametrize("path", ["/tags/-", "/tags/0"])
def test_the_first_tag_is_added_like_any_other(path: str) -> None:
    assert live().decide(patch(add(path, "urgent"))) == Decision(EDITED, {"tags": ["urgent"]})
    assert live().decide(patch(must_be("/tags", None), add(path, "a"))) == Decision(EDITED, {"tags": ["a"]})


def test_the_last_tag_leaves_none() -> None:
    assert live(tags=["home"]).decide(patch(remove("/tags/0"))) == Decision(EDITED, {"tags": []})


def test_one_entry_of_metadata_without_the_others() -> None:
    stream = live(metadata={"a": {"b": [1, 2]}, "c/d~e": 1, "n": None})
    change = patch(remove("/metadata/a/b/0"), replace("/metadata/c~1d~0e", 2), must_be("/metadata/n", None))
    assert stream.decide(change) == Decision(EDITED, {"metadata": {"a": {"b": [2]}, "c/d~e": 2, "n": None}})
    assert live().decide(patch(add("/metadata/k", 1))) == Decision(EDITED, {"metadata": {"k": 1}})


@pytest.mark.parametrize(("field", "unset"), [("notes", None), ("list", "inbox"), ("priority", "none"), ("tags", None)])
def test_what_is_removed_is_unset(field: str, unset: object) -> None:
    stream = live(notes="n", list="home", tags=["a"], priority="high")
    assert stream.decide(patch(remove(f"/{field}"))) == Decision(EDITED, {field: unset})
    assert stream.decide(patch(replace(f"/{field}", None))) == Decision(EDITED, {field: unset})


def test_every_field_is_there_and_null_where_unset() -> None:
    assert live().decide(patch(must_be("/due", None), replace("/due", "2026-12-01"))) == Decision(
        EDITED, {"due": "2026-12-01"}
    )
    assert live().decide(patch(remove("/due"))) is None


def test_completing_is_an_event_of_its_own() -> None:
    assert live().decide(patch(replace("/completed", True))) == Decision(COMPLETED, {"completed": True})
    assert live(completed=True).decide(patch(remove("/completed"))) == Decision(REOPENED, {"completed": False})


def test_what_only_the_ledger_sets_can_be_tested_and_is_else_ignored() -> None:
    stream = live()
    tests = [must_be("/version", 1), must_be("/id", NAMES["id"]), must_be("/url", NAMES["url"])]
    tests.append(must_be("/created_at", stream.events[0].state["created_at"]))
    assert stream.decide(patch(*tests, add("/notes", "n"))) == Decision(EDITED, {"notes": "n"})
    for ignored in (replace("/version", 7), remove("/id"), add("/completed_at", "2026-12-01")):
        assert stream.decide(patch(ignored, add("/notes", "n"))) == Decision(EDITED, {"notes": "n"})


def test_the_whole_todo_can_be_replaced_as_by_put() -> None:
    stream = live(notes="n", tags=["a"])
    assert stream.decide(patch(replace("", {"title": "New", "version": 9}))) == Decision(
        EDITED, {"title": "New", "notes": None, "tags": None}
    )


@pytest.mark.parametrize(
    ("operations", "position"),
    [
        ([must_be("/title", "Another")], 0),
        ([add("/notes", "n"), must_be("/version", 2)], 1),
        ([add("/notes", "n"), remove("/tags/2")], 1),
        ([remove("/due"), remove("/due")], 1),
        ([replace("/metadata/k", 1)], 0),
        ([replace("/tags", None), remove("/tags/0")], 1),
    ],
)
def test_what_does_not_fit_the_todo_as_it_is_does_nothing(operations: list[dict[str, Any]], position: int) -> None:
    stream = live(tags=["a", "b"])
    with pytest.raises(PatchDoesNotApply) as refused:
        stream.decide(patch(*operations))
    assert (refused.value.position, refused.value.todo, refused.value.version) == (position, stream.todo, 1)


@pytest.mark.parametrize(
    ("operations", "pointers"),
    [
        ([remove("/title")], ["#/0"]),
        ([add("/notes", "n"), add("/due", "soon")], ["#/1"]),
        ([add("/due", "soon"), add("/due", 1)], ["#/1"]),
        ([add("/tags/-", "x" * 65), add("/tags/-", "a")], ["#/1"]),
        ([replace("", [])], ["#/0"]),
        ([replace("", {"title": "x", "colour": "red"})], ["#/0"]),
        ([add("/metadata/k", "x" * 5000)], ["#/0"]),
    ],
)
def test_a_todo_that_breaks_a_bound_is_refused_at_the_operation(
    operations: list[dict[str, Any]], pointers: list[str]
) -> None:
    with pytest.raises(InvalidContent) as refused:
        live(tags=["a"]).decide(patch(*operations))
    assert [error.pointer for error in refused.value.errors] == pointers
    assert all(error.detail.startswith("#") for error in refused.value.errors), "and which field it is about"


def test_metadata_cannot_be_nested_deeper_by_operations_than_at_once() -> None:
    deep: Any = 1
    for _ in range(90):
        deep = {"a": deep}
    with pytest.raises(InvalidContent):
        live().decide(patch(add("/metadata", deep), replace(f"/metadata{'/a' * 90}", deep)))


def test_texts_are_compared_in_their_composed_form() -> None:
    stream = live(title="é", tags=["é"], metadata={"k": "e\u0301"})
    decomposed = [must_be("/title", "e\u0301"), must_be("/tags", ["e\u0301"]), must_be("/metadata/k", "e\u0301")]
    assert stream.decide(patch(*decomposed)) is None


def test_a_rule_that_was_accepted_before_stays_where_the_patch_does_not_name_it() -> None:
    old = Stream()
    old.write(CREATED, {"title": "x", "repeat": "FREQ=WEEKLY;BYDAY=1MO"})

    assert old.decide(patch(add("/notes", "n"))) == Decision(EDITED, {"notes": "n"})
    assert old.decide(patch(must_be("/repeat", "FREQ=WEEKLY;BYDAY=1MO"))) is None
    with pytest.raises(InvalidContent):
        old.decide(patch(add("/repeat", "FREQ=WEEKLY;BYDAY=2MO")))


def test_a_todo_that_is_replaced_keeps_no_rule_that_was_accepted_before() -> None:
    old = Stream()
    old.write(CREATED, {"title": "x", "repeat": "FREQ=WEEKLY;BYDAY=1MO"})

    with pytest.raises(InvalidContent) as refused:
        old.decide(patch(replace("", {"title": "x", "repeat": "FREQ=WEEKLY;BYDAY=1MO"})))
    assert [error.pointer for error in refused.value.errors] == ["#/0"]


def test_a_patch_that_does_not_apply_says_which_operation_and_why() -> None:
    with pytest.raises(PatchDoesNotApply) as refused:
        live().decide(patch(add("/notes", "n"), must_be("/title", "Another")))
    assert refused.value.detail
    assert str(refused.value) == f"operation 1: {refused.value.detail}"


def test_a_deleted_todo_takes_no_patch() -> None:
    with pytest.raises(TodoIsDeleted):
        deleted().decide(patch(must_be("/title", "Another")))
