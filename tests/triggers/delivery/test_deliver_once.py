"""Each webhook is told of each event once, as far as anybody can: one record for each (webhook, event)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from chalicelib.webhooks.guard import REMEMBERED_SECONDS
from chalicelib.webhooks.webhook import Webhook
from tests.support.lambda_events import image, message
from tests.support.receiver import Receiver
from tests.support.server import Received
from tests.support.webhooks import subscribe
from tests.triggers.delivery.conftest import Worker, aws

Deliveries = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def webhook(environment: None, receiver: Receiver) -> Webhook:
    return subscribe("alice", receiver.url)


@pytest.fixture
def event() -> dict[str, Any]:
    return image("alice")


def change_record(**changed: str | int) -> None:
    """Make the only record as time or a crash would."""
    (record,) = aws("dynamodb").scan(TableName="deliveries")["Items"]
    serialized = {name: TypeSerializer().serialize(value) for name, value in changed.items()}
    aws("dynamodb").put_item(TableName="deliveries", Item=record | serialized)


def test_the_first_call_leaves_one_completed_record(
    worker: Worker, webhook: Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    assert worker.tell(message(event)) == []
    (record,) = deliveries()
    assert record["id"].startswith("delivery#")
    assert record["status"] == "COMPLETED"
    assert json.loads(record["data"]) == {"status": 200}
    assert len(receiver.requests) == 1


def test_the_second_call_leaves_the_same_one_record_in_the_same_state_and_sends_nothing(
    worker: Worker, webhook: Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    worker.tell(message(event))
    first = deliveries()
    assert worker.tell(message(event)) == []
    assert deliveries() == first
    assert len(receiver.requests) == 1


def test_the_same_message_twice_in_one_batch_is_sent_once(
    worker: Worker, webhook: Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    # They meet: either the second comes when the first is done, or it must come again.
    again = worker.tell(message(event), message(event))
    assert len(again) <= 1
    assert worker.try_again(*again) == []
    assert len(receiver.requests) == 1
    assert len(deliveries()) == 1


def test_a_duplicate_during_the_first_run_is_not_sent_and_comes_again_as_it_was(
    worker: Worker, webhook: Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    assert worker.handle(message(event), message(event)) == []
    first, duplicate = worker.waiting()
    meanwhile: list[Any] = []

    def deliver_again(_: Received) -> int:
        meanwhile.append((worker.try_again(duplicate), [record["status"] for record in deliveries()]))
        return 200

    receiver.answer = deliver_again
    assert worker.try_again(first) == []
    (((again,), statuses),) = meanwhile
    assert statuses == ["INPROGRESS"]
    assert (again["body"], again["messageAttributes"]) == (duplicate["body"], duplicate["messageAttributes"])
    assert worker.try_again(again) == []
    assert len(receiver.requests) == 1
    assert [record["status"] for record in deliveries()] == ["COMPLETED"]


def test_a_duplicate_after_the_records_expiry_is_sent_again_under_the_same_record(
    worker: Worker, webhook: Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    worker.tell(message(event))
    (before,) = deliveries()
    change_record(expiration=int(time.time()) - 10)
    assert worker.tell(message(event)) == []
    (after,) = deliveries()
    assert after["id"] == before["id"]
    assert len(receiver.requests) == 2
    assert {request.headers["webhook-id"] for request in receiver.requests} == {event["event_id"]["S"]}


def test_a_record_outlives_every_retry_and_redrive(
    worker: Worker, webhook: Webhook, event: dict[str, Any], deliveries: Deliveries
) -> None:
    before = int(time.time())
    worker.tell(message(event))
    (record,) = deliveries()
    assert before <= int(record["expiration"]) - REMEMBERED_SECONDS <= time.time()
    # Kept in S3, in the queue and among the dead letters, one after the other.
    assert REMEMBERED_SECONDS > (90 + 14 + 14) * 24 * 3600


def test_what_a_time_out_left_in_progress_is_sent_once_the_invocation_is_over(
    worker: Worker, webhook: Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    worker.tell(message(event))
    now = int(time.time() * 1000)
    change_record(status="INPROGRESS", in_progress_expiration=now + 3_600_000)
    assert len(worker.tell(message(event))) == 1
    change_record(status="INPROGRESS", in_progress_expiration=now - 1)
    assert worker.tell(message(event)) == []
    assert len(receiver.requests) == 2


def test_in_progress_ends_with_the_time_of_each_invocation(
    worker: Worker, webhook: Webhook, receiver: Receiver, deliveries: Deliveries
) -> None:
    ends: list[int] = []

    def look(_: Received) -> int:
        (record,) = [record for record in deliveries() if record["status"] == "INPROGRESS"]
        ends.append(int(record["in_progress_expiration"]))
        return 200

    receiver.answer = look
    for seconds in (30.0, 60.0):
        before = int(time.time() * 1000)
        worker.tell(message(image("alice")), seconds=seconds)
        assert before <= ends.pop() - seconds * 1000 <= time.time() * 1000


def test_a_changed_payload_is_not_sent_and_goes_to_the_quarantine(
    worker: Worker,
    webhook: Webhook,
    receiver: Receiver,
    event: dict[str, Any],
    deliveries: Deliveries,
    quarantined: Callable[[], list[str]],
) -> None:
    worker.tell(message(event))
    before = deliveries()
    assert worker.tell(message(event, title="Buy something else")) == []
    assert len(receiver.requests) == 1
    assert deliveries() == before
    (poison,) = map(json.loads, quarantined())
    assert poison["handler"] == "deliver"
    assert "another content" in poison["error"]


def test_an_api_that_has_moved_is_no_changed_payload(
    worker: Worker,
    webhook: Webhook,
    receiver: Receiver,
    event: dict[str, Any],
    quarantined: Callable[[], list[str]],
) -> None:
    worker.tell(message(event))
    moved = message(event, url="https://elsewhere.example/todos/1")
    moved["body"] = moved["body"].replace('"source":"https://todo.example', '"source":"https://elsewhere.example')
    assert worker.tell(moved) == []
    assert len(receiver.requests) == 1
    assert quarantined() == []


def test_a_failed_try_leaves_no_record_so_that_the_next_one_sends(
    worker: Worker, webhook: Webhook, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    receiver.answer = lambda _: 503
    again = worker.tell(message(event))
    assert len(again) == 1
    assert deliveries() == []
    receiver.answer = lambda _: 204
    assert worker.try_again(*again) == []
    assert [json.loads(record["data"]) for record in deliveries()] == [{"status": 204}]


def test_of_several_webhooks_only_the_one_that_failed_is_told_again(
    worker: Worker, receiver: Receiver, event: dict[str, Any], deliveries: Deliveries
) -> None:
    with Receiver(lambda _: 500) as broken:
        for url in (receiver.url, broken.url, receiver.url + "&again"):
            subscribe("alice", url)
        again = worker.tell(message(event))
        assert len(again) == 1
        assert (len(receiver.requests), len(broken.requests)) == (2, 1)
        broken.answer = lambda _: 200
        assert worker.try_again(*again) == []
        assert (len(receiver.requests), len(broken.requests)) == (2, 2)
    assert [record["status"] for record in deliveries()] == ["COMPLETED"] * 3
