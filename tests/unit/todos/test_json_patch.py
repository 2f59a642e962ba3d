"""JSON Patch (RFC 6902) without move and copy: what its appendix A says, and what the library `jsonpatch` does."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from typing import Any

import jsonpatch
import pytest

from chalicelib.todos import json_patch
from chalicelib.todos.content import FieldError, InvalidContent
from chalicelib.todos.json_patch import DoesNotApply, Operation

ERROR = object()


def operation(op: str, path: str, value: Any = None) -> Operation:
    tokens = tuple(token.replace("~1", "/").replace("~0", "~") for token in path.split("/")[1:])
    return Operation(op, tokens, value)


def applied(document: Any, *operations: Operation) -> Any:
    """The document after the operations, ERROR if they do not apply; as it was before in any case."""
    before = deepcopy(document)
    try:
        found = json_patch.apply(document, operations, {})
    except DoesNotApply:
        found = ERROR
    assert document == before
    return found


# RFC 6902, appendix A, by the numbers of its sections; those of move and copy are left out.
APPENDIX_A: dict[str, tuple[Any, list[Operation], Any]] = {
    "A.1": ({"foo": "bar"}, [operation("add", "/baz", "qux")], {"baz": "qux", "foo": "bar"}),
    "A.2": ({"foo": ["bar", "baz"]}, [operation("add", "/foo/1", "qux")], {"foo": ["bar", "qux", "baz"]}),
    "A.3": ({"baz": "qux", "foo": "bar"}, [operation("remove", "/baz")], {"foo": "bar"}),
    "A.4": ({"foo": ["bar", "qux", "baz"]}, [operation("remove", "/foo/1")], {"foo": ["bar", "baz"]}),
    "A.5": ({"baz": "qux", "foo": "bar"}, [operation("replace", "/baz", "boo")], {"baz": "boo", "foo": "bar"}),
    "A.8": (
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [operation("test", "/baz", "qux"), operation("test", "/foo/1", 2)],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    "A.9": ({"baz": "qux"}, [operation("test", "/baz", "bar")], ERROR),
    "A.10": ({"foo": "bar"}, [operation("add", "/child", {"grand": {}})], {"foo": "bar", "child": {"grand": {}}}),
    "A.12": ({"foo": "bar"}, [operation("add", "/baz/bat", "qux")], ERROR),
    "A.14": ({"/": 9, "~1": 10}, [operation("test", "/~01", 10)], {"/": 9, "~1": 10}),
    "A.15": ({"/": 9, "~1": 10}, [operation("test", "/~01", "10")], ERROR),
    "A.16": ({"foo": ["bar"]}, [operation("add", "/foo/-", ["abc", "def"])], {"foo": ["bar", ["abc", "def"]]}),
}


@pytest.mark.parametrize("section", APPENDIX_A)
def test_a_patch_does_what_the_appendix_says(section: str) -> None:
    document, operations, expected = APPENDIX_A[section]

    assert applied(document, *operations) == expected


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([1, 2], "/2"), ([1, 2], "/-1"), ([1, 2], "/01"), ([1, 2], "/1e0"), ([1, 2], "/+1"), ([1, 2], "/ 1"),
        ([1, 2], "/\u0661"), ([1, 2], "/-"), ([1, 2], "/" + "9" * 400), ([1, 2], "/"), ({"a": "text"}, "/a/0"),
        ({"a": None}, "/a/b"), ({}, "/a"), ({"a": {}}, "/a/b/c"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("op", ["test", "remove", "replace"])
def test_what_is_not_there_is_no_place(document: Any, path: str, op: str) -> None:
    assert applied(document, operation(op, path, 1)) is ERROR


def test_an_element_is_added_up_to_behind_the_last() -> None:
    assert applied([1, 2], operation("add", "/2", 3)) == [1, 2, 3]
    assert applied([1, 2], operation("add", "/3", 3)) is ERROR


@pytest.mark.parametrize(
    ("value", "other", "same"),
    [
        (1, 1.0, True), (0, -0.0, True), (1, True, False), (0, False, False), (None, False, False), ("1", 1, False),
        ("é", "e\u0301", False), ({"a": 1, "b": [1]}, {"b": [1.0], "a": 1}, True), ({"a": 1}, {"a": True}, False),
        ([1, 2], [2, 1], False), ([], {}, False), ({}, None, False), ({"a": 1}, {"a": 1, "b": None}, False),
    ],
)  # fmt: skip
def test_a_test_compares_as_json_does(value: Any, other: Any, same: bool) -> None:
    """RFC 6902, section 4.6; in Python, 1 == True."""
    assert (applied({"a": value}, operation("test", "/a", other)) is not ERROR) == same
    assert (applied({"a": other}, operation("test", "/a", value)) is not ERROR) == same


def test_the_whole_document_is_a_place() -> None:
    assert applied({"a": 1}, operation("test", "", {"a": 1}), operation("replace", "", [1])) == [1]
    assert applied({"a": 1}, operation("remove", "")) is None


def test_what_one_operation_adds_another_changes_and_the_patch_stays() -> None:
    """A patch is tried again on a newer state if another writer was faster."""
    value: dict[str, Any] = {"list": []}
    patch = [operation("add", "/a", value), operation("add", "/a/list/-", 1)]

    assert applied({}, *patch) == applied({}, *patch) == {"a": {"list": [1]}}
    assert value == {"list": []}


def test_what_is_null_where_unset_begins_with_what_is_added() -> None:
    tag, entry = operation("add", "/tags/-", "a"), operation("add", "/metadata/k", 1)

    assert json_patch.apply({"tags": None, "metadata": None}, [tag, entry]) == {"tags": ["a"], "metadata": {"k": 1}}
    assert json_patch.apply({"tags": ["b"]}, [tag]) == {"tags": ["b", "a"]}
    for patch in ([operation("add", "/notes/-", "a")], [operation("remove", "/tags/0")]):
        with pytest.raises(DoesNotApply):
            json_patch.apply({"tags": None, "notes": None}, patch)


def some_json(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.randrange(4 if depth > 2 else 6)
    if kind == 4:
        return [some_json(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 5:
        return {chance.choice(["a", "b", "0", "", "~", "/"]): some_json(chance, depth + 1) for _ in range(3)}
    # No booleans beside numbers: to the library, as to Python, 1 == True.
    return chance.choice([None, "", "a", "b", 2, 3, 2.5])


def some_path(chance: random.Random) -> str:
    tokens = ["a", "b", "0", "1", "2", "-", "", "~0", "~1", "00"]
    return f"/{chance.choice('ab0')}" + "".join("/" + chance.choice(tokens) for _ in range(chance.randrange(3)))


def test_it_does_what_another_implementation_does() -> None:
    """5,000 random patches of random documents, of which many apply and many do not."""
    chance = random.Random(6902)
    outcomes = {True: 0, False: 0}
    for _ in range(5_000):
        document: Any = {"a": some_json(chance), "b": some_json(chance), "0": some_json(chance)}
        patch = [
            {"op": chance.choice(json_patch.OPERATIONS), "path": some_path(chance), "value": some_json(chance)}
            for _ in range(chance.randrange(1, 4))
        ]
        try:
            expected: Any = jsonpatch.apply_patch(document, deepcopy(patch))
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError):
            expected = ERROR
        found = applied(document, *(operation(**each) for each in patch))
        assert found is expected or json.dumps(found) == json.dumps(expected), (document, patch)
        outcomes[found is ERROR] += 1
    assert min(outcomes.values()) > 500


def test_a_text_that_is_long_costs_what_it_is_long() -> None:
    """Counted in the calls of the interpreter, so that the machine's speed does not matter."""
    import sys

    def calls(count: int) -> int:
        counted = 0

        def note(frame: object, event: str, _: object) -> None:
            nonlocal counted
            counted += event == "call"

        patch = [
            {"op": "add", "path": f"/metadata/{'a' * count}/{number}", "value": [0] * count} for number in range(9)
        ]
        sys.setprofile(note)
        try:
            operations = json_patch.parse([{"op": "add", "path": "/metadata", "value": {"a" * count: {}}}, *patch])
            json_patch.apply({"metadata": None}, operations)
        finally:
            sys.setprofile(None)
        return counted

    assert calls(2_000) <= 2.5 * calls(1_000)


@pytest.mark.parametrize(
    ("patch", "pointer", "detail"),
    [
        ({}, "#", "expected an array of operations (RFC 6902)"),
        ([{}] * 101, "#", "101 operations where 100 are allowed"),
        (["x"], "#/0", "expected an object"),
        ([{"op": "move", "path": "/title"}], "#/0/op", "move is not supported here; remove and add instead"),
        ([{"op": "set", "path": "/title", "value": 1}], "#/0/op", "expected one of test, add, remove, replace"),
        (
            [{"op": "remove", "path": "title"}],
            "#/0/path",
            'expected a JSON pointer, such as "/tags/-" (RFC 6901)',
        ),
        ([{"op": "add", "path": "/title"}], "#/0/value", "required"),
        ([{"op": "remove", "path": ""}], "#/0/path", "a todo is removed with DELETE"),
        ([{"op": "remove", "path": "/color"}], "#/0/path", "unknown field"),
        ([{"op": "remove", "path": "/title/0"}], "#/0/path", "there is nothing below /title"),
        ([{"op": "remove", "path": "/tags/0/0"}], "#/0/path", "there is nothing below /tags/{index}"),
        (
            [{"op": "remove", "path": "/tags/-"}],
            "#/0/path",
            "expected an index of the tags, without leading zeros; or - to add one behind them",
        ),
        (
            [{"op": "add", "path": "/title", "value": "e" + "\u0301" * 31}],
            "#/0/value",
            "more than 30 combining marks follow one another",
        ),
    ],
)
def test_an_error_of_a_patch_says_what_is_wrong_and_where(patch: Any, pointer: str, detail: str) -> None:
    with pytest.raises(InvalidContent) as refusal:
        json_patch.parse(patch)
    assert refusal.value.errors == [FieldError(pointer, detail)]


def test_every_operation_that_is_wrong_is_named() -> None:
    with pytest.raises(InvalidContent) as refusal:
        json_patch.parse([{"op": "add"}, {"op": "remove", "path": "/title"}, "x"])
    assert [error.pointer for error in refusal.value.errors] == ["#/0/path", "#/0/value", "#/2"]


@pytest.mark.parametrize(
    ("operations", "position", "detail"),
    [
        ([operation("remove", "/a")], 0, "the todo has no such place"),
        (
            [operation("test", "/b", 1), operation("test", "/b", 2)],
            1,
            "the test failed: the todo has another value there",
        ),
        ([operation("add", "/b/c", 2)], 0, "the todo has no such place to add to"),
    ],
)
def test_what_does_not_apply_is_told_with_its_operation(
    operations: list[Operation], position: int, detail: str
) -> None:
    with pytest.raises(DoesNotApply, match=f"^operation {position}: {detail}$") as raised:
        json_patch.apply({"b": 1}, operations)
    assert (raised.value.position, raised.value.detail) == (position, detail)
