"""On a deployed stack: a webhook is told over HTTP, and another team subscribes with the template that we ship."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from chalicelib.todos import ids
from chalicelib.webhooks import subscriptions
from stack.local.local_stack import LocalStack
from tests.support.client import Client
from tests.support.paths import ROOT
from tests.support.receiver import Receiver
from tests.support.reset import become, forget_everything
from tests.support.waiting import PATIENCE_SECONDS, eventually
from tests.support.webhooks import put_in_force

TEMPLATE = ROOT / ".chalice" / "subscriber.yaml"


@pytest.fixture
def owner() -> str:
    return f"owner-{uuid.uuid4()}"


@pytest.fixture
def client(stack: LocalStack, owner: str) -> Client:
    return Client(stack.url, stack.token(owner))


class Subscriber:
    """Another team's stack, and its queue."""

    def __init__(self, stack: LocalStack, **parameters: str) -> None:
        self._cloudformation = stack.deployment.client("cloudformation")
        self._sqs = stack.deployment.client("sqs")
        self._name = f"team-{uuid.uuid4().hex[:8]}"
        self._cloudformation.create_stack(
            StackName=self._name,
            TemplateBody=TEMPLATE.read_text(),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in {"Stage": "local", "Name": self._name, **parameters}.items()
            ],
        )
        self._cloudformation.get_waiter("stack_create_complete").wait(
            StackName=self._name, WaiterConfig={"Delay": 1, "MaxAttempts": int(PATIENCE_SECONDS)}
        )
        (described,) = self._cloudformation.describe_stacks(StackName=self._name)["Stacks"]
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
        self.received: list[dict[str, Any]] = []

    def delete(self) -> None:
        self._cloudformation.delete_stack(StackName=self._name)

    def receive(self, until: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Read the queue until what came, all in all, is what was waited for."""

        def has_come() -> bool:
            answer = self._sqs.receive_message(
                QueueUrl=self.outputs["QueueUrl"],
                MaxNumberOfMessages=10,
                WaitTimeSeconds=1,
                MessageAttributeNames=["All"],
            )
            for message in answer.get("Messages", []):
                self.received.append(message)
                self._sqs.delete_message(QueueUrl=self.outputs["QueueUrl"], ReceiptHandle=message["ReceiptHandle"])
            return until(self.received)

        eventually(has_come)
        return self.received


@pytest.fixture
def subscribe(stack: LocalStack) -> Iterator[Callable[..., Subscriber]]:
    made: list[Subscriber] = []

    def subscribe(**parameters: str) -> Subscriber:
        made.append(Subscriber(stack, **parameters))
        return made[-1]

    yield subscribe
    for each in made:
        each.delete()


def types_of(messages: list[dict[str, Any]]) -> list[str]:
    return [json.loads(message["Body"])["type"] for message in messages]


@pytest.fixture
def add_webhook(stack: LocalStack, client: Client, owner: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Subscribes a receiver, and waits until it has repeated its challenge; then it is as if that were long ago."""
    become(monkeypatch, stack.environment())
    forget_everything()

    def add(**fields: Any) -> dict[str, Any]:
        made = client.post("/webhooks", fields).json()
        eventually(lambda: client.get(f"/webhooks/{made['id']}").json()["active_from"] is not None)
        verified = subscriptions.find(ids.partition_of(ids.Owner(owner)), made["id"])
        assert verified is not None
        put_in_force(verified)
        webhook: dict[str, Any] = made
        return webhook

    yield add
    forget_everything()


def test_a_todo_that_is_posted_reaches_the_webhook_signed(client: Client, stack: LocalStack, add_webhook: Any) -> None:
    with Receiver() as receiver:
        webhook = add_webhook(url=receiver.url)
        todo = client.create()
        (request,) = receiver.wait_for(1)
    event = request.verified(webhook["secret"])
    assert event["type"] == "todo-ledger.TodoCreated"
    assert event["source"] == f"{stack.url}/todos/{todo['id']}"
    assert event["data"]["state"] == todo
    assert event["id"] == request.headers["webhook-id"]


def test_a_receiver_that_fails_is_told_again(client: Client, add_webhook: Any) -> None:
    answers = [500, 200]
    with Receiver(lambda _: answers.pop(0)) as receiver:
        webhook = add_webhook(url=receiver.url)
        client.create()
        first, second = receiver.wait_for(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    second.verified(webhook["secret"])


def test_a_webhook_is_told_of_the_types_and_lists_that_it_wants(client: Client, add_webhook: Any) -> None:
    with Receiver() as receiver:
        wanted = {"url": receiver.url, "types": ["TodoCompleted", "TodoDeleted"], "lists": ["work / home"]}
        add_webhook(**wanted)
        for name in ("inbox", "work / home"):
            todo = client.create(list=name)
            assert client.patch(f"/todos/{todo['id']}", {"completed": True}).status_code == 200
            assert client.delete(f"/todos/{todo['id']}").status_code == 204
        found = receiver.wait_for(2)
    events = [json.loads(request.body) for request in found]
    assert {event["type"] for event in events} == {"todo-ledger.TodoCompleted", "todo-ledger.TodoDeleted"}
    assert {event["subject"] for event in events} == {todo["id"]}


def test_another_team_gets_the_events_that_it_filtered_for_and_no_others(
    client: Client, owner: str, subscribe: Callable[..., Subscriber]
) -> None:
    everything = subscribe(Owners=owner)
    completed = subscribe(Owners=owner, Types="TodoCompleted,TodoReopened")
    one_list = subscribe(Owners=owner, Lists=ids.encode_list("a, b & ü"))
    both = subscribe(Owners=owner, Types="TodoCompleted", Lists=ids.encode_list("a, b & ü"))
    somebody_else = subscribe(Owners="somebody-else")
    for name in ("inbox", "a, b & ü"):
        todo = client.create(list=name)
        assert client.patch(f"/todos/{todo['id']}", {"completed": True}).status_code == 200

    everything.receive(lambda came: len(came) >= 4)
    # The topic fans out to all of them together: what the first has of a message, the others have or never get.
    assert len(completed.receive(lambda came: len(came) >= 2)) == 2
    assert len(one_list.receive(lambda came: len(came) >= 2)) == 2
    assert len(both.receive(lambda came: len(came) >= 1)) == 1
    assert set(types_of(completed.received)) == {"todo-ledger.TodoCompleted"}
    assert sorted(types_of(one_list.received)) == ["todo-ledger.TodoCompleted", "todo-ledger.TodoCreated"]
    assert types_of(both.received) == ["todo-ledger.TodoCompleted"]
    for subscriber in (completed, one_list, both, somebody_else):
        assert subscriber._sqs.receive_message(QueueUrl=subscriber.outputs["QueueUrl"]).get("Messages", []) == []


def test_a_subscriber_gets_the_cloudevent_itself_with_its_attributes(
    client: Client, owner: str, subscribe: Callable[..., Subscriber]
) -> None:
    subscriber = subscribe(Owners=owner)
    todo = client.create()
    (message,) = subscriber.receive(lambda came: len(came) >= 1)
    assert json.loads(message["Body"])["data"]["state"] == todo
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes == {"type": "TodoCreated", "owner": owner, "list": "inbox", "webhooks": "none"}


def test_without_a_filter_a_subscriber_gets_everything(client: Client, subscribe: Callable[..., Subscriber]) -> None:
    subscriber = subscribe()
    todo = client.create()
    subscriber.receive(lambda came: any(json.loads(each["Body"])["subject"] == todo["id"] for each in came))


def test_the_template_says_what_no_engine_shows() -> None:
    resources = yaml.safe_load(TEMPLATE.read_text())["Resources"]
    queue, dead_letters = resources["Queue"]["Properties"], resources["DeadLetterQueue"]["Properties"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    assert queue["MessageRetentionPeriod"] == dead_letters["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert queue["SqsManagedSseEnabled"]
    assert dead_letters["SqsManagedSseEnabled"]
    subscription = resources["Subscription"]["Properties"]
    assert subscription["RawMessageDelivery"]
    assert subscription["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    assert resources["Subscription"]["DependsOn"] == "QueuePolicy"
    (statement,) = resources["QueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert set(statement["Condition"]["ArnEquals"]) == {"aws:SourceArn"}
