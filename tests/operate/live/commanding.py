"""Commands on todos, given as the API gives them, and the raw items that come of them."""

from __future__ import annotations

import uuid
from typing import Any

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.commands import execute
from chalicelib.todos import ids
from chalicelib.todos.decide import Command, Create, Delete, Patch, Restore
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS
from chalicelib.views import schema

Item = dict[str, dict[str, Any]]


class Owner:
    """Somebody with todos."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name or f"owner/{uuid.uuid4()}"
        self.partition = ids.partition_of(self.name)

    def create(self, title: str = "Buy milk", **fields: Any) -> str:
        """A new todo's id."""
        todo_id = str(uuid.uuid4())
        unset = {name: DEFAULTS[name] for name in CONTENT_FIELDS}
        self.execute(todo_id, Create({**unset, "title": title, **fields}))
        return todo_id

    def edit(self, todo_id: str, **fields: Any) -> int:
        return self.execute(todo_id, Patch(fields))

    def delete(self, todo_id: str) -> int:
        return self.execute(todo_id, Delete())

    def restore(self, todo_id: str) -> int:
        return self.execute(todo_id, Restore())

    def execute(self, todo_id: str, command: Command) -> int:
        """Do it; the version that came of it."""
        request = execute.CommandRequest(owner=ids.Owner(self.name), todo_id=todo_id, command=command, actor="tests")
        return execute.execute(request)[0].version

    def stream(self, todo_id: str) -> str:
        return ids.stream_id(self.partition, todo_id)

    def event(self, todo_id: str, version: int) -> Item:
        key = {"stream_id": {"S": self.stream(todo_id)}, "version": {"N": str(version)}}
        return get(settings.events_table(), key)

    def row(self, table: str, todo_id: str) -> Item:
        return self.item(table, schema.todo_key(todo_id))

    def item(self, table: str, sort_key: str) -> Item:
        return get(table, {"owner": {"S": self.partition}, "sk": {"S": sort_key}})


def get(table: str, key: Item) -> Item:
    item: Item = dynamodb.client().get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
    return item


def mixed_commands(owner: Owner) -> dict[str, str]:
    """Todos of every kind; their ids by what became of them."""
    todos = {
        "plain": owner.create("Plain"),
        "edited": owner.create("Edited", list="work", due="2030-01-01", order=2.5),
        "completed": owner.create("Completed", list="work", tags=["a", "ü"]),
        "moved": owner.create("Moved", list="a/b #1", remind_at="2030-01-01T08:00:00Z"),
        "deleted": owner.create("Deleted", list="gone"),
        "restored": owner.create("Restored"),
    }
    owner.edit(todos["edited"], title="Edited twice", metadata={"a": {"b": [1, True, None]}})
    owner.edit(todos["edited"], notes="n" * 3000, due="2031-02-03T04:05:06+02:00")
    owner.edit(todos["completed"], completed=True)
    owner.edit(todos["moved"], list="inbox")
    owner.delete(todos["deleted"])
    owner.delete(todos["restored"])
    owner.restore(todos["restored"])
    return todos
