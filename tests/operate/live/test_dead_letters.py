"""On a deployed stack: what a webhook's receiver keeps refusing becomes a dead letter, and comes back by `redrive`."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.webhooks.schedule import MAX_TRIES
from stack import cli
from stack.local.local_stack import LocalStack
from tests.operate.live.commanding import Owner
from tests.support.lambda_events import message
from tests.support.receiver import Receiver
from tests.support.waiting import eventually
from tests.support.webhooks import subscribe

QUEUE = "todo-ledger-local-deliver"

pytestmark = pytest.mark.usefixtures("environment")


class Queues:
    """The queue that `deliver` works on, and its dead letters."""

    def __init__(self, stack: LocalStack) -> None:
        self._sqs = stack.deployment.client("sqs")

    def send(self, record: dict[str, Any], **attributes: str) -> None:
        """A message to the queue, with more attributes."""
        found = {name: value["stringValue"] for name, value in record["messageAttributes"].items()} | attributes
        self._sqs.send_message(
            QueueUrl=self._sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"],
            MessageBody=record["body"],
            MessageAttributes={name: {"DataType": "String", "StringValue": text} for name, text in found.items()},
        )

    def waiting(self, queue: str) -> int:
        """How many messages there are, also those that somebody is working on."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        url = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    @property
    def dead_letters(self) -> int:
        return self.waiting(f"{QUEUE}-dead-letters")

    @property
    def are_empty(self) -> bool:
        return self.dead_letters == self.waiting(QUEUE) == 0


@pytest.fixture
def queues(stack: LocalStack) -> Queues:
    return Queues(stack)


@pytest.fixture
def owner() -> Owner:
    return Owner()


def redrive(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert cli.main(["redrive", "deliver-dead-letters", *options]) == 0
    return capsys.readouterr().out.splitlines()


def test_what_is_refused_to_the_last_waits_as_a_dead_letter_and_is_delivered_once_by_redrive(
    owner: Owner, queues: Queues, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {"status": 500}
    with Receiver(lambda _: answers["status"]) as receiver, Receiver() as other:
        # The test itself is what sends it the last try, which would come after a day.
        webhook = subscribe(owner.name, receiver.url, lists=["elsewhere"])
        subscribe(owner.name, other.url)
        todo_id = owner.create("Water the garlic")
        image = owner.event(todo_id, 1)
        event_id = image["event_id"]["S"]
        queues.send(message(image), webhook=webhook.webhook_id, tries=str(MAX_TRIES - 1))
        eventually(lambda: queues.dead_letters == 1)
        assert len(receiver.requests) == 1

        shown = redrive(capsys, "--dry-run")
        assert any(line.startswith("would go: ") and event_id in line for line in shown)
        assert shown[-1] == "1 would go back, 0 failed again and stay"
        assert (queues.dead_letters, len(receiver.requests)) == (1, 1)

        # It has all its tries again.
        too_early = redrive(capsys)
        assert too_early[-1] == "1 went back, 0 failed again and stay"
        eventually(lambda: len(receiver.requests) == 2)
        answers["status"] = 200
        eventually(lambda: queues.are_empty)
        assert redrive(capsys)[-1] == "0 went back, 0 failed again and stay"

        (delivered,) = receiver.requests[2:]
        event: dict[str, Any] = delivered.verified(webhook.secret)
        assert (event["id"], event["subject"]) == (event_id, todo_id)
        assert {request.headers["webhook-id"] for request in receiver.requests} == {event_id}
        assert len(other.requests) == 1, "who had taken it the first time is not told again"
