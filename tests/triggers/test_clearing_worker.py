"""The worker that clears long lists fails as the others do: what passes comes again, poison is put aside."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.commands.clear_list import Clearance
from chalicelib.views import queries
from tests.support.alone import Alone
from tests.support.faults import refusals
from tests.support.lambda_events import queue_batch, queue_record
from tests.support.reset import forget_tables


def clear(*bodies: str) -> list[str]:
    """Work through messages; the positions of those that are to come again."""
    import app

    records = [queue_record(body, message_id=str(number)) for number, body in enumerate(bodies)]
    answer = app.clear(queue_batch(*records), None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def clearance(alone: Alone) -> str:
    return json.dumps(asdict(Clearance(alone.owner, "inbox", alone.owner, None, asked_at="9999-01-01T00:00:00.000Z")))


def titles(alone: Alone) -> list[str]:
    alone.project()
    return [
        row.todo["title"] for row in queries.by_list(alone.owner, None, list_name="inbox", after=None, limit=9).rows
    ]


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"owner": "me"}'])
def test_what_is_no_message_of_ours_is_put_aside_and_the_others_are_done(alone: Alone, body: str) -> None:
    alone.create()
    alone.project()

    assert clear(body, clearance(alone)) == []

    assert titles(alone) == []
    (message,) = alone.messages("QUARANTINE_QUEUE_URL")
    poison = json.loads(message["body"])
    assert (poison["handler"], poison["record"]["body"]) == ("clear", body)


@pytest.mark.usefixtures("impatient")
def test_what_passes_comes_again(alone: Alone) -> None:
    alone.create()
    alone.project()

    with refusals("PutItem", "ThrottlingException"):
        assert clear(clearance(alone)) == ["0"]

    assert alone.messages("QUARANTINE_QUEUE_URL") == []
    assert clear(clearance(alone)) == []
    assert titles(alone) == []


def test_a_todo_that_cannot_be_deleted_leaves_the_others_done_and_its_message_aside(alone: Alone) -> None:
    broken = alone.create(title="broken")
    other = alone.create()
    alone.project()
    dynamodb.client().update_item(
        TableName=settings.events_table(),
        Key={"stream_id": {"S": alone.events(broken)[0].stream_id}, "version": {"N": "1"}},
        UpdateExpression="SET #state = :broken",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":broken": {"S": "{"}},
    )
    forget_tables()

    assert clear(clearance(alone)) == []

    assert len(alone.messages("QUARANTINE_QUEUE_URL")) == 1
    assert alone.types(other) == ["Created", "Deleted"]
