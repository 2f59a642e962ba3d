"""A batch of the deliver queue: who is told, what is tried again and when, and what cannot be told at all."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from chalicelib.aws import quarantine
from chalicelib.aws import sqs as queues
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Owner, Partition
from chalicelib.webhooks import subscriptions
from chalicelib.webhooks.lanes import PLACES_OF_AN_OWNER
from chalicelib.webhooks.schedule import PAUSES_SECONDS, pause_seconds
from chalicelib.webhooks.webhook import Webhook
from tests.support.lambda_events import image, message, queue_record
from tests.support.paths import ROOT
from tests.support.receiver import Receiver
from tests.support.server import Received
from tests.support.waiting import PATIENCE_SECONDS
from tests.support.webhooks import find, subscribe
from tests.triggers.delivery.conftest import Alarm, Worker, aws, ring


def test_the_receiver_can_verify_what_it_gets(worker: Worker, receiver: Receiver) -> None:
    webhook = subscribe("alice", receiver.url)
    event = image("alice", title="Kaufe Käse 🧀\u2028")
    assert worker.tell(message(event)) == []
    (request,) = receiver.requests
    sent = request.verified(webhook.secret)
    assert sent["id"] == request.headers["webhook-id"] == event["event_id"]["S"]
    assert sent["data"]["state"]["title"] == "Kaufe Käse 🧀\u2028"
    assert request.target == "/hook?of=mine"
    assert request.headers["Content-Type"].startswith("application/cloudevents+json")


def test_a_retry_has_the_same_id_and_body_and_its_own_timestamp(worker: Worker, receiver: Receiver) -> None:
    webhook = subscribe("alice", receiver.url)
    receiver.answer = lambda _: 500
    again = worker.tell(message(image("alice")))
    receiver.answer = lambda _: 200
    worker.try_again(*again)
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert int(second.headers["webhook-timestamp"]) >= int(first.headers["webhook-timestamp"])
    assert first.verified(webhook.secret) == second.verified(webhook.secret)


def test_only_webhooks_of_the_owner_that_match_are_told(worker: Worker, receiver: Receiver) -> None:
    for number, (owner, types, lists) in enumerate(
        [
            ("alice", None, None),
            ("alice", ["TodoCompleted"], None),
            ("alice", None, ["Groß & klein"]),
            ("alice", ["TodoCreated"], ["Groß & klein"]),
            ("alice", ["TodoCreated"], ["inbox"]),
            ("bob", None, None),
        ]
    ):
        subscribe(owner, f"{receiver.url}&n={number}", types=types, lists=lists)
    worker.tell(message(image("alice", list="Groß & klein")))
    assert sorted(request.target[-1] for request in receiver.requests) == ["0", "2", "3"]


def test_owners_with_odd_names_are_told_of_their_own(worker: Worker, receiver: Receiver) -> None:
    subscribe("a#b/ü", receiver.url)
    worker.tell(message(image("a#b/ü")), message(image("a")))
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("is_waiting", [False, True], ids=["before the event", "after the event"])
def test_a_deleted_webhook_is_not_told(worker: Worker, receiver: Receiver, is_waiting: bool) -> None:
    webhook = subscribe("alice", receiver.url)
    if is_waiting:
        worker.handle(message(image("alice")))
    subscriptions.delete(Owner("alice"), webhook.webhook_id)
    assert worker.try_again(*worker.waiting()) == []
    assert worker.tell(message(image("alice"))) == []
    assert receiver.requests == []


def test_a_receiver_that_is_gone_is_told_nothing_more(worker: Worker, receiver: Receiver) -> None:
    receiver.answer = lambda _: 410
    subscribe("alice", receiver.url)
    worker.handle(message(image("alice")), message(image("alice")))
    for delivery in worker.waiting():
        assert worker.try_again(delivery) == []
    assert len(receiver.requests) == 1
    (webhook,) = subscriptions.of_owner(Owner("alice"))
    assert (webhook.disabled_reason, webhook.enabled, webhook.active_from) == ("gone", False, None)
    assert webhook.disabled_at is not None


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_any_answer_but_2xx_is_a_failure(worker: Worker, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda _: status
    subscribe("alice", receiver.url)
    assert len(worker.tell(message(image("alice")))) == 1


def test_one_failing_message_leaves_its_neighbours_done(worker: Worker, receiver: Receiver) -> None:
    subscribe("alice", receiver.url)
    receiver.answer = lambda request: 500 if '"bad"' in request.body else 200
    bad = message(image("alice", title="bad"))
    (again,) = worker.tell(message(image("alice")), bad, message(image("alice")), message(image("nobody")))
    assert again["body"] == bad["body"]


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
    worker: Worker, receiver: Receiver, quarantined: Callable[[], list[str]], record: dict[str, Any]
) -> None:
    subscribe("alice", receiver.url)
    assert worker.tell(message(image("alice")), record, message(image("alice"))) == []
    assert len(receiver.requests) == 2
    (poison,) = map(json.loads, quarantined())
    assert poison["handler"] == "deliver"
    assert poison["record"] == record


def test_poison_that_cannot_be_quarantined_comes_again(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("no queue today")

    monkeypatch.setattr(quarantine, "put", refuse)
    record = queue_record("not JSON", {})
    assert worker.handle(record, message(image("alice"))) == [record["messageId"]]


def test_a_settings_table_that_does_not_answer_fails_only_its_messages(
    worker: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe("alice", receiver.url)
    found = subscriptions.of_partition

    def of_partition(partition: str) -> list[Webhook]:
        if partition == "bob":
            raise Unavailable("throttled")
        return found(Partition(partition))

    monkeypatch.setattr(subscriptions, "of_partition", of_partition)
    bobs = message(image("bob"))
    assert worker.handle(bobs, message(image("alice"))) == [bobs["messageId"]]
    assert worker.try_again(*worker.waiting()) == []
    assert len(receiver.requests) == 1


def test_a_receiver_that_hangs_does_not_hold_up_the_others(
    worker: Worker, receiver: Receiver, alarms: list[Alarm]
) -> None:
    """It is called until the healthy one was told: otherwise this never ends."""
    told = threading.Event()
    hanging_at = threading.Barrier(PLACES_OF_AN_OWNER)

    def hang(_: Received) -> int:
        hanging_at.wait(PATIENCE_SECONDS)
        assert told.wait(PATIENCE_SECONDS)
        return ring(alarms)

    def tell(_: Received) -> int:
        told.set()
        return 200

    receiver.answer = tell
    with Receiver(hang) as hanging:
        for number in range(PLACES_OF_AN_OWNER + 4):
            subscribe("alice", f"{hanging.url}&n={number}")
        subscribe("bob", receiver.url)
        again = worker.tell(message(image("alice")), message(image("bob")))
    assert len(receiver.requests) == 1
    # Some were tried. The others went back as they were once these had timed out, unless one came into a place before.
    tries = [record["messageAttributes"].get("tries", {}).get("stringValue", "0") for record in again]
    assert len(tries) == PLACES_OF_AN_OWNER + 4
    assert set(tries) <= {"0", "1"}
    assert tries.count("1") >= PLACES_OF_AN_OWNER


def test_nothing_is_begun_that_the_invocation_has_no_time_for(worker: Worker, receiver: Receiver) -> None:
    subscribe("alice", receiver.url)
    worker.handle(message(image("alice")))
    (delivery,) = worker.waiting()
    (again,) = worker.try_again(delivery, seconds=12.0)
    assert (again["body"], again["messageAttributes"]) == (delivery["body"], delivery["messageAttributes"])
    assert receiver.requests == []


def test_the_pauses_between_tries_grow_and_end_before_a_message_expires() -> None:
    pauses = [pause_seconds(tries, jitter=0.0) for tries in range(1, 12)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 5
    assert pause_seconds(1, jitter=1.0) >= pause_seconds(1, jitter=0.0)
    with (ROOT / ".chalice" / "data.yaml").open() as template:
        queue = yaml.safe_load(template)["Resources"]["DeliverQueue"]["Properties"]
    assert sum(PAUSES_SECONDS) * 1.1 < queue["MessageRetentionPeriod"]


def test_a_failed_delivery_is_tried_eight_times_and_then_given_up_to_be_redriven(
    worker: Worker, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 500
    subscribe("alice", receiver.url)
    again = worker.tell(message(image("alice")))
    while again:
        again = worker.try_again(*again)
    assert len(receiver.requests) == 8
    assert [low <= asked <= low * 1.1 + 1 for asked, low in zip(worker.delays[1:3], PAUSES_SECONDS, strict=False)] == [
        True, True,
    ]  # fmt: skip
    # SQS delays a message by at most 15 minutes: a longer pause takes several.
    assert worker.delays[3:8] == [900] * 5
    (dead,) = worker.dead_letters()
    receiver.answer = lambda _: 200
    assert worker.try_again(dead) == []
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1


def test_a_receiver_that_has_accepted_nothing_yet_gets_fewer_tries(worker: Worker, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    webhook = subscribe("alice", receiver.url, has_accepted=False)
    again = worker.tell(message(image("alice")))
    while again:
        again = worker.try_again(*again)
    assert len(receiver.requests) == 4
    assert len(worker.dead_letters()) == 1
    receiver.answer = lambda _: 200
    worker.tell(message(image("alice")))
    assert find(webhook).accepted_at is not None
    receiver.answer = lambda _: 500
    again = worker.tell(message(image("alice")))
    while again:
        again = worker.try_again(*again)
    assert len(receiver.requests) == 4 + 1 + 8


def test_a_delivery_that_is_not_due_waits_as_it_was(worker: Worker, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    subscribe("alice", receiver.url)
    worker.handle(message(image("alice")))
    worker.handle(*worker.waiting())
    (early,) = worker.waiting(are_due=False)
    assert early["messageAttributes"]["tries"]["stringValue"] == "1"
    assert worker.handle(early) == []
    (again,) = worker.waiting(are_due=False)
    assert again["messageAttributes"]["tries"] == early["messageAttributes"]["tries"]
    assert len(receiver.requests) == 1


def test_a_message_that_could_not_be_worked_on_is_hidden_for_longer_each_time(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Partition) -> list[Webhook]:
        raise Unavailable("throttled")

    monkeypatch.setattr(subscriptions, "of_partition", fail)
    asked: list[dict[str, Any]] = []
    queues.unlinked_sqs().meta.events.register(
        "provide-client-params.sqs.ChangeMessageVisibility", lambda params, **_: asked.append(dict(params))
    )
    sqs, queue = aws("sqs"), os.environ["DELIVER_QUEUE_URL"]
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (held,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    for receives in (1, 3):
        record = message(image("alice"), receives=receives) | {"receiptHandle": held["ReceiptHandle"]}
        assert worker.handle(record) == [record["messageId"]]
    assert [each["ReceiptHandle"] for each in asked] == [held["ReceiptHandle"]] * 2
    first, third = (each["VisibilityTimeout"] for each in asked)
    assert 5 <= first <= 6
    assert 30 * 60 <= third <= 33 * 60


def test_a_message_that_cannot_be_hidden_is_reported_all_the_same(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Partition) -> list[Webhook]:
        raise Unavailable("throttled")

    monkeypatch.setattr(subscriptions, "of_partition", fail)
    record = message(image("alice")) | {"receiptHandle": "of nothing"}
    assert worker.handle(record) == [record["messageId"]]


def test_what_is_logged_names_no_url_and_no_secret(
    worker: Worker, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.answer = lambda _: 500
    webhook = subscribe("alice", receiver.url)
    worker.tell(message(image("alice", title="a private matter")))
    logged = capsys.readouterr()
    for private in ("of=mine", webhook.secret, "a private matter"):
        assert private not in logged.out + logged.err
    assert "answered 500" in logged.out


def test_messages_are_grouped_by_owner_so_that_sqs_hands_them_over_fairly(worker: Worker, receiver: Receiver) -> None:
    sent: list[dict[str, Any]] = []
    for operation in ("SendMessage", "SendMessageBatch"):
        queues.unlinked_sqs().meta.events.register(
            f"provide-client-params.sqs.{operation}",
            lambda params, **_: sent.extend(params.get("Entries") or [params]),
        )
    receiver.answer = lambda _: 500
    for owner in ("alice", "b" * 255):
        subscribe(owner, receiver.url)
        worker.tell(message(image(owner)))
    groups = [entry["MessageGroupId"] for entry in sent]
    assert groups[0] == groups[1] != groups[2] == groups[3]
    assert max(map(len, groups)) <= 128


def test_no_message_continues_the_trace_of_the_one_before(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise Lambda takes the tries of one delivery for an endless loop, and drops the sixteenth message."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "deliver")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:a:15")
    headers: list[Any] = []
    queues.unlinked_sqs().meta.events.register_last(
        "before-call", lambda params, **_: headers.append(params["headers"])
    )
    queues.sqs().meta.events.register_last("before-call", lambda params, **_: headers.append(params["headers"]))
    for client in (queues.unlinked_sqs(), queues.sqs()):
        client.send_message(QueueUrl=os.environ["DELIVER_QUEUE_URL"], MessageBody="x")
    assert ["X-Amzn-Trace-Id" in each for each in headers] == [False, True]
