"""A page of todos, in whatever form, stays within what a Lambda may answer: 6 MB of JSON, the body a string in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.aws import dynamodb
from chalicelib.ledger.codec import dump_state
from chalicelib.todos import export_rows, representation
from chalicelib.todos.events import DEFAULTS, Todo
from chalicelib.todos.ids import Owner
from chalicelib.views import current, queries
from tests.support.tables import pointer_to

LAMBDA_ANSWER_BYTES = 6 * 1024 * 1024


class Rows:
    """A DynamoDB client whose one owner has 200 todos of this state."""

    def __init__(self, state: str) -> None:
        keys = [f"inbox#~#{number:03}" for number in range(200)]
        attributes = {"version": {"N": "1"}, "sk": {"S": "todo#x"}, "state": {"S": state}}
        self._items = [{**attributes, "by_list": {"S": key}} for key in keys]

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": pointer_to("views")}

    def query(self, **request: Any) -> dict[str, Any]:
        low = request["ExpressionAttributeValues"][":low"]["S"]
        return {"Items": [item for item in self._items if item["by_list"]["S"] >= low]}


@pytest.mark.parametrize(
    ("notes", "metadata"),
    [("x" * 16_384, None), ("🌱" * 4_096, None), ("\x01" * 5_000, None), ('"' * 16_384, {"q": '"' * 2_000})],
)
def test_the_largest_page_of_an_export_fits(
    monkeypatch: pytest.MonkeyPatch, notes: str, metadata: dict[str, Any] | None
) -> None:
    todo: Todo = {**DEFAULTS, "title": '"' * 500, "notes": notes, "metadata": metadata}  # type: ignore[typeddict-item]
    monkeypatch.setenv("SETTINGS_TABLE", "settings")
    monkeypatch.setattr(current, "_memory", current.Memory())
    monkeypatch.setattr(dynamodb, "client", lambda: Rows(dump_state(todo)))

    page = queries.by_list(Owner("ann"), None, list_name=None, after=None, limit=200)

    assert page.rows
    assert page.next_after is not None
    rows = [representation.todo_answer("https://todo.example", row.todo_id, row.version, row.todo) for row in page.rows]
    for body in (export_rows.json_lines(rows), export_rows.csv_lines(rows), json.dumps(rows, ensure_ascii=False)):
        assert len(json.dumps(body)) < LAMBDA_ANSWER_BYTES
