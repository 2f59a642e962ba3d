"""What the schedules have found in the undo of operations, each by hand: half visible, sent twice, overtaken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.commands import execute
from chalicelib.commands.undo import records, service
from chalicelib.todos import ids
from chalicelib.todos.decide import Command, Create, Patch
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, DELETED, REVERTED
from chalicelib.todos.ids import Owner
from chalicelib.triggers import clear
from tests.simulation.client import OPERATIONS
from tests.simulation.customers import TODOS
from tests.simulation.engine import Transaction
from tests.simulation.requests import Request
from tests.simulation.seams import CLEAR, Seat, installed
from tests.simulation.world import World

OWNER = Owner("alice")
CONTENT = {name: DEFAULTS[name] for name in CONTENT_FIELDS} | {"title": "Todo"}


class Ended(BaseException):
    """The process ends here."""


class Ground:
    """A schedule's world without other processes."""

    def __init__(self, seat: Seat) -> None:
        self.world = World(0, seat)
        self.world.faults.active = False
        self.seat = seat

    def do(self, todo_id: str, command: Command, operation: str | None = None) -> None:
        execute.execute(execute.CommandRequest(OWNER, todo_id, command, actor="client", operation=operation))

    def types(self, todo_id: str) -> list[str]:
        return [event.type for event in self.world.events(ids.stream_id(ids.partition_of(OWNER), todo_id))]

    def replace(self, method: str, instead: Callable[..., Any]) -> None:
        """Let a method of the client do something else, once."""
        real = self.seat.client
        replaced = SimpleNamespace(**{name: getattr(real, name) for name in OPERATIONS})

        def once(**request: Any) -> Any:
            self.seat.client = real
            return instead(**request)

        setattr(replaced, method, once)
        self.seat.client = replaced

    def half_visible(self, position: int, *, then_end: bool = False) -> None:
        """Let one item of the next transaction be visible, and the others not before somebody waits."""

        def transact(**request: Request) -> dict[str, Any]:
            transaction = self.world.engine.begin(request)
            assert isinstance(transaction, Transaction)
            transaction.apply(position)
            self.seat.pause = transaction.apply_all
            if then_end:
                raise Ended
            return {}

        self.replace("transact_write_items", transact)

    def messages(self) -> list[dict[str, Any]]:
        return self.world.queues.records(CLEAR)


@pytest.fixture
def ground() -> Iterator[Ground]:
    with installed() as seat:
        yield Ground(seat)


@pytest.fixture
def queued(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """An operation of three todos, which the queue undoes event by event."""
    monkeypatch.setattr(service, "AT_ONCE_TODOS", 1)
    monkeypatch.setattr(service, "PAGE", 1)
    for todo_id in TODOS[:3]:
        ground.do(todo_id, Create(CONTENT), "x")
    assert not service.undo(OWNER, "x", actor="me").is_done
    return ground


def test_a_completion_is_not_undone_without_a_next_occurrence_that_is_not_visible_yet(ground: Ground) -> None:
    ground.do(TODOS[0], Create({**CONTENT, "repeat": "FREQ=DAILY", "due": "2026-12-01"}))
    ground.half_visible(0)
    ground.do(TODOS[0], Patch({"completed": True}), "x")
    following = ids.id_for_next(TODOS[0])
    assert (len(ground.types(TODOS[0])), ground.types(following)) == (2, [])

    service.undo(OWNER, "x", actor="me")

    assert (ground.types(TODOS[0])[-1], ground.types(following)[-1]) == (REVERTED, DELETED)


def test_a_next_occurrence_that_was_edited_before_its_todo_was_completed_again_is_written_once(ground: Ground) -> None:
    following = ids.id_for_next(TODOS[0])
    ground.do(TODOS[0], Create({**CONTENT, "repeat": "FREQ=DAILY", "due": "2026-12-01"}))
    ground.do(TODOS[0], Patch({"completed": True}), "y")
    ground.do(following, Patch({"title": "Another"}), "x")
    ground.do(TODOS[0], Patch({"completed": False}))
    ground.do(TODOS[0], Patch({"completed": True}), "x")

    undone = service.undo(OWNER, "x", actor="me")

    assert (undone.todos, undone.changed, undone.versions) == (2, 2, {TODOS[0]: 5, following: 3})


def test_an_undo_is_joined_although_only_the_operation_names_it_yet(ground: Ground) -> None:
    ground.do(TODOS[0], Create(CONTENT), "x")
    ground.half_visible(0, then_end=True)
    with pytest.raises(Ended):
        service.undo(OWNER, "x", actor="me")

    assert service.undo(OWNER, "x", actor="me").changed == 1


def test_a_worker_whose_step_is_sent_twice_sends_on_what_is_left(queued: Ground) -> None:
    (message,) = queued.messages()

    def twice(**request: Any) -> Any:
        queued.seat.client.update_item(**request)
        return queued.seat.client.update_item(**request)

    real = records.go_on

    def go_on(*arguments: Any, **options: Any) -> bool:
        queued.replace("update_item", twice)
        return real(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "go_on", go_on)
        assert clear.handle({"Records": [message]}) == {"batchItemFailures": []}

    assert len(queued.messages()) == 2


def test_a_worker_that_is_overtaken_has_its_message_come_again(queued: Ground) -> None:
    """The other one may die before it sends on what is left."""
    (message,) = queued.messages()
    real = records.go_on

    def overtaken(*arguments: Any, **options: Any) -> bool:
        assert real(*arguments, is_done=False, by="another")
        return real(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "go_on", overtaken)
        assert clear.handle({"Records": [message]}) == {"batchItemFailures": [{"itemIdentifier": "1"}]}

    while messages := queued.messages():
        assert clear.handle({"Records": messages}) == {"batchItemFailures": []}
        for each in messages:
            queued.world.queues.remove(CLEAR, each["messageId"])
    undone = service.status(OWNER, "x").undo
    assert undone is not None
    assert (undone.is_done, undone.changed) == (True, 3)
