"""AWS in this process (moto), with the handlers imported inside of it."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable, Iterator
from functools import cache, wraps
from types import SimpleNamespace
from typing import Any, Literal

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer
from botocore.client import BaseClient

from chalicelib.aws.sqs import unlinked_sqs
from chalicelib.webhooks import http_post
from tests.support.aws_in_process import aws_in_process
from tests.support.in_process import InProcess
from tests.support.lambda_events import Context, queue_batch, queue_record
from tests.support.receiver import Receiver
from tests.support.reset import become

__all__ = ["aws_in_process"]

SECONDS_OF_A_LAMBDA = 60.0
VARIABLES = {
    "EVENTS_TABLE": "events",
    "SETTINGS_TABLE": "settings",
    "DELIVERIES_TABLE": "deliveries",
    "PUBLIC_URL": "https://todo.example",
    "WEBHOOKS_ALLOW_PRIVATE": "1",
}

QUEUES = {
    "QUARANTINE_QUEUE_URL": "quarantine",
    "DELIVER_QUEUE_URL": "deliver",
    "DELIVER_DEAD_LETTERS_URL": "dead-letters",
}


@pytest.fixture
def environment(aws_in_process: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's settings, and its queues, topic and tables."""
    become(monkeypatch, VARIABLES)
    monkeypatch.setattr("chalicelib.aws.retry.FIRST_SECONDS", 0.0)
    client: Any = BaseClient
    monkeypatch.setattr(client, "_make_api_call", one_at_a_time(client._make_api_call))
    sqs, sns = aws("sqs"), aws("sns")
    for setting, queue in QUEUES.items():
        monkeypatch.setenv(setting, sqs.create_queue(QueueName=queue)["QueueUrl"])
    monkeypatch.setenv("EVENTS_TOPIC_ARN", sns.create_topic(Name="events")["TopicArn"])
    make_table("settings", "owner", "sk")
    make_table("deliveries", "id")


def one_at_a_time(call: Callable[..., Any]) -> Callable[..., Any]:
    """moto checks a condition and writes in two steps: of two threads both would win."""
    lock = threading.RLock()

    @wraps(call)
    def locked(*args: Any, **options: Any) -> Any:
        with lock:
            return call(*args, **options)

    return locked


@cache
def aws(service: Literal["dynamodb", "sns", "sqs"]) -> Any:
    """The test's own clients, made once: that takes longer than most of these tests."""
    return boto3.client(service)


def make_table(name: str, partition_key: str, sort_key: str | None = None) -> None:
    keys = {partition_key: "HASH"} | ({sort_key: "RANGE"} if sort_key else {})
    aws("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
    )


@pytest.fixture
def app(environment: None) -> Any:
    """The app, imported inside of the mock, as every handler is."""
    return importlib.import_module("app")


class Worker:
    """`deliver` and its queue, whose messages are there at once, however long they are to wait.

    Attributes
    ----------
    delays : list of int
        The seconds that each message was to wait, in the order in which they were sent.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self.delays: list[int] = []
        events = unlinked_sqs().meta.events
        events.register("provide-client-params.sqs.SendMessage", self._send_at_once)
        events.register("provide-client-params.sqs.SendMessageBatch", self._send_all_at_once)

    def handle(self, *records: dict[str, Any], seconds: float = SECONDS_OF_A_LAMBDA) -> list[str]:
        """Call the handler as Lambda does; the ids of the messages to be handed over again."""
        answer = self._app.deliver(queue_batch(*records), Context(seconds))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def waiting(self, *, are_due: bool = True, variable: str = "DELIVER_QUEUE_URL") -> list[dict[str, Any]]:
        """What lies in the queue, taken from it, when its time has come."""
        url, found = os.environ[variable], []
        while (
            taken := aws("sqs")
            .receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
            )
            .get("Messages")
        ):
            for message in taken:
                aws("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                values = {name: each["StringValue"] for name, each in message["MessageAttributes"].items()}
                if are_due:
                    values.pop("not_before", None)
                found.append(queue_record(message["Body"], values, message_id=message["MessageId"]))
        return found

    def dead_letters(self) -> list[dict[str, Any]]:
        return self.waiting(variable="DELIVER_DEAD_LETTERS_URL")

    def tell(self, *events: dict[str, Any], seconds: float = SECONDS_OF_A_LAMBDA) -> list[dict[str, Any]]:
        """Messages of the topic, and one try of what they are fanned out to; what waits to be tried again."""
        assert self.handle(*events) == []
        return self.try_again(*self.waiting(), seconds=seconds)

    def try_again(self, *records: dict[str, Any], seconds: float = SECONDS_OF_A_LAMBDA) -> list[dict[str, Any]]:
        """A try of each of these; what waits to be tried again."""
        for start in range(0, len(records), 10):
            assert self.handle(*records[start : start + 10], seconds=seconds) == []
        return self.waiting()

    def _send_at_once(self, params: dict[str, Any], **_: Any) -> None:
        self.delays.append(params.pop("DelaySeconds", 0))

    def _send_all_at_once(self, params: dict[str, Any], **_: Any) -> None:
        for entry in params["Entries"]:
            self._send_at_once(entry)


@pytest.fixture
def worker(app: Any) -> Worker:
    return Worker(app)


@pytest.fixture
def here(app: Any) -> InProcess:
    """The API in this process, for alice."""
    return InProcess("alice")


class Alarm:
    """Stands in for a `threading.Timer`: it goes off when a test says so, whatever the clock shows."""

    def __init__(self, seconds: float, ring: Callable[[], None]) -> None:
        self.seconds = seconds
        self.is_over = False
        self._ring = ring

    def start(self) -> None:
        """Only the test lets it go off."""

    def cancel(self) -> None:
        self.is_over = True

    def go_off(self) -> None:
        if not self.is_over:
            self._ring()


def ring(alarms: list[Alarm]) -> int:
    """The time of every request that is under way is over; the answer that comes too late."""
    for alarm in alarms:
        alarm.go_off()
    return 200


@pytest.fixture
def alarms(monkeypatch: pytest.MonkeyPatch) -> list[Alarm]:
    """The time limits of the requests that are sent, in their order."""
    made: list[Alarm] = []

    def timer(seconds: float, ring: Callable[[], None]) -> Alarm:
        made.append(Alarm(seconds, ring))
        return made[-1]

    monkeypatch.setattr(http_post, "threading", SimpleNamespace(Timer=timer, Lock=threading.Lock))
    return made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def deliveries(environment: None) -> Callable[[], list[dict[str, Any]]]:
    """The idempotency records as they are now."""
    plain = TypeDeserializer().deserialize
    return lambda: [
        {name: plain(value) for name, value in item.items()}
        for item in aws("dynamodb").scan(TableName="deliveries")["Items"]
    ]


@pytest.fixture
def quarantined(environment: None) -> Callable[[], list[str]]:
    """What lies in the quarantine."""

    def look() -> list[str]:
        found = aws("sqs").receive_message(
            QueueUrl=os.environ["QUARANTINE_QUEUE_URL"], MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return [each["Body"] for each in found.get("Messages", [])]

    return look
