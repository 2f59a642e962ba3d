"""A batch of the deliver queue: who is told, what is handed over again and when, and what cannot be told at all."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws import quarantine
from chalicelib.aws import sqs as queues
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Owner, Partition
from chalicelib.webhooks import http_post, subscriptions
from chalicelib.webhooks.deliver import HIDDEN_SECONDS, hidden_seconds
from tests.support.lambda_events import image, message, queue_batch, queue_record
from tests.support.receiver import Receiver
from tests.support.server import Received
from tests.triggers.delivery.conftest import aws

Deliver = Callable[..., list[str]]


def test_the_receiver_can_verify_what_it_gets(deliver: Deliver, receiver: Receiver) -> None:
    webhook = subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
    event = image("alice", title="Kaufe Käse 🧀\u2028")
    assert deliver(queue_batch(message(event))) == []
    (request,) = receiver.requests
    sent = request.verified(webhook.secret)
    assert sent["id"] == request.headers["webhook-id"] == event["event_id"]["S"]
    assert sent["data"]["state"]["title"] == "Kaufe Käse 🧀\u2028"
    assert request.target == "/hook?of=mine"
    assert request.headers["Content-Type"].startswith("application/cloudevents+json")


def test_a_retry_has_the_same_id_and_body_and_its_own_timestamp(
    deliver: Deliver, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
    event = image("alice")
    receiver.answer = lambda _: 500
    deliver(queue_batch(message(event)))
    receiver.answer = lambda _: 200
    deliver(queue_batch(message(event, receives=2)))
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert int(second.headers["webhook-timestamp"]) >= int(first.headers["webhook-timestamp"])
    assert first.verified(webhook.secret) == second.verified(webhook.secret)


def test_only_webhooks_of_the_owner_that_match_are_told(deliver: Deliver, receiver: Receiver) -> None:
    for owner, types, lists in [
        ("alice", None, None),
        ("alice", ["TodoCompleted"], None),
        ("alice", None, ["Groß & klein"]),
        ("alice", ["TodoCreated"], ["Groß & klein"]),
        ("alice", ["TodoCreated"], ["inbox"]),
        ("bob", None, None),
    ]:
        subscriptions.create(Owner(owner), subscriptions.new_id(), receiver.url, types=types, lists=lists)
    deliver(queue_batch(message(image("alice", list="Groß & klein"))))
    assert len(receiver.requests) == 3


def test_owners_with_odd_names_are_told_of_their_own(deliver: Deliver, receiver: Receiver) -> None:
    subscriptions.create(Owner("a#b/ü"), subscriptions.new_id(), receiver.url)
    deliver(queue_batch(message(image("a#b/ü")), message(image("a"))))
    assert len(receiver.requests) == 1


def test_a_deleted_webhook_is_not_told(deliver: Deliver, receiver: Receiver) -> None:
    webhook = subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
    subscriptions.delete(Owner("alice"), webhook.webhook_id)
    assert deliver(queue_batch(message(image("alice")))) == []
    assert receiver.requests == []


def test_a_receiver_that_is_gone_is_told_nothing_more(deliver: Deliver, receiver: Receiver) -> None:
    receiver.answer = lambda _: 410
    subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
    assert deliver(queue_batch(message(image("alice")))) == []
    assert deliver(queue_batch(message(image("alice")))) == []
    assert len(receiver.requests) == 1
    (webhook,) = subscriptions.of_owner(Owner("alice"))
    assert webhook.disabled_at is not None


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_any_answer_but_2xx_is_a_failure(deliver: Deliver, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda _: status
    subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
    assert len(deliver(queue_batch(message(image("alice"))))) == 1


def test_one_failing_message_leaves_its_neighbours_done(deliver: Deliver, receiver: Receiver) -> None:
    subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
    bad = message(image("alice", title="bad"))
    receiver.answer = lambda request: 500 if '"bad"' in request.body else 200
    batch = [message(image("alice")), bad, message(image("alice")), message(image("nobody"))]
    assert deliver(queue_batch(*batch)) == [bad["messageId"]]


def test_when_all_fail_they_are_reported_one_by_one(deliver: Deliver, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
    batch = [message(image("alice")) for _ in range(3)]
    assert deliver(queue_batch(*batch)) == [record["messageId"] for record in batch]


@pytest.mark.parametrize(
    "record",
    [
        queue_record("not JSON", {"owner": "alice", "type": "TodoCreated", "list": "inbox"}),
        queue_record("[]", {"owner": "alice", "type": "TodoCreated", "list": "inbox"}),
        queue_record("{}", {"owner": "alice", "type": "TodoCreated", "list": "inbox"}),
        queue_record('{"id": "1", "type": "todo-ledger.TodoCreated", "data": {}}', {}),
        queue_record('{"id": "1", "type": null, "data": {}}', {"owner": "alice", "list": "inbox"}),
    ],
)
def test_poison_goes_to_the_quarantine_whole_and_the_batch_goes_on(
    deliver: Deliver, receiver: Receiver, quarantined: Callable[[], list[str]], record: dict[str, Any]
) -> None:
    subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
    assert deliver(queue_batch(message(image("alice")), record, message(image("alice")))) == []
    assert len(receiver.requests) == 2
    (poison,) = map(json.loads, quarantined())
    assert poison["handler"] == "deliver"
    assert poison["record"] == record


def test_poison_that_cannot_be_quarantined_comes_again(deliver: Deliver, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("no queue today")

    monkeypatch.setattr(quarantine, "put", refuse)
    record = queue_record("not JSON", {})
    assert deliver(queue_batch(record, message(image("alice")))) == [record["messageId"]]


def test_a_settings_table_that_does_not_answer_fails_only_its_messages(
    deliver: Deliver, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
    found = subscriptions.of_partition

    def of_partition(partition: str) -> list[subscriptions.Webhook]:
        if partition == "bob":
            raise Unavailable("throttled")
        return found(Partition(partition))

    monkeypatch.setattr(subscriptions, "of_partition", of_partition)
    bobs = message(image("bob"))
    assert deliver(queue_batch(bobs, message(image("alice")))) == [bobs["messageId"]]
    assert len(receiver.requests) == 1


def test_a_receiver_that_hangs_does_not_hold_up_the_others(
    deliver: Deliver, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_post, "TIMEOUT_SECONDS", 1.0)
    release = threading.Event()

    def hang(_: Received) -> int:
        release.wait(30)
        return 200

    with Receiver(hang) as hanging:
        for _ in range(10):
            subscriptions.create(Owner("alice"), subscriptions.new_id(), hanging.url)
        subscriptions.create(Owner("bob"), subscriptions.new_id(), receiver.url)
        slow, quick = message(image("alice")), message(image("bob"))
        started = time.monotonic()
        assert deliver(queue_batch(slow, quick)) == [slow["messageId"]]
        assert time.monotonic() - started < 5
        assert len(receiver.requests) == 1
        release.set()


def test_nothing_is_begun_that_the_invocation_has_no_time_for(deliver: Deliver, receiver: Receiver) -> None:
    subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
    assert len(deliver(queue_batch(message(image("alice"))), seconds=12.0)) == 1
    assert receiver.requests == []


def test_the_pauses_between_tries_grow_within_what_sqs_allows() -> None:
    pauses = [hidden_seconds(receives, jitter=0.0) for receives in range(1, 12)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 5
    assert hidden_seconds(100, jitter=1.0) < 12 * 3600
    assert hidden_seconds(1, jitter=1.0) >= hidden_seconds(1, jitter=0.0)


def test_the_queue_gives_a_message_up_when_the_schedule_is_over() -> None:
    import yaml

    with open(".chalice/data.yaml") as template:
        queue = yaml.safe_load(template)["Resources"]["DeliverQueue"]["Properties"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == len(HIDDEN_SECONDS) + 1
    assert sum(HIDDEN_SECONDS) * 1.1 < queue["MessageRetentionPeriod"]


def test_a_failed_message_is_hidden_for_longer_each_time(deliver: Deliver, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
    asked: list[dict[str, Any]] = []
    queues.sqs().meta.events.register(
        "provide-client-params.sqs.ChangeMessageVisibility", lambda params, **_: asked.append(dict(params))
    )
    sqs, queue = aws("sqs"), os.environ["DELIVER_QUEUE_URL"]
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (held,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    for receives in (1, 3):
        record = message(image("alice"), receives=receives) | {"receiptHandle": held["ReceiptHandle"]}
        deliver(queue_batch(record, message(image("nobody"))))
    assert [each["ReceiptHandle"] for each in asked] == [held["ReceiptHandle"]] * 2
    first, third = (each["VisibilityTimeout"] for each in asked)
    assert 5 <= first <= 6
    assert 30 * 60 <= third <= 33 * 60


def test_a_message_that_cannot_be_hidden_is_reported_all_the_same(deliver: Deliver, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
    record = message(image("alice")) | {"receiptHandle": "of nothing"}
    assert deliver(queue_batch(record)) == [record["messageId"]]


def test_what_is_logged_names_no_url_and_no_secret(
    deliver: Deliver, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.answer = lambda _: 500
    webhook = subscriptions.create(Owner("alice"), subscriptions.new_id(), receiver.url)
    deliver(queue_batch(message(image("alice", title="a private matter"))))
    logged = capsys.readouterr()
    for private in ("of=mine", webhook.secret, "a private matter"):
        assert private not in logged.out + logged.err
    assert "answered 500" in logged.out
