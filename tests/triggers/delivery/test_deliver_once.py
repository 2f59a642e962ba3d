"""Each webhook is told of each event once, as far as anybody can: one record for each (webhook, event)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from chalicelib.todos.ids import Owner
from chalicelib.webhooks import subscriptions
from chalicelib.webhooks.deliver import REMEMBERED_SECONDS
from tests.support.lambda_events import image, message, queue_batch
from tests.support.receiver import Receiver
from tests.support.server import Received
from tests.triggers.delivery.conftest import aws

Deliver = Callable[..., list[str]]
Deliveries = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def webhook(environment: None, receiver: Receiver) -> subscriptions.Webhook:
    return subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)


@pytest.fixture
def event() -> dict[str, Any]:
    return image("alice")


def change_record(**changed: str | int) -> None:
    """Make the only record as time or a crash would."""
    (record,) = aws("dynamodb").scan(TableName="deliveries")["Items"]
    serialized = {name: TypeSerializer().serialize(value) for name, value in changed.items()}
    aws("dynamodb").put_item(TableName="deliveries", Item=record | serialized)


def test_the_first_call_leaves_one_completed_record(
    deliver: Deliver, webhook: subscriptions.Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    assert deliver(queue_batch(message(event))) == []
    (record,) = deliveries()
    assert record["id"].startswith("delivery#")
    assert record["status"] == "COMPLETED"
    assert json.loads(record["data"]) == {"status": 200}
    assert len(receiver.requests) == 1


def test_the_second_call_leaves_the_same_one_record_in_the_same_state_and_sends_nothing(
    deliver: Deliver, webhook: subscriptions.Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    deliver(queue_batch(message(event)))
    first = deliveries()
    assert deliver(queue_batch(message(event))) == []
    assert deliveries() == first
    assert len(receiver.requests) == 1


def test_the_same_message_twice_in_one_batch_is_sent_once(
    deliver: Deliver, webhook: subscriptions.Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    twins = [message(event), message(event)]
    failed = deliver(queue_batch(*twins))
    # They meet: either the second comes when the first is done, or it must come again.
    assert len(failed) <= 1
    for twin in twins:
        if twin["messageId"] in failed:
            assert deliver(queue_batch(twin)) == []
    assert len(receiver.requests) == 1
    assert len(deliveries()) == 1


def test_a_duplicate_during_the_first_run_is_not_sent_and_comes_again(
    deliver: Deliver, webhook: subscriptions.Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    duplicate = message(event)
    meanwhile: list[Any] = []

    def deliver_again(_: Received) -> int:
        meanwhile.append((deliver(queue_batch(duplicate)), [record["status"] for record in deliveries()]))
        return 200

    receiver.answer = deliver_again
    assert deliver(queue_batch(message(event))) == []
    assert meanwhile == [([duplicate["messageId"]], ["INPROGRESS"])]
    assert deliver(queue_batch(duplicate)) == []
    assert len(receiver.requests) == 1
    assert [record["status"] for record in deliveries()] == ["COMPLETED"]


def test_a_duplicate_after_the_records_expiry_is_sent_again_under_the_same_record(
    deliver: Deliver, webhook: subscriptions.Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    deliver(queue_batch(message(event)))
    (before,) = deliveries()
    change_record(expiration=int(time.time()) - 10)
    assert deliver(queue_batch(message(event))) == []
    (after,) = deliveries()
    assert after["id"] == before["id"]
    assert len(receiver.requests) == 2
    assert {request.headers["webhook-id"] for request in receiver.requests} == {event["event_id"]["S"]}


def test_a_record_outlives_every_retry_and_redrive(
    deliver: Deliver, webhook: subscriptions.Webhook, event: dict[str, Any], deliveries: Deliveries
) -> None:
    deliver(queue_batch(message(event)))
    (record,) = deliveries()
    assert abs(int(record["expiration"]) - (time.time() + REMEMBERED_SECONDS)) < 60
    # Kept in S3, in the queue and among the dead letters, one after the other.
    assert REMEMBERED_SECONDS > (90 + 14 + 14) * 24 * 3600


def test_what_a_time_out_left_in_progress_is_sent_once_the_invocation_is_over(
    deliver: Deliver, webhook: subscriptions.Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    deliver(queue_batch(message(event)))
    now = int(time.time() * 1000)
    change_record(status="INPROGRESS", in_progress_expiration=now + 30_000)
    assert len(deliver(queue_batch(message(event)))) == 1
    change_record(status="INPROGRESS", in_progress_expiration=now - 1)
    assert deliver(queue_batch(message(event))) == []
    assert len(receiver.requests) == 2


def test_in_progress_ends_with_the_time_of_each_invocation(
    deliver: Deliver, webhook: subscriptions.Webhook, receiver: Receiver, deliveries: Deliveries
) -> None:
    ends: list[float] = []

    def look(_: Received) -> int:
        (record,) = [record for record in deliveries() if record["status"] == "INPROGRESS"]
        ends.append(float(record["in_progress_expiration"]) / 1000 - time.time())
        return 200

    receiver.answer = look
    deliver(queue_batch(message(image("alice"))), seconds=30.0)
    deliver(queue_batch(message(image("alice"))), seconds=60.0)
    assert 25 < ends[0] <= 30
    assert 55 < ends[1] <= 60


def test_a_changed_payload_is_not_sent_and_goes_to_the_quarantine(
    deliver: Deliver,
    webhook: subscriptions.Webhook,
    receiver: Receiver,
    event: dict[str, Any],
    deliveries: Deliveries,
    quarantined: Callable[[], list[str]],
) -> None:
    deliver(queue_batch(message(event)))
    before = deliveries()
    assert deliver(queue_batch(message(event, title="Buy something else"))) == []
    assert len(receiver.requests) == 1
    assert deliveries() == before
    (poison,) = map(json.loads, quarantined())
    assert poison["handler"] == "deliver"
    assert "another content" in poison["error"]


def test_an_api_that_has_moved_is_no_changed_payload(
    deliver: Deliver,
    webhook: subscriptions.Webhook,
    receiver: Receiver,
    event: dict[str, Any],
    quarantined: Callable[[], list[str]],
) -> None:
    deliver(queue_batch(message(event)))
    moved = message(event, url="https://elsewhere.example/todos/1")
    moved["body"] = moved["body"].replace('"source":"https://todo.example', '"source":"https://elsewhere.example')
    assert deliver(queue_batch(moved)) == []
    assert len(receiver.requests) == 1
    assert quarantined() == []


def test_a_failed_try_leaves_no_record_so_that_the_next_one_sends(
    deliver: Deliver, webhook: subscriptions.Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    receiver.answer = lambda _: 503
    first = message(event)
    assert deliver(queue_batch(first)) == [first["messageId"]]
    assert deliveries() == []
    receiver.answer = lambda _: 204
    assert deliver(queue_batch(message(event, receives=2))) == []
    assert [json.loads(record["data"]) for record in deliveries()] == [{"status": 204}]


def test_of_several_webhooks_only_the_one_that_failed_is_told_again(
    deliver: Deliver, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    with Receiver(lambda _: 500) as broken:
        subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
        subscriptions.create(Owner("alice"), subscriptions.new_id(), broken.url)
        subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
        assert len(deliver(queue_batch(message(event)))) == 1
        assert (len(receiver.requests), len(broken.requests)) == (2, 1)
        broken.answer = lambda _: 200
        assert deliver(queue_batch(message(event, receives=2))) == []
        assert (len(receiver.requests), len(broken.requests)) == (2, 2)
    assert [record["status"] for record in deliveries()] == ["COMPLETED"] * 3
