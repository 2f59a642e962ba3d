"""Completing a todo that repeats makes the next one: once, whoever completes it, however often, and whatever fails."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.commands import execute
from chalicelib.ledger import ledger
from chalicelib.todos import ids
from chalicelib.todos.decide import Create
from chalicelib.todos.events import CONTENT_FIELDS
from chalicelib.todos.ids import Owner
from tests.support.alone import Alone
from tests.support.faults import counted
from tests.support.gateway import REQUEST_ID
from tests.triggers.reminders.repeating import COMPLETE, WEEKLY, next_of


def test_completing_makes_the_next_one(alone: Alone) -> None:
    todo_id = alone.create(
        notes="n", list="home", tags=["a"], priority="high", order=3, metadata={"a": [None]}, source="jsonl:1",
        remind_at="2026-11-30T18:00:00+01:00", **WEEKLY,
    )  # fmt: skip
    answer = alone.patch(todo_id, **COMPLETE)
    assert (answer["id"], answer["version"], answer["completed"]) == (todo_id, 2, True)
    following = alone.api().get(f"/todos/{next_of(alone, todo_id)}").json()
    moved = {"due": "2026-12-08", "remind_at": "2026-12-07T18:00:00+01:00", "completed": False, "source": None}
    assert {name: following[name] for name in CONTENT_FIELDS} == {
        **{name: answer[name] for name in CONTENT_FIELDS},
        **moved,
    }
    assert following["completed_at"] is None


def test_the_next_ones_first_event_tells_what_caused_it(alone: Alone) -> None:
    todo_id = alone.create(**WEEKLY)
    answer = alone.api().patch(f"/todos/{todo_id}", COMPLETE, idempotency_key="k")
    assert answer.status_code == 200
    completion = alone.events(todo_id)[1]
    (first,) = alone.events(next_of(alone, todo_id))
    assert (first.type, first.version, first.causation_id) == ("TodoCreated", 1, completion.event_id)
    assert (first.actor, first.correlation_id) == (alone.owner, REQUEST_ID)
    assert (first.idempotency_key, first.request_hash) == (None, None)


def test_it_repeats_until_the_count_is_used_up(alone: Alone) -> None:
    todo_id = alone.create(due="2026-12-01", repeat="FREQ=DAILY;COUNT=3")
    dues, known = ["2026-12-01"], {todo_id}
    for _ in range(3):
        alone.patch(todo_id, **COMPLETE)
        found = alone.todo_ids() - known
        if found:
            (todo_id,) = found
            known.add(todo_id)
            dues.append(alone.api().get(f"/todos/{todo_id}").json()["due"])
    assert dues == ["2026-12-01", "2026-12-02", "2026-12-03"]


@pytest.mark.parametrize("how", ["PUT", "PATCH"])
def test_any_request_that_completes_it_counts(alone: Alone, how: str) -> None:
    todo_id = alone.create(**WEEKLY)
    body = {"title": "x", **WEEKLY, **COMPLETE}
    assert alone.api().request(how, f"/todos/{todo_id}", body, if_match='"1"').status_code == 200
    assert alone.types(todo_id) == ["Created", "Completed"]
    assert alone.types(next_of(alone, todo_id)) == ["Created"]


@pytest.mark.parametrize(
    "rule", [None, "FREQ=WEEKLY;COUNT=1", "FREQ=WEEKLY;UNTIL=20261207"], ids=["none", "used up", "past"]
)
def test_what_has_no_next_is_completed_alone(alone: Alone, rule: str | None) -> None:
    todo_id = alone.create(due="2026-12-01", repeat=rule)
    with counted() as traffic:
        alone.patch(todo_id, **COMPLETE)
    assert alone.todo_ids() == {todo_id}
    assert traffic.requests == {"PutItem": 1}, "and costs what any other change does"


def test_one_that_repeats_costs_one_transaction(alone: Alone) -> None:
    todo_id = alone.create(**WEEKLY)
    with counted() as traffic:
        alone.patch(todo_id, **COMPLETE)
    assert traffic.requests == {"TransactWriteItems": 1}


def test_other_ends_make_no_next(alone: Alone) -> None:
    """Created as completed, or completed with the rule taken away."""
    created = alone.create(**WEEKLY, **COMPLETE)
    other = alone.create(**WEEKLY)
    alone.patch(other, repeat=None, **COMPLETE)
    assert alone.todo_ids() == {created, other}


def test_completed_and_reopened_and_completed_again_it_is_there_once(alone: Alone) -> None:
    todo_id = alone.create(**WEEKLY)
    alone.patch(todo_id, **COMPLETE)
    child = next_of(alone, todo_id)
    alone.patch(child, notes="already begun")
    alone.patch(todo_id, completed=False)
    assert alone.patch(todo_id, **COMPLETE)["version"] == 4
    assert alone.types(todo_id) == ["Created", "Completed", "Reopened", "Completed"]
    assert next_of(alone, todo_id) == child
    assert alone.types(child) == ["Created", "Edited"], "and stays as it is"


def test_the_same_instant_written_otherwise_is_the_same_next_one(alone: Alone) -> None:
    todo_id = alone.create(due="2026-12-01T09:00:00+01:00", repeat="FREQ=WEEKLY")
    alone.patch(todo_id, **COMPLETE)
    alone.patch(todo_id, completed=False, due="2026-12-01T08:00:00Z")
    alone.patch(todo_id, **COMPLETE)
    next_of(alone, todo_id)


def test_two_owners_with_the_same_todo_id_each_have_their_next_one(alone: Alone) -> None:
    todo_id = "0197e1f0-0000-7000-8000-000000000001"
    for owner in ("alice", "bob"):
        body = {"title": owner, **WEEKLY}
        assert alone.api(owner).put(f"/todos/{todo_id}", body, if_none_match="*").status_code == 201
        alone.patch(todo_id, owner=owner, **COMPLETE)
    for owner in ("alice", "bob"):
        (first,) = alone.events(next_of(alone, todo_id), owner)
        assert first.state["title"] == owner


def test_the_id_of_a_next_one_follows_from_the_todos_id_alone() -> None:
    owner, todo_id = Owner("me"), "0197e1f0-0000-7000-8000-000000000001"
    derived = ids.id_for_next(todo_id)
    assert derived == "450b5212-6a31-56de-8705-c998a360df92", "part of the storage format"
    assert ids.is_todo_id(derived)
    assert derived not in (ids.id_for_key(owner, todo_id), ids.id_for_source(owner, todo_id, ""))


def test_a_history_stays_what_it_was_folded_from(alone: Alone) -> None:
    from chalicelib.todos import fold

    todo_id = alone.create(remind_at="2026-01-01", **WEEKLY)
    alone.patch(todo_id, **COMPLETE)
    for each in (todo_id, next_of(alone, todo_id)):
        history: list[Any] = ledger.history(ids.stream_id(ids.partition_of(alone.owner), each))
        assert fold.fold(history) == history[-1].state


@pytest.mark.parametrize(
    ("repeat", "following"), [("FREQ=MONTHLY;BYMONTHDAY=0", None), ("FREQ=WEEKLY;BYDAY=1MO", "2026-12-07")]
)
def test_a_rule_that_would_be_refused_now_holds_up_nothing(alone: Alone, repeat: str, following: str | None) -> None:
    """An older check let it in: its todo is projected, listed and completed as any other."""
    todo_id = "0197e1f0-0000-7000-8000-000000000001"
    stored = Create({"title": "x", "due": "2026-12-01", "repeat": repeat})
    execute.execute(execute.CommandRequest(owner=alone.owner, todo_id=todo_id, command=stored, actor=alone.owner))
    alone.project()
    assert [todo["repeat"] for todo in alone.api().get("/todos").json()] == [repeat]
    answer = alone.patch(todo_id, **COMPLETE)
    assert (answer["completed"], answer["repeat"]) == (True, repeat)
    if following is None:
        assert alone.todo_ids() == {todo_id}
    else:
        assert alone.api().get(f"/todos/{next_of(alone, todo_id)}").json()["due"] == following
    alone.project()
    open_ones = alone.api().get("/todos?completed=false").json()
    assert [todo["due"] for todo in open_ones] == ([following] if following else [])
