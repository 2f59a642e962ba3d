"""The worker that clears long lists acts by the cut alone: what comes twice, late or after a rebuild harms nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib import settings
from chalicelib.aws import dynamodb, settings_table
from chalicelib.commands import list_operation, list_queue, list_records
from chalicelib.commands.list_operation import ListOperation
from chalicelib.commands.list_queue import Work
from chalicelib.commands.list_records import Record
from chalicelib.todos import ids
from chalicelib.todos.events import Event
from chalicelib.views import cuts, queries, schema
from chalicelib.views.cuts import Cut
from tests.support.alone import Alone
from tests.support.client import list_path, problem, problem_name
from tests.support.faults import refusals
from tests.support.lambda_events import queue_batch, queue_record
from tests.support.reset import forget_tables
from tests.support.tables import pointer_to


def work_off(*bodies: str) -> list[str]:
    """Work through messages; the positions of those that are to come again."""
    import app

    records = [queue_record(body, message_id=str(number)) for number, body in enumerate(bodies)]
    answer = app.clear(queue_batch(*records), None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def operation_of(alone: Alone, list_name: str = "inbox", **changed: str) -> ListOperation:
    return ListOperation(alone.owner, list_name, alone.owner, "request-1", "operation-1", **changed)


def cleared_now(alone: Alone) -> str:
    """A message that clears what the list has now."""
    return list_queue.encode(Work(operation_of(alone), cuts.read_cut(alone.owner)))


def titles(alone: Alone, list_name: str = "inbox") -> list[str]:
    alone.project()
    return [
        row.todo["title"] for row in queries.by_list(alone.owner, None, list_name=list_name, after=None, limit=9).rows
    ]


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"operation": "me"}', '{"operation": {}, "cut": {}}'])
def test_what_is_no_message_of_ours_is_put_aside_and_the_others_are_done(alone: Alone, body: str) -> None:
    alone.create()
    alone.project()

    assert work_off(body, cleared_now(alone)) == []

    assert titles(alone) == []
    (message,) = alone.messages("QUARANTINE_QUEUE_URL")
    poison = json.loads(message["body"])
    assert (poison["handler"], poison["record"]["body"]) == ("clear", body)


def test_a_message_of_the_version_before_is_put_aside_with_a_sentence(alone: Alone) -> None:
    alone.create(title="stays")
    alone.project()
    older = {
        "owner": alone.owner, "list_name": "inbox", "actor": alone.owner, "correlation_id": None,
        "asked_at": "9999-01-01T00:00:00.000Z", "after": None,
    }  # fmt: skip

    assert work_off(json.dumps(older)) == []

    assert titles(alone) == ["stays"]
    (message,) = alone.messages("QUARANTINE_QUEUE_URL")
    assert "earlier version of the service" in json.loads(message["body"])["error"]
    assert json.loads(json.loads(message["body"])["record"]["body"]) == older


def test_a_message_that_comes_again_spares_what_has_come_or_changed_since(alone: Alone) -> None:
    created = {title: alone.create(title=title) for title in ("gone", "edited", "restored")}
    elsewhere = alone.create(title="moved in", list="elsewhere")
    alone.project()
    message = cleared_now(alone)
    alone.patch(created["edited"], notes="n")

    assert work_off(message) == []
    assert titles(alone) == ["edited"]

    alone.patch(elsewhere, list="inbox")
    alone.api().post(f"/todos/{created['restored']}/restore")
    alone.create(title="new")
    shown = sorted(titles(alone))
    assert work_off(message, message) == []
    assert sorted(titles(alone)) == shown == ["edited", "moved in", "new", "restored"]


def test_a_long_list_is_cleared_page_by_page_and_then_marked_as_done(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_a_list_of_several_pages(alone, monkeypatch, todos=5)
    api = alone.api()
    assert api.delete(list_path("inbox"), idempotency_key="k").status_code == 202
    since = alone.create(title="since", order=-1)

    pages = 0
    while waiting := alone.messages("CLEAR_QUEUE_URL"):
        # Every message comes twice, and so does the one that follows.
        assert len({message["body"] for message in waiting}) == 1
        assert work_off(waiting[0]["body"], waiting[0]["body"]) == []
        pages += 1

    assert pages == 3
    assert titles(alone) == ["since"]
    assert api.delete(list_path("inbox"), idempotency_key="k").status_code == 202
    assert alone.messages("CLEAR_QUEUE_URL") == [], "what is done is not sent on again"
    assert alone.types(since) == ["Created"]


def test_after_a_rebuild_the_rest_stays_and_the_repeat_is_told_so(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_a_list_of_several_pages(alone, monkeypatch, todos=3)
    api = alone.api()
    assert api.delete(list_path("inbox"), idempotency_key="k").status_code == 202
    (message,) = alone.messages("CLEAR_QUEUE_URL")
    rebuild_views(alone)

    assert work_off(message["body"]) == []

    assert titles(alone) == ["0", "1", "2"]
    (quarantined,) = alone.messages("QUARANTINE_QUEUE_URL")
    assert "The views were rebuilt" in json.loads(quarantined["body"])["error"]
    refused = problem(api.delete(list_path("inbox"), idempotency_key="k"), 409)
    assert problem_name(refused) == "list-unfinished"
    assert "send a new key" in refused["detail"]


def test_a_set_of_ids_survives_a_rebuild(alone: Alone) -> None:
    meant, other = alone.create(title="meant"), alone.create(title="other")
    alone.project()
    operation = operation_of(alone, record="clearing#k")
    record = Record("operation-1", at_once=True, todos=((meant, 1),))
    assert settings_table.put_new(list_records.item_of(operation, record))
    rebuild_views(alone)

    assert alone.api().delete(list_path("inbox"), idempotency_key="k").status_code == 204

    assert alone.types(meant) == ["Created", "Deleted"]
    assert alone.types(other) == ["Created"]


@pytest.mark.usefixtures("impatient")
def test_what_passes_comes_again(alone: Alone) -> None:
    alone.create()
    alone.project()
    message = cleared_now(alone)

    with refusals("PutItem", "ThrottlingException"):
        assert work_off(message) == ["0"]

    assert alone.messages("QUARANTINE_QUEUE_URL") == []
    assert work_off(message) == []
    assert titles(alone) == []


def test_a_todo_that_cannot_be_deleted_is_put_aside_alone_and_the_walk_goes_on(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_pages_of_two(monkeypatch)
    broken, *others = (alone.create(title=str(number), order=number) for number in range(4))
    alone.project()
    break_state(alone, broken)

    assert work_off(cleared_now(alone)) == []
    (following,) = alone.messages("CLEAR_QUEUE_URL")
    assert work_off(following["body"]) == []

    assert [alone.types(other) for other in others] == [["Created", "Deleted"]] * 3
    (message,) = alone.messages("QUARANTINE_QUEUE_URL")
    poison = json.loads(message["body"])
    assert poison["keys"] == {"owner": ids.partition_of(alone.owner), "todo_id": broken}
    assert list_queue.decode(poison["record"]["body"]).todos == ((broken, 1),)
    mend_state(alone, broken)
    assert work_off(poison["record"]["body"]) == []
    assert alone.types(broken) == ["Created", "Deleted"]
    assert alone.messages("CLEAR_QUEUE_URL") == []


def test_a_row_that_is_visible_before_its_tally_is_in_the_cut(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    given_a_list_of_several_pages(alone, monkeypatch, todos=3)
    newest = cuts.read_cut(alone.owner)
    monkeypatch.setattr(cuts, "read_cut", lambda owner: replace(newest, revision=newest.revision - 1))

    assert alone.api().delete(list_path("inbox")).status_code == 202

    (message,) = alone.messages("CLEAR_QUEUE_URL")
    assert list_queue.decode(message["body"]).cut == newest


def test_a_rename_goes_on_in_passes_until_none_finds_anything_new(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_a_list_of_several_pages(alone, monkeypatch, todos=3)
    api = alone.api()
    assert api.post("/lists/inbox/rename", {"to": "new"}, idempotency_key="k").status_code == 202
    (message,) = alone.messages("CLEAR_QUEUE_URL")
    alone.create(title="during", order=-1)
    alone.project()

    every = [message]
    waiting = [message]
    while waiting:
        assert work_off(*(each["body"] for each in waiting)) == []
        alone.project()
        waiting = alone.messages("CLEAR_QUEUE_URL")
        every += waiting

    assert titles(alone, "new") == ["during", "0", "1", "2"]
    assert {list_queue.decode(each["body"]).renaming.number for each in every} == {1, 2, 3}  # type: ignore[union-attr]
    alone.create(title="after")
    assert titles(alone) == ["after"]
    assert work_off(*(each["body"] for each in every)) == []
    assert alone.messages("CLEAR_QUEUE_URL") == []
    assert titles(alone) == ["after"]
    assert api.post("/lists/inbox/rename", {"to": "new"}, idempotency_key="k").status_code == 202
    assert alone.messages("CLEAR_QUEUE_URL") == []


def test_a_rename_goes_on_after_a_rebuild(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    given_a_list_of_several_pages(alone, monkeypatch, todos=3)
    assert alone.api().post("/lists/inbox/rename", {"to": "new"}).status_code == 202
    rebuild_views(alone)

    waiting = alone.messages("CLEAR_QUEUE_URL")
    while waiting:
        assert work_off(*(each["body"] for each in waiting)) == []
        waiting = alone.messages("CLEAR_QUEUE_URL")

    assert titles(alone, "new") == ["0", "1", "2"]
    assert alone.messages("QUARANTINE_QUEUE_URL") == []


def test_a_rename_whose_record_has_expired_is_put_aside(alone: Alone) -> None:
    alone.create(title="stays")
    alone.project()
    operation = operation_of(alone, to_list="new", record="renaming#operation-1")
    message = Work(operation, Cut(alone.views, 1), renaming=list_queue.Pass())

    assert work_off(list_queue.encode(message)) == []

    assert titles(alone) == ["stays"]
    (quarantined,) = alone.messages("QUARANTINE_QUEUE_URL")
    assert "has expired" in json.loads(quarantined["body"])["error"]


def use_pages_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.commands import clear_list, rename_list

    for module in (list_operation, clear_list, rename_list):
        monkeypatch.setattr(module, "PAGE", 2)


def given_a_list_of_several_pages(alone: Alone, monkeypatch: pytest.MonkeyPatch, *, todos: int) -> list[str]:
    """The list inbox has so many todos, titled by their place in it, and a page has two; their ids."""
    use_pages_of_two(monkeypatch)
    todo_ids = [alone.create(title=str(number), order=number) for number in range(todos)]
    alone.project()
    return todo_ids


def rebuild_views(alone: Alone) -> None:
    """Another views table, filled from the ledger, in place of the one before."""
    alone.views = f"{alone.views}-rebuilt"
    dynamodb.client().create_table(**schema.table_definition(alone.views))
    dynamodb.client().put_item(TableName=settings.settings_table(), Item=pointer_to(alone.views))
    forget_tables()
    alone.project()


def break_state(alone: Alone, todo_id: str) -> None:
    _set_state(alone, todo_id, "{")


def mend_state(alone: Alone, todo_id: str) -> None:
    instant = "2026-01-01T00:00:00.000Z"
    _set_state(alone, todo_id, json.dumps({"title": "0", "created_at": instant, "updated_at": instant}))


def _set_state(alone: Alone, todo_id: str, state: str) -> None:
    dynamodb.client().update_item(
        TableName=settings.events_table(),
        Key={"stream_id": {"S": ids.stream_id(ids.partition_of(alone.owner), todo_id)}, "version": {"N": "1"}},
        UpdateExpression="SET #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": state}},
    )
    forget_tables()


def test_the_events_of_a_page_say_who_asked_by_what_program_and_as_part_of_what(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo_ids = given_a_list_of_several_pages(alone, monkeypatch, todos=3)
    api = alone.api()
    cleared = api.delete(list_path("inbox"), operation_id="tidy-up", idempotency_key="k")
    assert (cleared.status_code, cleared.headers["Operation-Id"]) == (202, "tidy-up")
    (message,) = alone.messages("CLEAR_QUEUE_URL")
    body = json.loads(message["body"])
    body["operation"] |= {"actor": "assistant", "client": "shopping"}

    assert work_off(json.dumps(body)) == []

    said = [(event.actor, event.client, event.operation) for event in map(last_of(alone), todo_ids[:2])]
    assert said == [("assistant", "shopping", "tidy-up")] * 2
    (following,) = alone.messages("CLEAR_QUEUE_URL")
    assert json.loads(following["body"])["operation"] == body["operation"]
    repeated = api.delete(list_path("inbox"), operation_id="another", idempotency_key="k")
    assert (repeated.status_code, repeated.headers["Operation-Id"]) == (202, "tidy-up")


def test_a_message_of_version_0_1_0_is_worked_off_without_client_and_operation(alone: Alone) -> None:
    todo_id = alone.create(title="gone")
    alone.project()
    message = json.loads(cleared_now(alone))
    del message["operation"]["client"], message["operation"]["operation"]

    assert work_off(json.dumps(message)) == []

    event = last_of(alone)(todo_id)
    assert (event.type, event.actor, event.client, event.operation) == ("TodoDeleted", alone.owner, None, None)


def test_the_repeat_of_what_version_0_1_0_began_names_no_operation(alone: Alone) -> None:
    todo_id = alone.create()
    alone.project()
    record = Record("operation-1", at_once=True, todos=((todo_id, 1),))
    assert settings_table.put_new(list_records.item_of(operation_of(alone, record="clearing#k"), record))

    answer = alone.api().delete(list_path("inbox"), operation_id="mine", idempotency_key="k")

    assert (answer.status_code, "Operation-Id" in answer.headers) == (204, False)
    assert last_of(alone)(todo_id).operation is None


def last_of(alone: Alone) -> Callable[[str], Event]:
    return lambda todo_id: alone.events(todo_id)[-1]
