"""PynamoDB's optimistic locking: one item for each todo, with a `VersionAttribute` and without a history."""

from __future__ import annotations

import os
from typing import Final

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute, VersionAttribute
from pynamodb.models import Model

from bench.todo import CONTENT, TODO_ID

OWNER: Final = "bench"


class Todo(Model):
    """A todo."""

    class Meta:
        """Its table."""

        table_name = os.environ.get("VERSIONED_TABLE", "versioned")
        region = "us-east-1"

    owner = UnicodeAttribute(hash_key=True)
    todo_id = UnicodeAttribute(range_key=True)
    version = VersionAttribute()
    title = UnicodeAttribute()
    notes = UnicodeAttribute()
    list = UnicodeAttribute()
    tags: ListAttribute[UnicodeAttribute] = ListAttribute(of=UnicodeAttribute)
    priority = UnicodeAttribute()
    due = UnicodeAttribute()
    order = NumberAttribute()


class Commands:
    """Updates of one todo."""

    def prepare(self, history: int) -> None:
        """Leave the todo as it is after so many versions."""
        todo = Todo(OWNER, TODO_ID, **CONTENT)
        todo.save()
        todo.version = history
        todo.save(add_version_condition=False)

    def update(self, title: str) -> None:
        """Change the title, unless somebody else was faster."""
        todo = Todo.get(OWNER, TODO_ID, consistent_read=True)
        todo.title = title
        todo.save()
