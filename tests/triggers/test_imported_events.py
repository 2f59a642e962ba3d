"""Events that a takeout brought: the views follow once a history is whole, and the world is not told of them again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import metrics
from chalicelib.ledger import codec, ledger
from chalicelib.publishing import publisher, topic
from chalicelib.todos import ids
from chalicelib.todos.events import EDITED, Event
from chalicelib.views import stream
from loaders.histories.history import Part
from tests.loaders.takeouts import history, todo_id_of
from tests.support.alone import Alone
from tests.support.events import following
from tests.support.lambda_events import stream_record

IMPORTED_AT = "2026-11-30T12:00:00.000Z"
PAST, FUTURE = "2026-11-30T11:00:00Z", "2999-01-01T00:00:00Z"


def imported(owner: ids.Owner, events: list[Event], *, is_last: bool = True) -> list[Event]:
    """The events as they come to an owner, all in one part."""
    moved = [replace(event, stream_id=ids.stream_id(ids.partition_of(owner), todo_id_of(events))) for event in events]
    return Part(moved, is_last).stamped(None, IMPORTED_AT)


def reminding(*remind_at: str) -> list[Event]:
    """A todo that is to be reminded of at the last of these."""
    events = history(1)
    for number, each in enumerate(remind_at, start=2):
        at = f"2026-01-02T00:00:0{number}.000Z"
        events.append(following(events[-1], events[0].stream_id, EDITED, {"remind_at": each}, at=at))
    return events


def records(events: list[Event]) -> list[dict[str, Any]]:
    return [stream_record(codec.encode(event)) for event in events]


def test_an_imported_event_is_not_published(monkeypatch: pytest.MonkeyPatch) -> None:
    events = imported(ids.Owner("bob"), history(3))
    assert list(publisher.messages_of(records(events))) == []
    mine = replace(events[-1], imported_at=None)
    assert len(list(publisher.messages_of(records([*events, mine])))) == 1
    handed: list[list[Any]] = []

    def publish(messages: Iterable[Any]) -> list[Any]:
        handed.append([*messages])
        return []

    monkeypatch.setattr(topic, "publish", publish)
    publisher.publish([*events, mine])
    assert [len(messages) for messages in handed] == [1]


def test_no_event_of_a_part_that_is_not_the_last_reaches_the_views() -> None:
    owner, events = ids.Owner("bob"), history(5)
    assert stream.heads_of(records(imported(owner, events, is_last=False))) == {}
    heads = stream.heads_of(records(imported(owner, events)))
    assert [head.version for head in heads[ids.partition_of(owner)]] == [1, 2, 3, 4, 5]


def test_the_lag_of_an_imported_event_is_counted_from_its_import(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    monkeypatch.setattr(metrics, "observe", lambda name, value: seen.append(value))
    now = codec.encode(imported(ids.Owner("bob"), history(1))[0])
    stream.observe_lag([stream_record(now), stream_record({**now, "imported_at": {"S": "2999-01-01T00:00:00.000Z"}})])
    occurred = codec.encode(history(1)[0])
    stream.observe_lag([stream_record(occurred)])
    assert seen[1] == 0
    assert seen[0] < seen[2]


def test_a_todo_whose_history_is_here_in_part_answers_409_and_is_in_no_list(alone: Alone) -> None:
    events = history(5)
    todo_id, api = todo_id_of(events), alone.api()
    ledger.append_together(imported(alone.owner, events, is_last=False))
    alone.project()
    path = f"/todos/{todo_id}"
    answers = [
        api.get(path),
        api.patch(path, {"title": "Mine"}),
        api.put(path, {"title": "Mine"}, if_none_match="*"),
        api.put(path, {"title": "Mine"}, if_match='"5"'),
        api.delete(path),
        api.post(f"{path}/restore"),
        api.post(f"{path}/revert", {"to_version": 1}),
        api.post("/batch", {"commands": [{"op": "patch", "id": todo_id, "body": {"title": "Mine"}}]}),
    ]
    statuses = [answer.status_code for answer in answers[:-1]]
    assert statuses == [409] * len(statuses)
    assert all(answer.json()["type"].endswith("/problems/import-unfinished") for answer in answers[:-1])
    assert [result["status"] for result in answers[-1].json()["results"]] == [409]
    assert len(alone.events(todo_id)) == 5
    assert api.get("/todos").json() == []
    # The rest comes, and it is a todo as any.
    last = following(events[-1], events[0].stream_id, EDITED, {"title": "Whole"}, at="2026-01-02T00:00:00.000Z")
    moved = replace(last, stream_id=ids.stream_id(ids.partition_of(alone.owner), todo_id))
    ledger.append_together(Part([moved], is_last=True).stamped(events[-1].state, IMPORTED_AT))
    alone.project()
    assert [todo["title"] for todo in api.get("/todos").json()] == ["Whole"]
    assert api.patch(path, {"title": "Mine"}).status_code == 200
    alone.project()
    assert api.get("/todos").json()[0]["version"] == 7


def test_a_reminder_that_was_past_at_the_import_stays_silent_also_after_an_edit(alone: Alone) -> None:
    events = reminding(FUTURE, PAST)
    todo_id = todo_id_of(events)
    ledger.append_together(imported(alone.owner, events))
    alone.project()
    alone.remind()
    assert alone.messages() == []
    alone.patch(todo_id, notes="n")
    alone.project()
    alone.remind()
    assert alone.messages() == []
    # Another one that the owner asks for comes.
    alone.patch(todo_id, remind_at="2026-11-30T11:30:00Z")
    alone.project()
    alone.remind()
    for message in alone.messages():
        assert alone.remind_page(message) == []
    assert alone.types(todo_id)[-1] == "Reminded"
