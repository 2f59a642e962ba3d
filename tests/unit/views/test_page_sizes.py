"""A page of todos, in whatever form, stays within what a Lambda may answer: 6 MB of JSON, the body a string in it."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest

from chalicelib.aws import dynamodb
from chalicelib.ledger.codec import dump_state
from chalicelib.todos import export_rows, representation
from chalicelib.todos.events import DEFAULTS, Todo
from chalicelib.todos.ids import Owner
from chalicelib.views import current, queries
from chalicelib.views.sync import walk
from chalicelib.views.sync.position import Position
from tests.support.tables import pointer_to

LAMBDA_ANSWER_BYTES = 6 * 1024 * 1024


class Rows:
    """A DynamoDB client whose one owner has 2,000 todos of this state, of which an answer has 1 MB."""

    def __init__(self, state: str) -> None:
        attributes = {"version": {"N": "1"}, "revision": {"N": "1"}, "state": {"S": state}}
        self._items = [
            {**attributes, "by_list": {"S": f"inbox#~#{number:04}"}, "sk": {"S": f"todo#{uuid.UUID(int=number)}"}}
            for number in range(2000)
        ]
        self._most = 1 + 1024 * 1024 // (len(state.encode()) + 100)

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": pointer_to("views")}

    def query(self, **request: Any) -> dict[str, Any]:
        low = request["ExpressionAttributeValues"][":low"]["S"]
        key = "by_list" if "IndexName" in request else "sk"
        found = [item for item in self._items if item[key]["S"] >= low][: self._most]
        return {"Items": found, "LastEvaluatedKey": found[-1]}


NOTES_AND_METADATA = pytest.mark.parametrize(
    ("notes", "metadata"),
    [("x" * 16_384, None), ("🌱" * 4_096, None), ("\x01" * 5_000, None), ('"' * 16_384, {"q": '"' * 2_000})],
)


def serve(monkeypatch: pytest.MonkeyPatch, todo: Todo) -> None:
    monkeypatch.setenv("SETTINGS_TABLE", "settings")
    monkeypatch.setattr(current, "_memory", current.Memory())
    monkeypatch.setattr(dynamodb, "client", lambda: Rows(dump_state(todo)))


@NOTES_AND_METADATA
def test_the_largest_page_of_an_export_fits(
    monkeypatch: pytest.MonkeyPatch, notes: str, metadata: dict[str, Any] | None
) -> None:
    todo: Todo = {**DEFAULTS, "title": '"' * 500, "notes": notes, "metadata": metadata}  # type: ignore[typeddict-item]
    serve(monkeypatch, todo)

    page = queries.by_list(Owner("ann"), None, list_name=None, after=None, limit=200)

    assert page.rows
    assert page.next_after is not None
    rows = [representation.todo_answer("https://todo.example", row.todo_id, row.version, row.todo) for row in page.rows]
    for body in (export_rows.json_lines(rows), export_rows.csv_lines(rows), json.dumps(rows, ensure_ascii=False)):
        assert len(json.dumps(body)) < LAMBDA_ANSWER_BYTES


@pytest.mark.parametrize(
    "fields",
    [{}, {"title": '"' * 500, "tags": ['"' * 64] * 32}, {"title": "🌱" * 500}, {"notes": "🌱" * 4_096}],
    ids=["small", "quotes", "emoji", "long notes"],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_the_largest_page_of_a_sync_fits(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], is_first: bool
) -> None:
    todo: Todo = {**DEFAULTS, "title": "x", **fields}  # type: ignore[typeddict-item]
    serve(monkeypatch, todo)
    position = Position(walk.generation_of("views"), time.time_ns() // 1_000_000, 0, listed_to="")
    changes = walk._Changes(2000)
    if is_first:
        reader = walk._Reader(Owner("ann"), "views")
        reader._list(position, changes)
    else:
        for item in Rows(dump_state(todo))._items:
            if not changes.add(item["sk"]["S"], item):
                break

    base_url = "https://abcdefghij.execute-api.eu-central-1.amazonaws.com/production"
    rows = [representation.todo_answer(base_url, row.todo_id, row.version, row.todo) for row in changes.rows]
    assert len(rows) > 50
    assert len(json.dumps(json.dumps(rows, ensure_ascii=False))) < LAMBDA_ANSWER_BYTES
