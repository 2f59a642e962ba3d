"""Completed by several at once, or while DynamoDB fails, a todo that repeats has one next."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from chalicelib.commands import execute
from chalicelib.todos.decide import Delete, Patch
from tests.support.alone import Alone
from tests.support.faults import counted, just_before, lost_answers, refusals
from tests.support.reset import forget_todos
from tests.support.waiting import at_once
from tests.triggers.reminders.repeating import COMPLETE, WEEKLY, complete, next_of


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
@pytest.mark.parametrize(
    "key_of", [lambda n: None, lambda n: "same", lambda n: f"key {n}"], ids=["no key", "the same key", "keys"]
)
def test_eight_that_complete_it_at_once_make_one(
    alone: Alone, monkeypatch: pytest.MonkeyPatch, key_of: Callable[[int], str | None], warm: bool
) -> None:
    todo_id = alone.create(**WEEKLY)
    if not warm:
        monkeypatch.setattr(execute._LatestEvents, "recall", lambda self, stream: None)
    writers = 8
    outcomes = at_once([partial(complete, alone, todo_id, key_of(number)) for number in range(writers)])
    assert all(event.state["completed"] for event, _ in outcomes)
    types = alone.types(todo_id)
    # A key that changed nothing is remembered by an event without a change.
    recorded = writers - 1 if key_of(0) and key_of(0) != key_of(1) else 0
    assert types == ["Created", "Completed", *["Edited"] * recorded]
    assert alone.types(next_of(alone, todo_id)) == ["Created"]


def test_the_repeat_of_a_keyed_completion_gets_its_answer_again(alone: Alone) -> None:
    todo_id = alone.create(**WEEKLY)
    first = alone.api().patch(f"/todos/{todo_id}", COMPLETE, idempotency_key="k")
    alone.patch(todo_id, completed=False)
    forget_todos()
    again = alone.api().patch(f"/todos/{todo_id}", COMPLETE, idempotency_key="k")
    assert again == first
    assert alone.types(todo_id) == ["Created", "Completed", "Reopened"]
    assert alone.types(next_of(alone, todo_id)) == ["Created", "Deleted"]


def test_a_completion_that_loses_its_version_is_decided_anew(alone: Alone) -> None:
    todo_id = alone.create(**WEEKLY)

    def another_moves_it() -> None:
        theirs = execute.CommandRequest(
            owner=alone.owner, todo_id=todo_id, command=Patch({"due": "2026-12-24"}), actor="another"
        )
        execute.execute(theirs)

    with just_before("TransactWriteItems", another_moves_it):
        alone.patch(todo_id, **COMPLETE)
    assert alone.types(todo_id) == ["Created", "Edited", "Completed"]
    (first,) = alone.events(next_of(alone, todo_id))
    assert first.state["due"] == "2026-12-31", "counted from what it was when it was completed"


def test_one_that_is_deleted_meanwhile_is_neither_completed_nor_repeated(alone: Alone) -> None:
    todo_id = alone.create(**WEEKLY)

    def another_deletes_it() -> None:
        execute.execute(execute.CommandRequest(owner=alone.owner, todo_id=todo_id, command=Delete(), actor="another"))

    with just_before("TransactWriteItems", another_deletes_it):
        assert alone.api().patch(f"/todos/{todo_id}", COMPLETE).status_code == 410
    assert alone.types(todo_id) == ["Created", "Deleted"]
    assert alone.todo_ids() == {todo_id}


def test_with_an_if_match_a_lost_version_is_a_refusal(alone: Alone) -> None:
    todo_id = alone.create(**WEEKLY)

    def another_edits_it() -> None:
        execute.execute(
            execute.CommandRequest(owner=alone.owner, todo_id=todo_id, command=Patch({"notes": "n"}), actor="another")
        )

    with just_before("TransactWriteItems", another_edits_it):
        assert alone.api().patch(f"/todos/{todo_id}", COMPLETE, if_match='"1"').status_code == 412
    assert alone.todo_ids() == {todo_id}


def test_a_next_one_that_changes_meanwhile_is_looked_at_anew(alone: Alone) -> None:
    """What the completion does to it was decided on what it was before."""
    todo_id = alone.create(**WEEKLY)
    alone.patch(todo_id, **COMPLETE)
    child = next_of(alone, todo_id)

    def another_edits_it() -> None:
        theirs = execute.CommandRequest(
            owner=alone.owner, todo_id=child, command=Patch({"notes": "n"}), actor="another"
        )
        execute.execute(theirs)

    with just_before("TransactWriteItems", another_edits_it):
        alone.patch(todo_id, completed=False)
    assert alone.types(todo_id) == ["Created", "Completed", "Reopened"]
    assert alone.types(child) == ["Created", "Edited"], "it is not taken back: somebody has changed it"


def test_what_was_only_looked_at_is_a_condition_too(alone: Alone) -> None:
    todo_id = alone.create(**WEEKLY)
    alone.patch(todo_id, **COMPLETE)
    child = next_of(alone, todo_id)
    alone.patch(child, notes="n")
    alone.patch(todo_id, completed=False)

    def another_deletes_it() -> None:
        execute.execute(execute.CommandRequest(owner=alone.owner, todo_id=child, command=Delete(), actor="another"))

    with just_before("TransactWriteItems", another_deletes_it):
        alone.patch(todo_id, **COMPLETE)
    assert alone.types(child) == ["Created", "Edited", "Deleted", "Restored"]


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("times", [1, 3, 4])
def test_an_answer_that_is_lost_after_the_transaction_is_known_again(
    alone: Alone, impatient: None, times: int, key: str | None
) -> None:
    """Once, and botocore's retry is told; three times, and ours finds both versions taken, by our own events."""
    todo_id = alone.create(**WEEKLY)
    with lost_answers("TransactWriteItems", times) as lost:
        event, appended = complete(alone, todo_id, key)
    assert lost["TransactWriteItems"] == times
    assert appended
    assert event == alone.events(todo_id)[1]
    assert alone.types(todo_id) == ["Created", "Completed"]
    assert alone.types(next_of(alone, todo_id)) == ["Created"]
    with counted() as traffic:
        execute.execute(
            execute.CommandRequest(owner=alone.owner, todo_id=todo_id, command=Patch({"notes": "n"}), actor=alone.owner)
        )
    assert traffic.requests == {"PutItem": 1}, "and this process remembers it"


def test_when_no_answer_comes_at_all_the_caller_is_told_and_may_repeat_it(alone: Alone, impatient: None) -> None:
    todo_id = alone.create(**WEEKLY)
    with lost_answers("TransactWriteItems", 100):
        assert alone.api().patch(f"/todos/{todo_id}", COMPLETE).status_code == 503
    assert alone.api().patch(f"/todos/{todo_id}", COMPLETE).status_code == 200
    assert alone.types(todo_id) == ["Created", "Completed"]
    assert alone.types(next_of(alone, todo_id)) == ["Created"]


def test_what_dynamodb_refuses_for_now_leaves_nothing_half_done(alone: Alone, impatient: None) -> None:
    todo_id = alone.create(**WEEKLY)
    with refusals("TransactWriteItems", "ThrottlingException"):
        assert alone.api().patch(f"/todos/{todo_id}", COMPLETE).status_code == 503
    assert alone.types(todo_id) == ["Created"]
    assert alone.todo_ids() == {todo_id}
