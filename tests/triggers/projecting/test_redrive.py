"""Quarantined records and dead letters are returned through the same code, and deleted only after that."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws import quarantine
from chalicelib.todos import ids
from chalicelib.todos.ids import Partition
from chalicelib.views import queries, schema
from stack.errors import StackError
from stack.operate import audit, redrive
from tests.support.alone import Alone, of_engine
from tests.support.lambda_events import queue_record, stream_record


@pytest.fixture
def prefix(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Queues named as a stage names them; what their names begin with."""
    prefix = f"todo-ledger-test-{uuid.uuid4().hex[:8]}-"
    sqs = of_engine("sqs")
    urls = {
        name: sqs.create_queue(QueueName=prefix + name)["QueueUrl"]
        for name in ("quarantine", "deliver", "deliver-dead-letters", "remind", "clear")
    }
    monkeypatch.setenv("QUARANTINE_QUEUE_URL", urls["quarantine"])
    yield prefix
    for url in urls.values():
        sqs.delete_queue(QueueUrl=url)


def messages(queue: str) -> list[dict[str, Any]]:
    sqs = of_engine("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
    )
    return list(found.get("Messages", []))


def quarantine_event(alone: Alone, todo_id: str, version: int = 1) -> None:
    stream = ids.stream_id(ids.partition_of(alone.owner), todo_id)
    key = {"stream_id": {"S": stream}, "version": {"N": str(version)}}
    record = stream_record({**key, "state": {"S": "{"}})
    quarantine.put("project", ValueError("it broke the fold"), record=record)


def test_a_dry_run_shows_what_would_go_and_leaves_it(alone: Alone, prefix: str) -> None:
    todo_id = alone.create()
    quarantine_event(alone, todo_id)
    said: list[str] = []

    done = redrive.redrive(prefix + "quarantine", said.append, dry_run=True)

    assert (done.done, done.failed) == (1, 0)
    assert todo_id in said[0]
    assert "it broke the fold" in said[0]
    assert queries.tally(alone.owner).total == 0
    assert len(messages(prefix + "quarantine")) == 1


def test_a_fixed_handler_projects_what_was_quarantined(alone: Alone, prefix: str) -> None:
    todos = [alone.create() for _ in range(12)]
    for todo_id in todos:
        quarantine_event(alone, todo_id)

    done = redrive.redrive(prefix + "quarantine", lambda _: None)

    assert (done.done, done.failed) == (12, 0)
    assert queries.tally(alone.owner).total == 12
    assert messages(prefix + "quarantine") == []


def test_with_every_hundredth_record_poisoned_the_others_are_projected_and_after_a_fix_and_redrive_audit_is_clean(
    alone: Alone, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    todos = [alone.create(list=f"list {number % 7}", due="2026-12-01") for number in range(300)]
    for todo_id in todos[::10]:
        alone.patch(todo_id, completed=True)
    poisoned = set(todos[::100])

    def bug(owner: str, todo_id: str, state: str) -> dict[str, Any]:
        if todo_id in poisoned:
            raise ValueError("a bug of this handler")
        return index_attributes(Partition(owner), todo_id, state)

    index_attributes = schema.index_attributes
    with monkeypatch.context() as before_the_fix:
        before_the_fix.setattr(schema, "index_attributes", bug)
        alone.project()
    assert (queries.tally(alone.owner).total, queries.tally(alone.owner).completed) == (297, 27)
    assert audit.audit_views(patience=0).differences != []

    done = redrive.redrive(prefix + "quarantine", lambda _: None)

    assert (done.done, done.failed) == (6, 0), "a creation and a completion of each"
    assert (queries.tally(alone.owner).total, queries.tally(alone.owner).completed) == (300, 30)
    assert audit.audit_views(patience=0).differences == []


def test_it_projects_the_newest_event_and_not_the_image_of_then(alone: Alone, prefix: str) -> None:
    todo_id = alone.create()
    quarantine_event(alone, todo_id)
    alone.patch(todo_id, completed=True)

    redrive.redrive(prefix + "quarantine", lambda _: None)

    assert queries.tally(alone.owner).completed == 1


def test_a_deletion_redriven_long_after_brings_nothing_back_to_life(alone: Alone, prefix: str) -> None:
    todo_id = alone.create()
    quarantine_event(alone, todo_id)
    alone.api().delete(f"/todos/{todo_id}")

    redrive.redrive(prefix + "quarantine", lambda _: None)

    assert queries.tally(alone.owner).total == 0


def test_what_fails_again_stays_and_is_told(alone: Alone, prefix: str) -> None:
    good = alone.create()
    quarantine_event(alone, str(uuid.uuid4()))
    quarantine_event(alone, good)
    said: list[str] = []

    done = redrive.redrive(prefix + "quarantine", said.append)

    assert (done.done, done.failed) == (1, 1)
    assert any("failed again" in line and "no stream" in line for line in said)
    assert len(messages(prefix + "quarantine")) == 1


@pytest.mark.parametrize(("handler", "queue"), [("deliver", "deliver"), ("remind_page", "remind"), ("clear", "clear")])
def test_a_queues_record_goes_back_to_its_queue(alone: Alone, prefix: str, handler: str, queue: str) -> None:
    record = queue_record('{"what": "it was"}', {"owner": "me"})
    quarantine.put(handler, ValueError("no page"), record=record)

    redrive.redrive(prefix + "quarantine", lambda _: None)

    [message] = messages(prefix + queue)
    assert message["Body"] == record["body"]
    assert message["MessageAttributes"]["owner"]["StringValue"] == "me"
    assert messages(prefix + "quarantine") == []


def test_a_dead_letter_goes_back_to_the_queue_that_it_came_from(alone: Alone, prefix: str) -> None:
    sqs = of_engine("sqs")
    url = sqs.get_queue_url(QueueName=prefix + "deliver-dead-letters")["QueueUrl"]
    owner = {"owner": {"DataType": "String", "StringValue": "me"}}
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"id": "1"}), MessageAttributes=owner)

    redrive.redrive(prefix + "deliver-dead-letters", lambda _: None)

    [message] = messages(prefix + "deliver")
    assert (message["Body"], message["MessageAttributes"]["owner"]["StringValue"]) == ('{"id": "1"}', "me")
    assert messages(prefix + "deliver-dead-letters") == []


@pytest.mark.parametrize("queue", ["deliver", "no-such-dead-letters"])
def test_other_queues_are_not_redriven(alone: Alone, prefix: str, queue: str) -> None:
    with pytest.raises(StackError):
        redrive.redrive(prefix + queue, lambda _: None)
