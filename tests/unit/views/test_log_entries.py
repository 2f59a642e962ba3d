"""An entry of the log: which events its revision brought, as `counts` says beside `changes`, and what it costs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from chalicelib.todos import instants
from chalicelib.todos.ids import Partition
from chalicelib.views import codec, schema
from chalicelib.views.projection import Head
from tests.unit.views.views_model import Views

OWNER = Partition("0197e1f0-0000-7000-8000-00000000aaaa")
NOW = 1_796_000_000_000
DAY = 24 * 3600 * 1000


def head(todo_id: str, version: int, days_ago: float = 0, **state: object) -> Head:
    changed = instants.format_milliseconds(NOW - round(days_ago * DAY))
    return Head(todo_id, version, json.dumps({"updated_at": changed, **state}))


def entry(views: Views, heads: Iterable[Head]) -> dict[str, Any]:
    """The log's entry of the transaction that projects these."""
    update = views.project(heads)
    assert update is not None
    (found,) = _entries(codec.writes("views", OWNER, update, NOW))
    return found


def _entries(writes: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for write in writes:
        if "Put" in write and write["Put"]["Item"]["sk"]["S"].startswith(schema.LOG_PREFIX):
            yield write["Put"]["Item"]


def brought(item: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """By todo, the version and the count."""
    changes = json.loads(item["changes"]["S"])
    counts = codec.load_counts(item["counts"]["S"], len(changes))
    return {todo_id: (version, count) for (todo_id, version), count in zip(changes, counts, strict=True)}


def test_a_row_that_moves_brings_the_versions_between() -> None:
    views = Views()
    views.project([head("a", 1), head("b", 2)])
    assert brought(entry(views, [head("a", 2), head("b", 5), head("b", 4)])) == {"a": (2, 1), "b": (5, 3)}


def test_a_todo_without_a_row_brings_all_of_its_events() -> None:
    assert brought(entry(Views(), [head("a", 1), head("b", 7, days_ago=89.9)])) == {"a": (1, 1), "b": (7, 7)}


def test_a_todo_without_a_row_that_is_older_than_the_log_brings_none() -> None:
    heads = [head("a", 3, days_ago=90.1), head("b", 2, days_ago=101, deleted=True)]
    assert brought(entry(Views(), heads)) == {"a": (3, 0), "b": (2, 0)}


def test_of_a_row_the_age_does_not_matter() -> None:
    views = Views()
    views.project([head("a", 1, days_ago=200)])
    assert brought(entry(views, [head("a", 2, days_ago=100)])) == {"a": (2, 1)}


@pytest.mark.parametrize(
    ("counts", "stored"),
    [
        ([1], "[1]"),
        ([1, 1, 1], "[1]"),
        ([2, 1, 1], "[2,1]"),
        ([1, 2], "[1,2]"),
        ([0, 0], "[0]"),
        ([1, 1, 2], "[1,1,2]"),
    ],
)
def test_equal_counts_at_the_end_are_stored_once(counts: list[int], stored: str) -> None:
    views = Views()
    rows = [(f"t{number}", 3) for number, count in enumerate(counts) if count]
    views.project([head(todo_id, version) for todo_id, version in rows])
    heads = [
        head(f"t{number}", 3 + count) if count else head(f"t{number}", 1, days_ago=91)
        for number, count in enumerate(counts)
    ]
    item = entry(views, heads)
    assert item["counts"]["S"] == stored
    assert [count for _, count in brought(item).values()] == counts


@pytest.mark.parametrize(
    ("todos", "units"),
    # A transaction has at most 97 todos of one list beside the tallies and the entry; each unit is of 1 KB.
    [(1, 1), (10, 1), (90, 4), (97, 5)],
)
def test_the_counts_add_no_write_unit_to_the_entries_of_edits_and_loads(todos: int, units: int) -> None:
    heads = [head(str(uuid.UUID(int=number)), 1) for number in range(todos)]
    with_counts = entry(Views(), heads)
    without = {name: value for name, value in with_counts.items() if name != "counts"}
    assert _size(with_counts) - _size(without) == 9
    assert -(-_size(with_counts) // 1024) == -(-_size(without) // 1024) == units


def _size(item: dict[str, Any]) -> int:
    """Bytes of an item as DynamoDB counts them: names, texts in UTF-8, and of a number a byte for two digits and 1."""
    size = 0
    for name, value in item.items():
        size += len(name)
        size += len(value["S"].encode()) if "S" in value else (len(value["N"]) + 1) // 2 + 1
    return size
