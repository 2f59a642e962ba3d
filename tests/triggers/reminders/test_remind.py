"""Reminders: the clock finds what is due, a queue spreads the work, and each todo is reminded of once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from chalicelib.aws.sqs import sqs
from chalicelib.commands import execute, reminders
from chalicelib.todos import content, ids, instants
from chalicelib.todos.decide import Create
from chalicelib.todos.ids import Owner, Partition
from chalicelib.views import queries, schema
from chalicelib.views.queries import DueReminder
from stack.local.local_stack import LocalStack
from tests.support.alone import Alone
from tests.support.client import Client
from tests.support.faults import refusals
from tests.support.lambda_events import SCHEDULED, queue_record
from tests.support.reset import become, forget_todos
from tests.support.waiting import at_once, shows

PAST = "2026-01-01T09:00:00+01:00"
LATER_PAST = "2026-01-02T09:00:00+01:00"
FUTURE = "2999-01-01T00:00:00Z"


def due(alone: Alone, **fields: Any) -> str:
    """A todo whose reminder has come, in the views too."""
    todo_id = alone.create(remind_at=PAST, **fields)
    alone.project()
    return todo_id


def page_of(alone: Alone, *todo_ids: str, remind_at: str = PAST, message_id: str = "m1") -> dict[str, Any]:
    partition = ids.partition_of(alone.owner)
    page = [DueReminder(partition, todo_id, instants.sortable(remind_at)) for todo_id in todo_ids]
    return queue_record(reminders.encode(page), message_id=message_id)


def test_what_is_due_is_reminded_of_by_an_event(alone: Alone) -> None:
    todo_id = due(alone)
    alone.remind()
    (message,) = alone.messages()
    assert alone.remind_page(message) == []
    created, reminded = alone.events(todo_id)
    assert (reminded.type, reminded.actor, reminded.change) == ("TodoReminded", "urn:todo-ledger:remind", {})
    assert reminded.causation_id == "remind_at:2026-01-01T08:00:00.000000Z"
    assert {**reminded.state, "reminded": None, "updated_at": None} == {**created.state, "updated_at": None}


def test_the_api_shows_the_event_and_nothing_of_what_is_kept_inside(alone: Alone) -> None:
    todo_id = due(alone)
    alone.remind_page(page_of(alone, todo_id))
    todo = alone.api().get(f"/todos/{todo_id}").json()
    assert "reminded" not in todo
    assert todo["remind_at"] == PAST
    history = alone.api().get(f"/todos/{todo_id}/events").json()
    assert [event["type"] for event in history] == ["TodoCreated", "TodoReminded"]
    assert alone.api().put(f"/todos/{todo_id}", todo, if_match='"2"').status_code == 200, "GET, edit, PUT works"


def test_once_it_is_in_the_views_it_is_not_found_again(alone: Alone) -> None:
    due(alone)
    alone.remind()
    alone.remind_page(*alone.messages())
    alone.project()
    alone.remind()
    assert alone.messages() == []


def test_until_then_finding_it_again_does_no_harm(alone: Alone) -> None:
    todo_id = due(alone)
    for _ in range(3):
        alone.remind()
        alone.remind_page(*alone.messages())
    assert alone.types(todo_id) == ["Created", "Reminded"]


def test_what_is_not_due_or_not_open_is_not_found(alone: Alone) -> None:
    alone.create(remind_at=FUTURE)
    alone.create(remind_at=PAST, completed=True)
    alone.create()
    deleted = alone.create(remind_at=PAST)
    alone.api().delete(f"/todos/{deleted}")
    alone.project()
    alone.remind()
    assert alone.messages() == []


def test_two_schedules_at_once_remind_once(alone: Alone) -> None:
    todo_ids = [alone.create(remind_at=PAST) for _ in range(10)]
    alone.project()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: alone.remind(), range(2)))
    messages = alone.messages()
    assert len(messages) == 2
    assert at_once([partial(alone.remind_page, message) for message in messages]) == [[], []]
    for todo_id in todo_ids:
        assert alone.types(todo_id) == ["Created", "Reminded"]


def test_workers_that_know_nothing_of_each_other_remind_once(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    """As above, but each put is decided on a version that nobody here remembers."""
    todo_id = due(alone)
    monkeypatch.setattr(execute._LatestEvents, "recall", lambda self, stream: None)
    page = page_of(alone, todo_id)
    assert at_once([lambda: alone.remind_page(page)] * 8) == [[]] * 8
    assert alone.types(todo_id) == ["Created", "Reminded"]


def test_the_same_message_twice_reminds_once(alone: Alone) -> None:
    todo_id = due(alone)
    message = page_of(alone, todo_id)
    assert alone.remind_page(message, message) == []
    assert alone.remind_page(message) == []
    assert alone.types(todo_id) == ["Created", "Reminded"]


def test_a_reminder_that_moved_meanwhile_is_given_when_it_is_due(alone: Alone) -> None:
    todo_id = due(alone)
    alone.remind()
    alone.patch(todo_id, remind_at=LATER_PAST)
    alone.remind_page(*alone.messages())
    assert alone.types(todo_id) == ["Created", "Edited"]
    alone.project()
    alone.remind()
    alone.remind_page(*alone.messages())
    assert alone.types(todo_id) == ["Created", "Edited", "Reminded"]


def test_after_one_reminder_another_may_be_set(alone: Alone) -> None:
    todo_id = due(alone)
    for remind_at in (None, LATER_PAST, FUTURE):
        if remind_at:
            alone.patch(todo_id, remind_at=remind_at)
        alone.project()
        alone.remind()
        alone.remind_page(*alone.messages())
    assert alone.types(todo_id) == ["Created", "Reminded", "Edited", "Reminded", "Edited"]


@pytest.mark.parametrize(
    ("meanwhile", "types"),
    [("PATCH", ["Created", "Completed"]), ("DELETE", ["Created", "Deleted"])],
    ids=["completed", "deleted"],
)
def test_what_is_over_meanwhile_is_not_reminded_of(alone: Alone, meanwhile: str, types: list[str]) -> None:
    todo_id = due(alone)
    alone.remind()
    assert alone.api().request(meanwhile, f"/todos/{todo_id}", {"completed": True}).status_code in (200, 204)
    assert alone.remind_page(*alone.messages()) == []
    assert alone.types(todo_id) == types


def test_a_todo_that_does_not_exist_is_not_a_failure(alone: Alone) -> None:
    assert alone.remind_page(page_of(alone, "0197e1f0-0000-7000-8000-000000000001")) == []


def many(alone: Alone, count: int, owners: int) -> None:
    """Todos of many owners whose reminders have come, straight into the ledger and the views."""

    def create(number: int) -> None:
        command = Create(content.validate({"title": f"t{number}", "remind_at": PAST}))
        owner = f"owner {number % owners}"
        request = execute.CommandRequest(
            owner=Owner(owner), todo_id=ids.new_uuid(), command=command, actor=owner, is_new=True
        )
        execute.execute(request)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(create, range(count)))
    alone.project()


def test_a_thousand_reminders_fan_out_into_pages(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many reads of each shard it takes to find them."""
    monkeypatch.setattr(queries, "_REMINDERS_AT_ONCE", 7)
    many(alone, count=1000, owners=40)
    alone.remind()
    messages = alone.messages()
    assert len(messages) == 10
    pages = [json.loads(message["body"])["reminders"] for message in messages]
    assert [len(page) for page in pages] == [100] * 10
    assert max(len(message["body"]) for message in messages) <= reminders.MAX_PAGE_BYTES
    assert len({tuple(each) for page in pages for each in page}) == 1000, "each once"
    for message in messages:
        assert alone.remind_page(message) == []
    alone.project()
    alone.remind()
    assert alone.messages() == []


def test_a_run_that_is_short_of_time_stops_between_pages_and_the_next_goes_on(alone: Alone) -> None:
    many(alone, count=250, owners=20)
    # Enough for its sixteen shards, until the first page is sent.
    left = iter([60_000] * 10_000)
    sent: list[Any] = []

    def remaining() -> int:
        return 1_000 if sent else next(left)

    client = sqs()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "chalicelib.commands.reminders.sqs",
            lambda: SimpleNamespace(send_message=lambda **message: sent.append(client.send_message(**message))),
        )
        alone.remind(SimpleNamespace(get_remaining_time_in_millis=remaining))
    first = alone.messages()
    assert [len(json.loads(message["body"])["reminders"]) for message in first] == [100]
    alone.remind_page(*first)
    alone.project()
    alone.remind()
    assert sum(len(json.loads(message["body"])["reminders"]) for message in alone.messages()) == 150


def test_an_unreadable_shard_is_reported_after_the_others_were_handed_on(alone: Alone, impatient: None) -> None:
    many(alone, count=64, owners=64)
    with (
        refusals("Query", "ProvisionedThroughputExceededException", body_contains='":shard": {"N": "3"}') as refused,
        pytest.raises(Exception, match="injected"),
    ):
        alone.remind()
    assert refused["Query"] > 0
    found = [each for message in alone.messages() for each in json.loads(message["body"])["reminders"]]

    def shard(partition: str) -> str:
        return schema.index_attributes(Partition(partition), "id", '{"remind_at":"2026-01-01"}')["remind_shard"]["N"]

    expected = {f"owner%20{number}" for number in range(64) if shard(f"owner%20{number}") != "3"}
    assert {partition for partition, _, _ in found} == expected
    assert len(expected) < 64


def test_one_that_fails_for_now_fails_its_message_after_the_others_were_done(alone: Alone, impatient: None) -> None:
    todo_ids = [alone.create(remind_at=PAST) for _ in range(20)]
    forget_todos()
    with refusals("PutItem", "ThrottlingException", body_contains=todo_ids[7]):
        failed = alone.remind_page(page_of(alone, *todo_ids, message_id="fails"), page_of(alone, todo_ids[0]))
    assert failed == ["fails"]
    types = [alone.types(todo_id) for todo_id in todo_ids]
    assert types == [["Created"] if number == 7 else ["Created", "Reminded"] for number in range(20)]
    assert alone.remind_page(page_of(alone, *todo_ids, message_id="fails")) == []
    assert alone.types(todo_ids[7]) == ["Created", "Reminded"]


def test_a_message_that_is_no_page_goes_into_the_quarantine_whole_and_the_batch_goes_on(alone: Alone) -> None:
    todo_id = due(alone)
    poison = queue_record('{"reminders": "soon"}', message_id="poison")
    assert alone.remind_page(poison, page_of(alone, todo_id)) == []
    assert alone.types(todo_id) == ["Created", "Reminded"]
    (quarantined,) = (json.loads(message["body"]) for message in alone.messages("QUARANTINE_QUEUE_URL"))
    assert (quarantined["handler"], quarantined["record"]) == ("remind_page", poison)
    assert quarantined["error"].startswith("Poison: ")


def test_when_the_quarantine_does_not_take_it_the_message_comes_again(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUARANTINE_QUEUE_URL", alone.environment["QUARANTINE_QUEUE_URL"] + "-gone")
    assert alone.remind_page(queue_record("x", message_id="poison")) == ["poison"]


def test_a_todo_whose_history_is_broken_is_quarantined_alone(alone: Alone) -> None:
    broken, whole = alone.create(remind_at=PAST), alone.create(remind_at=PAST)
    forget_todos()
    stream = ids.stream_id(ids.partition_of(alone.owner), broken)
    boto3.client("dynamodb").update_item(
        TableName=alone.environment["EVENTS_TABLE"],
        Key={"stream_id": {"S": stream}, "version": {"N": "1"}},
        UpdateExpression="SET #state = :broken",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":broken": {"S": "{"}},
    )
    assert alone.remind_page(page_of(alone, broken, whole)) == []
    assert alone.types(whole) == ["Created", "Reminded"]
    (quarantined,) = (json.loads(message["body"]) for message in alone.messages("QUARANTINE_QUEUE_URL"))
    assert quarantined["keys"] == {"owner": ids.partition_of(alone.owner), "todo_id": broken}
    assert quarantined["record"]["body"] == page_of(alone, broken)["body"], "redriving it tries it alone"


def test_deployed_a_reminder_comes_by_itself(
    stack: LocalStack, deployed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """API, stream, index, clock, queue, worker: the clock is not waited for, but called."""
    become(monkeypatch, deployed)
    client = Client(stack.url, stack.token("al#ice/remind"))
    todo = client.created_and_seen(remind_at=PAST)
    functions = boto3.client("lambda").list_functions()["Functions"]
    (name,) = (each["FunctionName"] for each in functions if each["FunctionName"].endswith("-remind"))

    def types_after_another_minute() -> list[str]:
        answer = boto3.client("lambda").invoke(FunctionName=name, Payload=json.dumps(SCHEDULED))
        assert "FunctionError" not in answer, answer["Payload"].read()
        return [event["type"] for event in client.events(todo["id"])]

    shows(types_after_another_minute, ["TodoCreated", "TodoReminded"])


def test_a_bare_date_in_a_time_zone_is_told_once(alone: Alone) -> None:
    todo_id = alone.create(remind_at="2026-01-01", time_zone="Asia/Tokyo")
    alone.project()
    for _ in range(2):
        alone.remind()
        for message in alone.messages():
            assert alone.remind_page(message) == []
        alone.project()
    _, reminded = alone.events(todo_id)
    assert reminded.causation_id == "remind_at:2025-12-31T15:00:00.000000Z"
