"""Streams of events that no ledger has, the handler that projects them, and what the views make of them."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from typing import Any

from chalicelib.aws import dynamodb
from chalicelib.ledger import codec
from chalicelib.todos import content, decide, events, ids
from chalicelib.todos.ids import Owner
from chalicelib.views import pointer, queries, schema
from tests.support.events import after
from tests.support.lambda_events import stream_batch

Batch = list[events.Event]


class Streams:
    """Streams of events that are in no ledger, so that nothing but these tests projects them."""

    def __init__(self, owner: str, seed: int = 0) -> None:
        self.owner = owner
        self.chance = random.Random(seed)
        self.newest: dict[str, events.Event] = {}
        self.all: Batch = []

    def happen(self, todo_id: str, command: decide.Command) -> None:
        before = self.newest.get(todo_id)
        stream_id = ids.stream_id(ids.partition_of(self.owner), todo_id)
        instant = f"2026-12-01T00:00:{(before.version + 1 if before else 1) % 60:02}.000Z"
        event = after(before, stream_id, command, at=instant, actor=self.owner)
        if event is not None:
            self.newest[todo_id] = event
            self.all.append(event)

    def anything(self, todos: int, changes: int) -> None:
        """Some todos come into being; then any of them is edited, moved, completed, deleted or restored."""
        todo_ids = [str(uuid.uuid4()) for _ in range(todos)]
        for todo_id in todo_ids:
            created = content.validate({"title": "x", "list": self.chance.choice("abc"), "due": "2026-12-01"})
            self.happen(todo_id, decide.Create(created))
        for _ in range(changes):
            todo_id = self.chance.choice(todo_ids)
            deed = self.chance.randrange(4)
            if self.newest[todo_id].state["deleted"]:
                self.happen(todo_id, decide.Restore())
            elif deed == 0:
                self.happen(todo_id, decide.Delete())
            elif deed == 1:
                self.happen(todo_id, decide.Patch({"list": self.chance.choice("abc")}))
            else:
                self.happen(todo_id, decide.Patch({"completed": self.chance.random() < 0.5}))

    def cut(self) -> list[Batch]:
        """All events in batches of any size."""
        batches, rest = [], list(self.all)
        while rest:
            size = self.chance.randint(1, 12)
            batches.append(rest[:size])
            rest = rest[size:]
        return batches


def project(batch: Batch) -> None:
    """Hand a batch to the deployed handler's own code, as Lambda does."""
    import app

    app.project(stream_batch(*(codec.encode(event) for event in batch)), None)


def views_of(owner: str) -> dict[str, Any]:
    """What queries say of an owner."""
    tally, (lists, _) = queries.tally(Owner(owner)), queries.lists(Owner(owner), after=None, limit=200)
    page = queries.by_list(Owner(owner), None, list_name=None, after=None, limit=200)
    due = queries.by_due(Owner(owner), None, after=None, limit=200, low=schema.BEFORE_ALL, high=schema.BEHIND_ALL)
    return {
        "all": (tally.total, tally.open, tally.completed),
        "lists": {count.name: (count.total, count.open, count.completed) for count in lists},
        "rows": {row.todo_id: (row.version, row.todo) for row in page.rows},
        "due": {row.todo_id for row in due.rows},
    }


def recount(streams: Streams) -> dict[str, Any]:
    """The same, from the newest events themselves."""
    live = {todo_id: event for todo_id, event in streams.newest.items() if not event.state["deleted"]}
    total = Counter(event.state["list"] for event in live.values())
    completed = Counter(event.state["list"] for event in live.values() if event.state["completed"])
    done = sum(completed.values())
    return {
        "all": (len(live), len(live) - done, done),
        "lists": {name: (total[name], total[name] - completed[name], completed[name]) for name in total},
        "rows": {todo_id: (event.version, event.state) for todo_id, event in live.items()},
        "due": {todo_id for todo_id, event in live.items() if not event.state["completed"]},
    }


def revision(owner: str) -> int:
    """How many transactions have changed the owner's views."""
    key = {"owner": {"S": ids.partition_of(owner)}, "sk": {"S": schema.TALLY_KEY}}
    item = dynamodb.client().get_item(TableName=pointer.pointer().reader, Key=key, ConsistentRead=True)["Item"]
    return int(item["revision"]["N"])
