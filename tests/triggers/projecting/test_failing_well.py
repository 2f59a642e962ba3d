"""An error in one record or one owner of a batch does not hold up the others."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.aws.errors import Refusal
from chalicelib.todos import ids
from chalicelib.todos.ids import Owner
from chalicelib.views import queries
from chalicelib.views.errors import ProjectionIncomplete
from tests.support.alone import Alone
from tests.support.faults import refusals
from tests.support.lambda_events import stream_record

Record = dict[str, Any]


def project(*records: Record) -> None:
    import app

    app.project({"Records": list(records)}, None)


def record(owner: str, number: int, state: str = '{"title":"x"}', todo_id: str | None = None) -> Record:
    stream_id = ids.stream_id(ids.partition_of(owner), todo_id or str(uuid.uuid4()))
    key = {"stream_id": {"S": stream_id}, "version": {"N": "1"}}
    return stream_record({**key, "state": {"S": state}}, sequence_number=f"seq-{number}")


def total(owner: str) -> int:
    return queries.tally(Owner(owner)).total


def quarantined(alone: Alone) -> list[dict[str, Any]]:
    return [json.loads(message["body"]) for message in alone.messages("QUARANTINE_QUEUE_URL")]


def spoilt(one: Record, **parts: Any) -> Record:
    return {**one, "dynamodb": {**one["dynamodb"], **parts}}


POISON = {
    "a state that is no JSON": lambda one: _with_state(one, "{"),
    "a state that is no object": lambda one: _with_state(one, "[]"),
    "a due date that is none": lambda one: _with_state(one, '{"title":"x","due":"soon"}'),
    "an order that is none": lambda one: _with_state(one, '{"title":"x","order":"first"}'),
    "a list that is no text": lambda one: _with_state(one, '{"title":"x","list":7}'),
    "an image without a state": lambda one: spoilt(one, NewImage=one["dynamodb"]["Keys"]),
    "a version that is no number": lambda one: spoilt(
        one, NewImage={**one["dynamodb"]["NewImage"], "version": {"N": "x"}}
    ),
    "a stream of nobody": lambda one: spoilt(one, NewImage={**one["dynamodb"]["NewImage"], "stream_id": {"S": "#x"}}),
}


def _with_state(one: Record, state: str) -> Record:
    return spoilt(one, NewImage={**one["dynamodb"]["NewImage"], "state": {"S": state}})


@pytest.mark.parametrize("kind", POISON)
def test_one_poisoned_record_in_a_hundred_stops_none_of_the_others(alone: Alone, kind: str) -> None:
    records = [record("me", number) for number in range(100)]
    records[50] = POISON[kind](records[50])

    project(*records)

    assert total("me") == 99
    [message] = quarantined(alone)
    assert (message["handler"], message["sequence_number"]) == ("project", "seq-50")
    assert message["record"] == records[50]
    assert message["keys"]["stream_id"] == records[50]["dynamodb"]["Keys"]["stream_id"]["S"]
    assert message["error"]


def test_a_record_too_long_for_the_queue_is_quarantined_by_its_keys(alone: Alone) -> None:
    long = _with_state(record("me", 1), "{" + "x" * 250_000)

    project(long, record("me", 2))

    [message] = quarantined(alone)
    assert message["record"] is None
    assert message["keys"] == {"stream_id": long["dynamodb"]["Keys"]["stream_id"]["S"], "version": "1"}
    assert total("me") == 1


def test_what_sqs_does_not_take_as_text_is_quarantined_escaped(alone: Alone) -> None:
    odd = _with_state(record("me", 1), '{"title":"\x00\ufffe😀"')

    project(odd)

    assert quarantined(alone)[0]["record"] == odd


def test_a_quarantine_that_cannot_be_written_raises(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARANTINE_QUEUE_URL", settings.quarantine_queue_url() + "-that-is-not")

    with pytest.raises(Refusal):
        project(_with_state(record("me", 1), "{"), record("me", 2))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError", "RequestLimitExceeded"])
def test_a_throttled_owner_is_raised_after_all_the_others_were_done(alone: Alone, code: str) -> None:
    owners = [f"owner-{number}" for number in range(30)]
    batch = [record(owner, number) for number, owner in enumerate(owners)]

    with (
        refusals("TransactWriteItems", code, body_contains='"owner-7"'),
        pytest.raises(ProjectionIncomplete) as raised,
    ):
        project(*batch)

    assert set(raised.value.failures) == {"owner-7"}
    assert [owner for owner in owners if total(owner) == 0] == ["owner-7"]
    project(*batch)
    assert {total(owner) for owner in owners} == {1}
    assert quarantined(alone) == []


def test_what_dynamodb_refuses_for_good_is_found_and_quarantined_by_its_keys(alone: Alone) -> None:
    bad = str(uuid.uuid4())
    batch = [record("me", number) for number in range(20)] + [record("me", 20, todo_id=bad), record("another", 21)]

    with refusals("TransactWriteItems", "ValidationException", body_contains=f"todo#{bad}"):
        project(*batch)

    assert (total("me"), total("another")) == (20, 1)
    [message] = quarantined(alone)
    assert message["keys"] == {"stream_id": f"me#{bad}", "version": 1}
    assert "ValidationException" in message["error"]


def test_an_event_type_of_the_future_projects_as_usual(alone: Alone) -> None:
    one = record("me", 1, '{"title":"x","colour":"red","completed":true}')
    one["dynamodb"]["NewImage"]["type"] = {"S": "TodoPainted"}

    project(one)

    assert queries.tally(Owner("me")).completed == 1
    assert quarantined(alone) == []


def test_a_record_of_something_removed_by_hand_is_passed_over(alone: Alone) -> None:
    removed = record("me", 1)
    del removed["dynamodb"]["NewImage"]

    project({**removed, "eventName": "REMOVE"}, record("me", 2))

    assert total("me") == 1
    assert quarantined(alone) == []
