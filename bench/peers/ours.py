"""This service's own part of the comparison, which runs in its own environment."""

from __future__ import annotations

import io
import uuid
from contextlib import redirect_stdout
from typing import Any, Final

from bench.todo import CONTENT, TODO_ID
from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.commands import execute
from chalicelib.ledger import codec
from chalicelib.todos import ids
from chalicelib.todos.decide import Patch
from chalicelib.todos.events import CREATED, EDITED, Event
from chalicelib.todos.ids import Owner
from chalicelib.triggers import project
from tests.support.events import following

OWNER: Final = Owner("bench")
BATCH: Final = 25


class Commands:
    """Updates of one todo.

    Parameters
    ----------
    is_warm : bool
        The process may remember the newest event.
    has_key : bool
        Each is a request with an idempotency key of its own.
    """

    def __init__(self, *, is_warm: bool = False, has_key: bool = False) -> None:
        self._is_warm = is_warm
        self._has_key = has_key

    def prepare(self, history: int) -> None:
        """Write so many events."""
        items = [codec.encode(event) for event in _events(history)]
        for start in range(0, history, BATCH):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + BATCH]]
            dynamodb.raw_client().batch_write_item(RequestItems={settings.events_table(): puts})
        if self._is_warm:
            execute.current(OWNER, TODO_ID)

    def update(self, title: str) -> None:
        """Change the title; whoever else writes at the same time."""
        if not self._is_warm:
            execute.forget()
        key: dict[str, Any] = {}
        if self._has_key:
            body = {"title": title}
            key = {
                "idempotency_key": str(uuid.uuid4()),
                "request_hash": execute.request_hash("patch", TODO_ID, body),
            }
        execute.execute(execute.CommandRequest(OWNER, TODO_ID, Patch({"title": title}), actor=OWNER, **key))


def _events(history: int) -> list[Event]:
    stream = ids.stream_id(ids.partition_of(OWNER), TODO_ID)
    at = "2026-11-20T22:00:00.000Z"
    events: list[Event] = []
    for number in range(history):
        before = events[-1] if events else None
        kind, change = (EDITED, {"title": f"Ask {number}"}) if before else (CREATED, CONTENT)
        events.append(following(before, stream, kind, change, at=at, event_id=str(uuid.uuid4()), actor=OWNER))
    return events


class Batches:
    """Batches of stream records, as `project` handles them."""

    def handle(self, event: dict[str, Any]) -> None:
        with redirect_stdout(io.StringIO()):
            project.handle(event)
