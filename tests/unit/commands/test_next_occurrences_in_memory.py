"""A completion and the next occurrence that it makes are written together, over a DynamoDB in memory."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws.errors import NoAnswer
from chalicelib.commands import execute
from chalicelib.ledger import ledger, scan
from chalicelib.todos import ids
from chalicelib.todos.decide import Command, Create, Patch
from chalicelib.todos.events import Event
from chalicelib.todos.ids import Owner
from tests.unit.ledger.conftest import Calls, calls
from tests.unit.scenarios import content_of

__all__ = ["calls"]

ME = Owner("me")
TODO_ID = "0197e1f0-0000-7000-8000-000000000001"
WEEKLY = content_of(due="2026-12-01", repeat="FREQ=WEEKLY")


def done(command: Command, todo_id: str = TODO_ID, **stated: Any) -> Event:
    """The event of a command of one user, whose process remembers what it wrote."""
    return execute.execute(execute.CommandRequest(ME, todo_id, command, **{"actor": "me", **stated}))[0]


def newest(todo_id: str) -> Event:
    event = ledger.latest(ids.stream_id(ids.partition_of(ME), todo_id))
    assert event is not None
    return event


def next_ones() -> list[str]:
    """The ids of the todos beside the first one."""
    found = [ids.split_stream_id(stream)[1] for stream, _, _ in scan.heads()]
    return [todo_id for todo_id in found if todo_id != TODO_ID]


@pytest.fixture
def next_id(calls: Calls) -> str:
    """A weekly todo is completed; what follows it."""
    done(Create(WEEKLY))
    done(Patch({"completed": True}))
    (found,) = next_ones()
    return found


def test_an_event_has_all_that_its_request_states(calls: Calls) -> None:
    stated = {
        "actor": "assistant", "client": "app", "operation": "tidy", "idempotency_key": "key", "request_hash": "hash",
        "correlation_id": "request", "causation_id": "event",
    }  # fmt: skip

    event = done(Create(WEEKLY), **stated)

    assert newest(TODO_ID) == event
    assert {name: getattr(event, name) for name in stated} == stated


def test_a_completed_todo_has_a_next_one(next_id: str) -> None:
    following = newest(next_id)

    assert (following.version, following.state["due"], following.state["completed"]) == (1, "2026-12-08", False)
    assert newest(TODO_ID).state["completed"]


def test_both_are_written_by_one_request(calls: Calls) -> None:
    done(Create(WEEKLY))
    calls.names.clear()

    done(Patch({"completed": True}))

    assert [name for name in calls.names if name in ("put_item", "transact_write_items")] == ["transact_write_items"]


def test_reopening_takes_the_next_one_back(next_id: str) -> None:
    done(Patch({"completed": False}))

    assert newest(next_id).state["deleted"]


def test_a_next_one_that_another_process_changed_is_left_alone(next_id: str) -> None:
    remembered = execute._latest_events._events.copy()
    done(Patch({"notes": "with this"}), next_id)
    execute._latest_events._events = remembered

    done(Patch({"completed": False}))

    assert newest(next_id).state["notes"] == "with this"
    assert not newest(next_id).state["deleted"]


def test_where_the_answer_is_lost_both_are_written_once(calls: Calls) -> None:
    done(Create(WEEKLY))
    calls.errors = [NoAnswer("cut")]

    done(Patch({"completed": True}))

    (following,) = next_ones()
    assert (newest(TODO_ID).version, newest(following).version) == (2, 1)
