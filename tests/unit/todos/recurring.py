"""What follows a todo that repeats."""

from __future__ import annotations

from typing import Any, cast

from chalicelib.todos import recurrence
from chalicelib.todos.events import DEFAULTS, Todo

COMPLETED_AT = "2026-11-10T14:23:11.123Z"  # a Tuesday


def completed(repeat: str | None, **fields: Any) -> Todo:
    """A todo, just completed."""
    state = {**DEFAULTS, "title": "Water the plants", "completed": True, "completed_at": COMPLETED_AT, "repeat": repeat}
    return cast("Todo", {**state, **fields})


def following(repeat: str, **fields: Any) -> dict[str, Any]:
    found = recurrence.next_occurrence(completed(repeat, **fields))
    assert found is not None
    return found


def next_due(repeat: str, due: str) -> str | None:
    found = recurrence.next_occurrence(completed(repeat, due=due))
    return None if found is None else found["due"]
