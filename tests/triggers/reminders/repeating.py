"""A todo that repeats, and its completion."""

from __future__ import annotations

from typing import Any

from chalicelib.commands import execute
from chalicelib.todos.decide import Patch
from chalicelib.todos.events import Event
from tests.support.alone import Alone

WEEKLY = {"due": "2026-12-01", "repeat": "FREQ=WEEKLY"}
COMPLETE: dict[str, Any] = {"completed": True}


def next_of(alone: Alone, todo_id: str) -> str:
    """The one other todo that there is."""
    (other,) = alone.todo_ids() - {todo_id}
    return other


def complete(alone: Alone, todo_id: str, key: str | None = None) -> tuple[Event, bool]:
    request = execute.CommandRequest(
        owner=alone.owner,
        todo_id=todo_id,
        command=Patch(COMPLETE),
        actor=alone.owner,
        idempotency_key=key,
        request_hash="the same" if key else None,
    )
    return execute.execute(request)
