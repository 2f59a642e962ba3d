"""An aggregate of the package eventsourcing, kept by its DynamoDB plugin.

The plugin writes by BatchWriteItem, which has no conditions: of two writers at once one overwrites the other. It has
one table for events and snapshots, with one key, so it can keep no snapshots.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from bench.todo import CONTENT, TODO_ID

ID: Final = UUID(TODO_ID)


class Todo(Aggregate):
    """A todo."""

    @event("Created")
    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    @staticmethod
    def create_id(content: dict[str, Any]) -> UUID:
        return ID

    @event("Edited")
    def edit(self, change: dict[str, Any]) -> None:
        self.content = self.content | change


class Commands:
    """Updates of one todo."""

    def __init__(self) -> None:
        # PERSISTENCE_MODULE and DYNAMO_TABLE are in the environment.
        self._application: Application[UUID] = Application()

    def prepare(self, history: int) -> None:
        """Write so many events."""
        todo = Todo(content=CONTENT)
        for number in range(1, history):
            todo.edit({"title": f"Ask {number}"})
        self._application.save(todo)

    def update(self, title: str) -> None:
        """Change the title."""
        todo: Todo = self._application.repository.get(ID)
        todo.edit({"title": title})
        self._application.save(todo)
