"""A webhook of some lists is told that a todo has left one of them: the event before says where it was."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from chalicelib.ledger import ledger
from chalicelib.ledger.errors import LedgerUnavailable
from tests.support.lambda_events import image, message
from tests.support.receiver import Receiver
from tests.support.tables import definition
from tests.support.webhooks import subscribe
from tests.triggers.delivery.conftest import Worker, aws

TODO = str(uuid.uuid4())


def event(version: int, type: str, list_name: str, **change: Any) -> dict[str, Any]:
    made = image("alice", todo_id=TODO, version=version, type=type, list=list_name)
    made["change"] = {"S": json.dumps(change)}
    return made


@pytest.fixture
def ledger_with_a_todo(environment: None) -> None:
    """A todo in the list garden, since version 1."""
    aws("dynamodb").create_table(**definition("EventsTable", "events"))
    aws("dynamodb").put_item(TableName="events", Item=event(1, "TodoCreated", "garden", list="garden"))


@pytest.mark.usefixtures("ledger_with_a_todo")
@pytest.mark.parametrize(("lists", "is_told"), [(["garden"], True), (["inbox"], True), (["work"], False)])
def test_the_list_before_and_the_list_after_a_move_are_told(
    worker: Worker, receiver: Receiver, lists: list[str], is_told: bool
) -> None:
    subscribe("alice", receiver.url, lists=lists)
    worker.tell(message(event(2, "TodoEdited", "inbox", list="inbox")))
    assert len(receiver.requests) == is_told


@pytest.mark.usefixtures("ledger_with_a_todo")
def test_only_a_move_is_looked_up_and_only_for_who_wants_it(
    worker: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Any] = []
    monkeypatch.setattr(ledger, "at_version", lambda *asked: looked.append(asked))
    subscribe("alice", receiver.url, lists=["work"], types=["TodoEdited"])
    subscribe("alice", receiver.url + "&all")
    for number, each in enumerate(
        [
            event(1, "TodoCreated", "garden", list="garden"),
            event(2, "TodoEdited", "garden", title="x"),
            event(2, "TodoReverted", "inbox", list="inbox"),
            event(3, "TodoEdited", "work", list="work"),
        ]
    ):
        worker.tell(message(each))
        assert len(looked) == 0, number
    subscribe("alice", receiver.url + "&more", lists=["home"])
    worker.tell(message(event(3, "TodoEdited", "inbox", list="inbox")))
    assert len(looked) == 1


@pytest.mark.usefixtures("ledger_with_a_todo")
def test_a_ledger_that_does_not_answer_makes_the_event_come_again(
    worker: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise LedgerUnavailable("throttled")

    monkeypatch.setattr(ledger, "at_version", fail)
    subscribe("alice", receiver.url, lists=["garden"])
    moved = message(event(2, "TodoEdited", "inbox", list="inbox"))
    assert worker.handle(moved) == [moved["messageId"]]
