"""One owner's todos over a DynamoDB and queues in memory; the views have them once a test says so."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.commands import execute, list_queue
from chalicelib.ledger import ledger, scan
from chalicelib.todos import ids
from chalicelib.todos.decide import Command, Create
from chalicelib.todos.events import Event
from chalicelib.todos.ids import Owner, Partition
from chalicelib.triggers import clear
from chalicelib.views import projector
from chalicelib.views.projection import Head
from tests.simulation.seams import CLEAR, QUARANTINE, VIEWS
from tests.simulation.world import World
from tests.unit.scenarios import content_of

ME = Owner("me#1")
PARTITION = ids.partition_of(ME)
MOST_PAGES = 100


def do(todo_id: str, command: Command, owner: Owner = ME) -> Event:
    return execute.execute(execute.CommandRequest(owner, todo_id, command, actor="me"))[0]


def create(**fields: Any) -> str:
    """A new todo's id."""
    todo_id = ids.new_uuid()
    do(todo_id, Create(content_of(**fields)))
    return todo_id


def failing(monkeypatch: pytest.MonkeyPatch, errors: dict[str, Exception]) -> None:
    """Commands on these todos fail."""
    real = execute.execute

    def fail_or_execute(request: execute.CommandRequest) -> Any:
        if request.todo_id in errors:
            raise errors[request.todo_id]
        return real(request)

    monkeypatch.setattr(execute, "execute", fail_or_execute)


def project() -> None:
    """The views have everything that is in the ledger."""
    heads: defaultdict[Partition, list[Head]] = defaultdict(list)
    for stream, version, state in scan.heads():
        partition, todo_id = ids.split_stream_id(stream)
        heads[partition].append(Head(todo_id, version, state))
    assert projector.project_batch(VIEWS, heads) == []


def history(todo_id: str) -> list[Event]:
    return ledger.history(ids.stream_id(PARTITION, todo_id))


def newest(todo_id: str) -> Event:
    return history(todo_id)[-1]


def is_deleted(todo_id: str) -> bool:
    return bool(newest(todo_id).state["deleted"])


def messages(world: World, queue: str = CLEAR) -> list[Any]:
    """What lies in a queue, as JSON."""
    return [json.loads(record["body"]) for record in world.queues.records(queue)]


def work_of(world: World) -> list_queue.Work:
    """What the one message of the worker's queue asks for."""
    [record] = world.queues.records(CLEAR)
    return list_queue.decode(record["body"])


def quarantined(world: World) -> list[Any]:
    return messages(world, QUARANTINE)


def work_off(world: World, before_each: Callable[[], object] = lambda: None) -> int:
    """Let the worker do everything; how many pages there were."""
    for pages in range(MOST_PAGES):
        if not messages(world):
            return pages
        before_each()
        assert work_once(world) == []
    raise AssertionError("the queue does not become empty")


def work_once(world: World) -> list[str]:
    """Hand what lies in the queue to its worker; the bodies of the messages that are to come again."""
    records = world.queues.records(CLEAR)
    again = {each["itemIdentifier"] for each in clear.handle({"Records": records})["batchItemFailures"]}
    for record in records:
        if record["messageId"] not in again:
            world.queues.remove(CLEAR, record["messageId"])
    return [record["body"] for record in records if record["messageId"] in again]
