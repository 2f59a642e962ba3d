"""republish publishes the ledger's events since an instant again, unchanged."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.aws.sqs import sqs
from chalicelib.publishing import topic
from stack import cli, progress
from stack.operate import republish
from tests.operate.live.commanding import Owner
from tests.support.faults import refusals
from tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.usefixtures("environment")


@pytest.fixture
def owner() -> Owner:
    return Owner()


class Subscribed:
    """A queue that gets one owner's events from the topic."""

    def __init__(self, owner: Owner) -> None:
        self._sqs, self._sns = sqs(), topic.sns()
        self.url = self._sqs.create_queue(QueueName=f"receiver-{uuid.uuid4().hex}")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self._subscription = self._sns.subscribe(
            TopicArn=settings.events_topic_arn(),
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"owner": [owner.partition]})},
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]

    def delete(self) -> None:
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self.url)

    def take(self, count: int) -> list[str]:
        """The bodies that come next, so many of them, in the order of their text; and nothing lies behind them."""
        taken: list[str] = []
        for _ in range(int(PATIENCE_SECONDS)):
            answer = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                taken.append(message["Body"])
                self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            if len(taken) >= count:
                break
        assert len(taken) == count
        assert "Messages" not in self._sqs.receive_message(QueueUrl=self.url)
        return sorted(taken)

    def take_all(self) -> list[str]:
        """What lies there now."""
        names = ["ApproximateNumberOfMessages"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return self.take(int(attributes[names[0]]))


@pytest.fixture
def queue(owner: Owner, environment: None) -> Iterator[Subscribed]:
    queue = Subscribed(owner)
    yield queue
    queue.delete()


def ids(bodies: list[str]) -> list[str]:
    return sorted(json.loads(body)["id"] for body in bodies)


def happened(owner: Owner, todo_id: str, version: int) -> str:
    instant: str = owner.event(todo_id, version)["occurred_at"]["S"]
    return instant


@contextmanager
def before_each_batch(act: Callable[[int], AWSResponse | None]) -> Iterator[None]:
    """Something happens, or is answered, in place of a request to the topic; it is told which one, from 1."""
    sent = 0

    def step_in(**_: Any) -> AWSResponse | None:
        nonlocal sent
        sent += 1
        return act(sent)

    event = "before-send.sns.PublishBatch"
    topic.sns().meta.events.register(event, step_in)
    try:
        yield
    finally:
        topic.sns().meta.events.unregister(event, step_in)


class Throttled:
    """As much of a raw HTTP response as botocore reads."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield b"<ErrorResponse><Error><Code>Throttling</Code><Message>injected</Message></Error></ErrorResponse>"


def throttled() -> AWSResponse:
    return AWSResponse("http://127.0.0.1/", 400, HTTPHeaders.from_dict({"Content-Type": "text/xml"}), Throttled())


def test_every_event_since_the_instant_comes_once_more_and_none_before(owner: Owner, queue: Subscribed) -> None:
    before = owner.create("Before")
    todo_id = owner.create("Edited since")
    owner.edit(todo_id, title="Since")
    owner.delete(todo_id)
    first = {json.loads(body)["id"]: body for body in queue.take(4)}

    done = republish.republish(happened(owner, todo_id, 2))

    since = [owner.event(todo_id, version)["event_id"]["S"] for version in (2, 3)]
    assert queue.take(2) == sorted(first[each] for each in since), "the same ids, and the same bodies"
    assert done.handed_over == 2
    republish.republish(happened(owner, before, 1))
    assert set(ids(queue.take_all())) >= set(first)


def test_the_instant_may_be_written_in_any_offset_or_be_a_day(owner: Owner, queue: Subscribed) -> None:
    owner.create()
    queue.take(1)
    for since, count in (("2000-01-01", 1), ("2000-01-01T00:00:00+14:00", 1), ("9999-12-31t23:59:59.5-00:00", 0)):
        republish.republish(since)
        assert len(queue.take(count)) == count, since


def test_a_receiver_that_drops_what_it_knows_by_id_has_each_once(owner: Owner, queue: Subscribed) -> None:
    todos = [owner.create(str(number)) for number in range(3)]
    known = {json.loads(body)["id"]: body for body in queue.take(3)}

    for _ in range(2):
        republish.republish(happened(owner, todos[0], 1))

    again = queue.take(6)
    assert {json.loads(body)["id"]: body for body in again} == known


def test_throttled_for_a_moment_it_goes_on(owner: Owner, queue: Subscribed) -> None:
    todos = [owner.create(str(number)) for number in range(12)]
    known = ids(queue.take(12))

    with before_each_batch(lambda number: throttled() if number in (1, 3) else None):
        republish.republish(happened(owner, todos[0], 1))

    assert ids(queue.take(12)) == known


def test_throttled_for_long_it_says_so_and_done_again_it_is_complete(
    owner: Owner, queue: Subscribed, capsys: pytest.CaptureFixture[str]
) -> None:
    todos = [owner.create(str(number)) for number in range(12)]
    known = ids(queue.take(12))
    command = ["republish", "--since", happened(owner, todos[0], 1)]

    with before_each_batch(lambda number: throttled() if number > 1 else None):
        assert cli.main(command) == 1
    told = capsys.readouterr()
    assert told.err.splitlines()[-1].startswith("error: not everything was published; run it again later: ")
    assert told.out == ""
    assert cli.main(command) == 0

    came = ids(queue.take_all())
    assert 12 < len(came) < 24
    assert sorted(set(came)) == known


def test_killed_in_the_middle_and_done_again_it_is_complete(owner: Owner, queue: Subscribed) -> None:
    todos = [owner.create(str(number)) for number in range(12)]
    known = ids(queue.take(12))
    since = happened(owner, todos[0], 1)

    def kill(number: int) -> None:
        if number == 2:
            raise KeyboardInterrupt

    with before_each_batch(kill):
        assert cli.main(["republish", "--since", since]) == 130
    assert 0 < len(queue.take_all()) < 12
    republish.republish(since)

    assert ids(queue.take(12)) == known


def test_a_ledger_that_cannot_be_read_is_one_line(owner: Owner, capsys: pytest.CaptureFixture[str]) -> None:
    with refusals("Scan", "AccessDeniedException"):
        assert cli.main(["republish", "--since", "2026-01-01"]) == 1
    assert capsys.readouterr().err == (
        "error: An error occurred (AccessDeniedException) when calling the Scan operation: injected\n"
    )


def test_what_is_no_event_is_put_aside_and_the_others_go_out(owner: Owner, queue: Subscribed) -> None:
    todo_id = owner.create()
    queue.take(1)
    broken = {"stream_id": {"S": owner.stream(str(uuid.uuid4()))}, "version": {"N": "1"}}
    queues = sqs()
    queues.purge_queue(QueueUrl=settings.quarantine_queue_url())
    dynamodb.client().put_item(TableName=settings.events_table(), Item=broken)
    try:
        republish.republish(happened(owner, todo_id, 1))

        assert len(queue.take(1)) == 1
        aside = queues.receive_message(QueueUrl=settings.quarantine_queue_url(), MaxNumberOfMessages=10)["Messages"]
        assert broken in [
            (json.loads(message["Body"])["record"] or {})["dynamodb"].get("NewImage") for message in aside
        ]
    finally:
        dynamodb.client().delete_item(TableName=settings.events_table(), Key=broken)
        queues.purge_queue(QueueUrl=settings.quarantine_queue_url())


@pytest.mark.parametrize("since", ["yesterday", "", "2026-13-01", "2026-11-20 09:00", "1763600000"])
def test_what_is_no_instant_is_refused_in_words(since: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["republish", "--since", since])
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert f"argument --since: {since!r}: " in told.err
    assert told.out == ""


def test_how_far_it_is_goes_to_standard_error_alone(
    owner: Owner, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner.create()
    monkeypatch.setattr(progress, "LINE_EVERY_SECONDS", 0.0)

    assert cli.main(["republish", "--since", "9999-01-01"]) == 0

    told = capsys.readouterr()
    assert told.err.startswith("republishing: ")
    (line,) = told.out.splitlines()
    assert line.endswith(" events examined, 0 of them handed to the topic")
