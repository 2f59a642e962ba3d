"""Each event goes out as a CloudEvent: in batches within SNS's bounds, what fails again, and none skipped."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event

from chalicelib import settings
from chalicelib.aws import quarantine, settings_table
from chalicelib.aws.errors import Refusal, TimedOut
from chalicelib.ledger import codec
from chalicelib.publishing import cloudevents, publisher, topic
from chalicelib.publishing.errors import PublishIncomplete
from chalicelib.todos import ids
from chalicelib.todos.errors import Unavailable
from chalicelib.webhooks import presence, subscriptions
from stack.deploy import templates
from tests.support.lambda_events import OCCURRED_AT, image, stream_batch, stream_record
from tests.support.paths import ROOT
from tests.triggers.delivery.conftest import aws

Handler = Callable[[dict[str, Any]], None]


class FakeTopic:
    """Takes what `PublishBatch` is given; `failing` names, by call and position, what of it fails."""

    def __init__(self, failing: Callable[[int, int], str | None] = lambda call, position: None) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.failing = failing
        self.arrived: list[dict[str, Any]] = []

    def publish_batch(
        self,
        TopicArn: str,  # noqa: N803
        PublishBatchRequestEntries: list[dict[str, Any]],  # noqa: N803
    ) -> dict[str, Any]:
        call = len(self.calls)
        self.calls.append(PublishBatchRequestEntries)
        answer: dict[str, Any] = {"Successful": [], "Failed": []}
        for position, entry in enumerate(PublishBatchRequestEntries):
            code = self.failing(call, position)
            if code is None:
                self.arrived.append(json.loads(entry["Message"]))
                answer["Successful"].append({"Id": entry["Id"], "MessageId": "m"})
            else:
                answer["Failed"].append({"Id": entry["Id"], "Code": code, "SenderFault": False})
        return answer

    @property
    def ids(self) -> list[str]:
        return [message["id"] for message in self.arrived]


@pytest.fixture
def handler(app: Any) -> Handler:
    """Calls the handler as Lambda does."""
    call: Handler = lambda event: app.publish(event, None)  # noqa: E731
    return call


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeTopic:
    fake = FakeTopic()
    monkeypatch.setattr(topic, "sns", cache(lambda: fake))
    return fake


def ids_of(*images: dict[str, Any]) -> list[str]:
    return [each["event_id"]["S"] for each in images]


def test_the_message_is_a_cloudevent_with_the_event_and_the_state(handler: Handler) -> None:
    sns, sqs = aws("sns"), aws("sqs")
    queue = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(
        TopicArn=os.environ["EVENTS_TOPIC_ARN"],
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"RawMessageDelivery": "true"},
    )
    todo_id = "0190b3f4-0000-7000-8000-000000000001"
    event = image("a/b", todo_id=todo_id, version=3, type="TodoEdited", list="Groß & klein", tags=["käse"])
    handler(stream_batch(event))
    (message,) = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"])["Messages"]

    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    expected = {"type": "TodoEdited", "owner": "a%2Fb", "list": ids.encode_list("Groß & klein"), "webhooks": "none"}
    assert attributes == expected

    parsed = from_http_event(HTTPMessage({"content-type": cloudevents.MEDIA_TYPE}, message["Body"].encode()))
    assert parsed.get_specversion() == "1.0"
    assert parsed.get_id() == event["event_id"]["S"]
    assert parsed.get_source() == f"https://todo.example/todos/{todo_id}"
    assert parsed.get_type() == "todo-ledger.TodoEdited"
    assert parsed.get_subject() == todo_id
    assert parsed.get_datacontenttype() == "application/json"
    assert parsed.get_time() == datetime.fromisoformat(OCCURRED_AT)
    data = parsed.get_data()
    assert isinstance(data, dict)
    assert data["event"] == {
        "version": 3,
        "type": "TodoEdited",
        "event_id": event["event_id"]["S"],
        "occurred_at": OCCURRED_AT,
        "actor": "a/b",
        "client": None,
        "operation": None,
        "undoes": None,
        "direction": None,
        "change": {"title": "Buy milk"},
        "correlation_id": "request-1",
        "causation_id": None,
    }
    assert data["state"]["title"] == "Buy milk"
    assert data["state"]["tags"] == ["käse"]
    assert data["state"]["notes"] is None
    assert data["state"]["url"] == parsed.get_source()
    assert (data["state"]["id"], data["state"]["version"]) == (todo_id, 3)


def test_the_deliver_queue_gets_events_of_owners_with_webhooks_alone(handler: Handler) -> None:
    sns, sqs = aws("sns"), aws("sqs")
    queue = settings.deliver_queue_url()
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = templates.load(ROOT / ".chalice" / "data.yaml")["Resources"]["DeliverSubscription"]["Properties"]
    attributes = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps(subscription["FilterPolicy"])}
    sns.subscribe(TopicArn=os.environ["EVENTS_TOPIC_ARN"], Protocol="sqs", Endpoint=arn, Attributes=attributes)
    # Not verified yet, as each is at first.
    subscriptions.create(ids.Owner("alice"), "1", "http://127.0.0.1:1/")
    alices = image("alice")
    handler(stream_batch(image("bob"), alices))
    # Of who republishes, nothing is known.
    republished = image("bob")
    publisher.publish([codec.decode(republished)])
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert {json.loads(message["Body"])["id"] for message in received} == set(ids_of(alices, republished))


def is_marked(entry: dict[str, Any]) -> bool:
    return "webhooks" in entry["MessageAttributes"]


def test_webhooks_are_looked_for_once_for_all_events_of_an_owner(
    handler: Handler, fake: FakeTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def look(partition: str) -> bool:
        looked.append(partition)
        return partition == "alice"

    monkeypatch.setattr(presence, "may_have_webhooks", look)
    handler(stream_batch(image("bob"), image("alice"), image("bob"), image("alice")))
    assert looked == ["bob", "alice"]
    assert [is_marked(entry) for entry in fake.calls[0]] == [True, False, True, False]
    # Nothing is remembered: a webhook may be there the next time.
    handler(stream_batch(image("bob")))
    assert looked == ["bob", "alice", "bob"]


def test_where_webhooks_cannot_be_looked_for_they_are_assumed(
    handler: Handler, fake: FakeTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> list[Any]:
        raise Unavailable("throttled")

    monkeypatch.setattr(settings_table, "newest", fail)
    handler(stream_batch(image("bob")))
    assert not is_marked(fake.calls[0][0])


def test_without_a_public_address_the_source_is_a_relative_reference(
    handler: Handler, fake: FakeTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "")
    todo_id = "0190b3f4-0000-7000-8000-000000000001"
    handler(stream_batch(image(todo_id=todo_id)))
    assert fake.arrived[0]["source"] == f"/todos/{todo_id}"


def test_what_sqs_would_refuse_goes_out_escaped(handler: Handler, fake: FakeTopic) -> None:
    handler(stream_batch(image(title="\x00\x0b\ufffe\uffff😀")))
    assert fake.calls[0][0]["Message"].isascii()
    assert fake.arrived[0]["data"]["state"]["title"] == "\x00\x0b\ufffe\uffff😀"


def test_an_event_type_from_the_future_goes_out(handler: Handler, fake: FakeTopic) -> None:
    handler(stream_batch(image(type="TodoTeleported", location="Mars")))
    assert fake.arrived[0]["type"] == "todo-ledger.TodoTeleported"


def test_a_hundred_events_go_out_in_ten_requests_in_their_order(handler: Handler, fake: FakeTopic) -> None:
    events = [image() for _ in range(100)]
    handler(stream_batch(*events))
    assert [len(call) for call in fake.calls] == [10] * 10
    assert fake.ids == ids_of(*events)


@pytest.mark.parametrize("size", [1_000, 30_000, 60_000, 61_000])
def test_no_request_is_larger_than_sns_takes(handler: Handler, fake: FakeTopic, size: int) -> None:
    events = [image(notes="x" * size) for _ in range(25)]
    handler(stream_batch(*events))
    assert fake.ids == ids_of(*events)
    for call in fake.calls:
        bodies = sum(len(entry["Message"]) for entry in call)
        attributes = sum(
            len(name + "String" + value["StringValue"])
            for entry in call
            for name, value in entry["MessageAttributes"].items()
        )
        assert bodies + attributes <= 240_000
        assert len(call) <= 10


def test_the_largest_event_fits_whatever_its_characters() -> None:
    # 64 KB are the whole event's, in UTF-8; every character of these takes three bytes for each one of UTF-8.
    event = image(notes="ü" * 30_000, list="ü" * 100)
    stored = codec.decode(event)
    body = cloudevents.dumps(cloudevents.cloudevent(stored, "https://todo.example"))
    message = topic.Message(body, cloudevents.attributes_of(stored))
    assert message.size < topic.MAX_BATCH_BYTES


def test_what_fails_of_a_batch_is_sent_again_and_nothing_else(handler: Handler, fake: FakeTopic) -> None:
    events = [image() for _ in range(10)]
    fake.failing = lambda call, position: "InternalError" if call == 0 and position in (2, 7) else None
    handler(stream_batch(*events))
    assert [len(call) for call in fake.calls] == [10, 2]
    assert sorted(fake.ids) == sorted(ids_of(*events))


def test_what_fails_for_good_raises_after_the_others_went_out(handler: Handler, fake: FakeTopic) -> None:
    events = [image() for _ in range(25)]
    stubborn = events[3]["event_id"]["S"]

    def failing(call: int, position: int) -> str | None:
        return "Throttled" if json.loads(fake.calls[call][position]["Message"])["id"] == stubborn else None

    fake.failing = failing
    with pytest.raises(PublishIncomplete, match="1 messages could not be published: Throttled"):
        handler(stream_batch(*events))
    assert sorted(fake.ids) == sorted(set(ids_of(*events)) - {stubborn})
    tries = sum(json.loads(entry["Message"])["id"] == stubborn for call in fake.calls for entry in call)
    assert tries == topic.MAX_TRIES


def test_a_message_that_an_answer_does_not_name_is_sent_again(
    handler: Handler, fake: FakeTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = fake.publish_batch

    def forgetful(**request: Any) -> dict[str, Any]:
        answer = send(**request)
        return {"Successful": answer["Successful"][1:]} if len(fake.calls) == 1 else answer

    monkeypatch.setattr(fake, "publish_batch", forgetful)
    events = [image() for _ in range(3)]
    handler(stream_batch(*events))
    assert [len(call) for call in fake.calls] == [3, 1]


THROTTLED: Any = {"Error": {"Code": "Throttling"}, "ResponseMetadata": {"HTTPStatusCode": 429}}


@pytest.mark.parametrize(
    "error",
    [
        Refusal(THROTTLED, "PublishBatch"),
        Refusal({"Error": {"Code": "AuthorizationError"}}, "PublishBatch"),
        TimedOut(),
    ],
)
def test_a_request_that_fails_as_a_whole_is_tried_again_and_then_raises(
    handler: Handler, fake: FakeTopic, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    left = [2]
    send = fake.publish_batch

    def failing(**request: Any) -> dict[str, Any]:
        left[0] -= 1
        if left[0] >= 0:
            raise error
        return send(**request)

    monkeypatch.setattr(fake, "publish_batch", failing)
    handler(stream_batch(image(), image()))
    assert len(fake.arrived) == 2
    left[0] = topic.MAX_TRIES
    with pytest.raises(PublishIncomplete):
        handler(stream_batch(image(), image()))


def test_a_message_that_the_topic_refuses_for_good_goes_to_the_quarantine(
    handler: Handler, fake: FakeTopic, quarantined: Callable[[], list[str]]
) -> None:
    events = [image(version=n) for n in (1, 2, 3)]
    fake.failing = lambda call, position: "InvalidParameter" if position == 1 else None
    handler(stream_batch(*events))
    assert len(fake.calls) == 1
    (poison,) = map(json.loads, quarantined())
    assert poison["keys"] == {"stream_id": events[1]["stream_id"]["S"], "version": 2}


def test_a_message_that_is_too_large_even_alone_is_refused_before_it_is_sent(
    environment: None, fake: FakeTopic
) -> None:
    small, large = topic.Message('{"id": 1}', {}), topic.Message("x" * (256 * 1024 + 1), {})
    refused = topic.publish([small, large, small])
    assert [message for message, _ in refused] == [large]
    assert len(fake.arrived) == 2


def broken(**changes: Any) -> dict[str, Any]:
    event = image(todo_id="broken")
    for name, value in changes.items():
        if value is None:
            del event[name]
        else:
            event[name] = value
    return event


@pytest.mark.parametrize(
    "poison",
    [
        broken(state={"S": "{"}),
        broken(state={"S": "[]"}),
        broken(state={"N": "1"}),
        broken(change={"S": "null"}),
        broken(stream_id={"S": "nobody's"}),
        broken(event_id=None),
        broken(version={"N": "one"}),
        broken(state={"S": "[" * 100_000}),
    ],
)
def test_poison_in_the_middle_goes_to_the_quarantine_whole_and_the_others_go_out(
    handler: Handler, fake: FakeTopic, quarantined: Callable[[], list[str]], poison: dict[str, Any]
) -> None:
    before, after = image(), image()
    record = stream_record(poison)
    handler({"Records": [stream_record(before), record, stream_record(after)]})
    assert fake.ids == ids_of(before, after)
    (found,) = map(json.loads, quarantined())
    assert found["handler"] == "publish"
    assert found["record"] == record
    assert found["sequence_number"] == "111"
    assert found["error"]


def test_a_quarantine_that_cannot_be_written_raises(
    handler: Handler, fake: FakeTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("no queue today")

    monkeypatch.setattr(quarantine, "put", refuse)
    with pytest.raises(ConnectionError):
        handler(stream_batch(image(), broken(state={"S": "{"})))


def test_a_record_that_brings_no_event_is_passed_over(handler: Handler, fake: FakeTopic) -> None:
    event = image()
    handler({"Records": [stream_record(None, "REMOVE"), stream_record(event)]})
    assert fake.ids == ids_of(event)


def test_events_of_the_ledger_go_out_the_same_way(environment: None, fake: FakeTopic) -> None:
    event = image()
    publisher.publish([codec.decode(event)])
    assert fake.ids == ids_of(event)


def test_messages_are_grouped_by_owner_so_that_queues_behind_the_topic_are_fair(
    handler: Handler, fake: FakeTopic
) -> None:
    handler(stream_batch(image("alice"), image("alice"), image("b" * 255)))
    first, second, third = (entry["MessageGroupId"] for call in fake.calls for entry in call)
    assert first == second != third
    assert max(len(first), len(third)) <= 128
