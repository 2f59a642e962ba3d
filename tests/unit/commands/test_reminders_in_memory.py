"""What is due is handed to the queue in pages, and each reminder becomes an event once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.commands import reminders
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos import ids
from chalicelib.todos.decide import Delete
from chalicelib.todos.errors import Poison
from chalicelib.todos.events import REMINDED
from chalicelib.todos.ids import Partition
from chalicelib.views import queries, schema
from chalicelib.views.errors import ViewsUnavailable
from chalicelib.views.queries import DueReminder
from tests.simulation.seams import REMIND
from tests.simulation.world import World
from tests.unit.commands.one_owner import (
    PARTITION,
    create,
    do,
    failing,
    history,
    messages,
    newest,
    project,
    quarantined,
)

DUE, SORTABLE = "2025-01-01T00:00:00Z", "2025-01-01T00:00:00.000000Z"


def given_due(count: int) -> list[str]:
    todo_ids = [create(remind_at=DUE) for _ in range(count)]
    project()
    return todo_ids


def due(*todo_ids: str) -> list[DueReminder]:
    return [DueReminder(PARTITION, todo_id, SORTABLE) for todo_id in todo_ids]


def sent(world: World) -> list[list[DueReminder]]:
    """The pages that lie in the queue."""
    return [reminders.decode(record["body"]) for record in world.queues.records(REMIND)]


def pages_of(count: int, monkeypatch: pytest.MonkeyPatch, world: World) -> list[int]:
    """How many reminders each message has, if so many are due."""
    found = [DueReminder(Partition("me"), f"{number:04}", SORTABLE) for number in range(count)]
    monkeypatch.setattr(queries, "due_reminders", lambda shard, until: iter(found if shard == 0 else []))
    assert reminders.fan_out() == (count, len(sent(world)))
    assert [each for page in sent(world) for each in page] == found
    return list(map(len, sent(world)))


def test_what_is_due_is_handed_to_the_queue_and_nothing_else(world: World) -> None:
    todo_ids = given_due(3)
    create(remind_at="2099-01-01T00:00:00Z")
    create()
    project()

    assert reminders.fan_out() == (3, 1)

    [page] = sent(world)
    assert sorted(page, key=lambda each: each.todo_id) == due(*sorted(todo_ids))


def test_nothing_is_sent_of_nothing(world: World) -> None:
    assert reminders.fan_out() == (0, 0)
    assert messages(world, REMIND) == []


@pytest.mark.parametrize(("count", "pages"), [(100, [100]), (101, [100, 1]), (250, [100, 100, 50])])
def test_a_message_has_a_hundred_reminders(
    world: World, monkeypatch: pytest.MonkeyPatch, count: int, pages: list[int]
) -> None:
    assert pages_of(count, monkeypatch, world) == pages


def test_a_message_has_no_more_bytes_than_its_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    of_one = len(reminders.encode([DueReminder(Partition("me"), "0000", SORTABLE)]))
    monkeypatch.setattr(reminders, "MAX_PAGE_BYTES", 3 * of_one)

    assert pages_of(7, monkeypatch, world) == [3, 3, 1]


def test_where_time_is_short_what_was_found_is_handed_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [DueReminder(Partition("me"), f"{number:04}", SORTABLE) for number in range(250)]
    monkeypatch.setattr(queries, "due_reminders", lambda shard, until: iter(found))
    # Yes to the first shard; no after the first message.
    left = iter([True])

    assert reminders.fan_out(lambda: next(left, False)) == (100, 1)
    assert len(messages(world, REMIND)) == 1


def test_without_any_time_no_shard_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    given_due(1)
    monkeypatch.setattr(queries, "due_reminders", None)

    assert reminders.fan_out(lambda: False) == (0, 0)


def test_every_shard_is_read_once_until_now(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, str]] = []

    def none_due(shard: int, until: str) -> Any:
        asked.append((shard, until))
        return iter(())

    monkeypatch.setattr(queries, "due_reminders", none_due)
    reminders.fan_out()

    assert sorted(shard for shard, _ in asked) == list(range(schema.REMIND_SHARDS))
    [until] = {until for _, until in asked}
    assert len(until) == len(SORTABLE)
    assert until > "2026"


def test_a_shard_that_cannot_be_read_keeps_no_other_from_being_handed_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some(shard: int, until: str) -> Any:
        if shard == 1:
            raise ViewsUnavailable(f"shard {shard}")
        yield DueReminder(Partition("me"), f"{shard}", SORTABLE)

    monkeypatch.setattr(queries, "due_reminders", some)
    with pytest.raises(ViewsUnavailable, match=r"^shard 1$"):
        reminders.fan_out()

    [page] = sent(world)
    assert {int(each.todo_id) for each in page} == set(range(schema.REMIND_SHARDS)) - {1}


@pytest.mark.usefixtures("world")
def test_a_reminder_becomes_an_event_of_the_services_own_once() -> None:
    [todo_id] = given_due(1)

    for _ in range(2):
        assert reminders.give(due(todo_id)) == []

    event = newest(todo_id)
    assert (event.version, event.type, event.actor) == (2, REMINDED, ids.REMIND)
    assert event.causation_id == f"remind_at:{SORTABLE}"


@pytest.mark.usefixtures("world")
def test_what_is_gone_or_never_was_gets_no_reminder() -> None:
    [todo_id] = given_due(1)
    do(todo_id, Delete())

    assert reminders.give(due(todo_id, ids.new_uuid())) == []

    assert len(history(todo_id)) == 2


@pytest.mark.usefixtures("world")
def test_those_that_fail_are_named_after_all_were_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = given_due(2)
    error = LedgerUnavailable("the line is cut")
    failing(monkeypatch, {bad: error})

    assert reminders.give(due(bad, good)) == [(due(bad)[0], error)]
    assert newest(good).type == REMINDED


def test_what_no_retry_can_help_is_quarantined_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    odd, good = given_due(2)
    failing(monkeypatch, {odd: ValueError("too odd")})

    reminders.give_or_quarantine("remind", {"messageId": "1", "body": reminders.encode(due(odd, good))})

    assert newest(good).type == REMINDED
    [message] = quarantined(world)
    assert (message["handler"], message["error"]) == ("remind", "ValueError: too odd")
    assert message["keys"] == {"owner": PARTITION, "todo_id": odd}
    assert message["record"] == {"messageId": "1", "body": reminders.encode(due(odd))}


def test_what_may_pass_is_raised_after_the_others_were_given(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cut, good = given_due(2)
    failing(monkeypatch, {cut: LedgerUnavailable("the line is cut")})

    with pytest.raises(LedgerUnavailable, match="the line is cut"):
        reminders.give_or_quarantine("remind", {"messageId": "1", "body": reminders.encode(due(cut, good))})

    assert newest(good).type == REMINDED
    assert quarantined(world) == []


def test_a_message_that_is_no_page_is_quarantined_as_it_is(world: World) -> None:
    record = {"messageId": "1", "body": json.dumps({"reminders": [["me", 1, SORTABLE]]})}

    reminders.give_or_quarantine("remind", record)

    [message] = quarantined(world)
    assert message["error"] == "Poison: not a page of reminders: a reminder is three texts"
    assert (message["handler"], message["record"]) == ("remind", record)


@pytest.mark.parametrize("stated", [[1, "id", SORTABLE], ["me", None, SORTABLE], ["me", "id", 1]])
def test_a_reminder_is_three_texts(stated: list[Any]) -> None:
    with pytest.raises(Poison, match=r"^not a page of reminders: a reminder is three texts$"):
        reminders.decode(json.dumps({"reminders": [stated]}))
