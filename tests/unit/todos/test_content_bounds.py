"""The bounds of a todo's fields: at the bound a value is accepted, beyond it refused with a pointer to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.scenarios import complaints, content_of

LARGEST = 9_007_199_254_740_991  # beyond it a double no longer holds every integer

EURO = "€"  # three bytes of UTF-8
EMOJI = "😀"  # four bytes, one code point

AT_THE_BOUND: list[tuple[str, Any]] = [
    ("title", "x"),
    ("title", "x" * 500),
    ("title", EMOJI * 500),
    ("notes", ""),
    ("notes", "x" * 16_384),
    ("notes", EURO * 5_461 + "x"),
    ("list", "x"),
    ("list", "x" * 100),
    ("list", EURO * 100),
    ("list", EMOJI * 75),
    ("tags", []),
    ("tags", [f"{number}" for number in range(32)]),
    ("tags", ["x" * 64]),
    ("tags", [EMOJI * 64]),
    ("priority", "none"),
    ("priority", "low"),
    ("priority", "medium"),
    ("priority", "high"),
    ("order", LARGEST),
    ("order", -LARGEST),
    ("order", 0.5),
    ("repeat", "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10"),
    ("repeat", "FREQ=YEARLY;UNTIL=20301231T235959Z"),
    ("parent", "0197e1f0-0000-7000-8000-000000000002"),
    ("source", "x" * 500),
    ("metadata", {}),
    ("metadata", {"a": "x" * 4_088}),
    ("metadata", {"a": EURO * 1_362 + "xx"}),
]

BEYOND: list[tuple[str, Any, str]] = [
    ("title", "", "#/title"),
    ("title", "x" * 501, "#/title"),
    ("title", EMOJI * 501, "#/title"),
    ("title", None, "#/title"),
    ("title", 1, "#/title"),
    ("notes", "x" * 16_385, "#/notes"),
    ("notes", EURO * 5_462, "#/notes"),
    ("notes", ["x"], "#/notes"),
    ("completed", 1, "#/completed"),
    ("completed", "true", "#/completed"),
    ("list", "", "#/list"),
    ("list", "x" * 101, "#/list"),
    ("list", EMOJI * 75 + "x", "#/list"),
    ("list", ".", "#/list"),
    ("list", "..", "#/list"),
    ("list", 1, "#/list"),
    ("tags", [f"{number}" for number in range(33)], "#/tags"),
    ("tags", ["x" * 64, "x" * 65], "#/tags/1"),
    ("tags", ["a", "b", ""], "#/tags/2"),
    ("tags", ["a", 1], "#/tags/1"),
    ("tags", "a", "#/tags"),
    ("priority", "urgent", "#/priority"),
    ("priority", "High", "#/priority"),
    ("priority", "", "#/priority"),
    ("order", LARGEST + 1, "#/order"),
    ("order", -LARGEST - 1, "#/order"),
    ("order", 10**400, "#/order"),
    ("order", 1e308, "#/order"),
    ("order", float("nan"), "#/order"),
    ("order", float("inf"), "#/order"),
    ("order", True, "#/order"),
    ("order", "1", "#/order"),
    ("parent", "0197E1F0-0000-7000-8000-000000000002", "#/parent"),
    ("parent", "0197e1f0000070008000000000000002", "#/parent"),
    ("parent", "{0197e1f0-0000-7000-8000-000000000002}", "#/parent"),
    ("parent", "me", "#/parent"),
    ("parent", "", "#/parent"),
    ("source", "", "#/source"),
    ("source", "x" * 501, "#/source"),
    ("metadata", {"a": "x" * 4_089}, "#/metadata"),
    ("metadata", {"a": EURO * 1_363}, "#/metadata"),
    ("metadata", [], "#/metadata"),
    ("metadata", "x", "#/metadata"),
]


def shortened(value: object) -> str:
    return ascii(value)[:24]


@pytest.mark.parametrize(("field", "value"), AT_THE_BOUND, ids=shortened)
def test_at_the_bound_a_value_is_kept(field: str, value: Any) -> None:
    assert content_of(**{field: value})[field] == value


@pytest.mark.parametrize(("field", "value", "pointer"), BEYOND, ids=shortened)
def test_beyond_the_bound_a_value_is_refused_with_its_place(field: str, value: Any, pointer: str) -> None:
    assert list(complaints(**{field: value})) == [pointer]


@pytest.mark.parametrize("name", ["...", ".a", "a.", "/", "a/b", "%2e", "+", "#", "?", "a b", "list#x", "~", "\u00a0"])
def test_a_list_may_have_nearly_any_name(name: str) -> None:
    assert content_of(list=name)["list"] == name


def test_unset_fields_are_all_there() -> None:
    assert content_of() == {
        "title": "Buy milk", "notes": None, "completed": False, "list": "inbox", "tags": None, "priority": "none",
        "due": None, "remind_at": None, "order": None, "repeat": None, "repeat_from": None, "time_zone": None,
        "parent": None, "source": None, "metadata": None,
    }  # fmt: skip


@pytest.mark.parametrize("field", sorted(set(content_of()) - {"title"}))
def test_null_means_unset(field: str) -> None:
    assert content_of(**{field: None}) == content_of()


def test_a_tag_given_twice_is_one_and_the_order_is_kept() -> None:
    assert content_of(tags=["b", "a", "b"])["tags"] == ["b", "a"]
