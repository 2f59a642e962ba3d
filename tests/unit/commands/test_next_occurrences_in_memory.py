"""A completion and the next occurrence that it makes are written together, over a DynamoDB in memory."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws.errors import NoAnswer
from chalicelib.commands import execute
from chalicelib.ledger import ledger, scan
from chalicelib.todos import earlier_ids, ids
from chalicelib.todos.decide import Command, Create, Delete, Patch
from chalicelib.todos.events import COMPLETED, CREATED, REMINDED, REOPENED, Event
from chalicelib.todos.ids import Owner
from tests.support.events import following
from tests.support.reset import forget_todos
from tests.unit.ledger.conftest import Calls, calls
from tests.unit.scenarios import content_of

__all__ = ["calls"]

ME = Owner("me")
TODO_ID = "0197e1f0-0000-7000-8000-000000000001"
STREAM = ids.stream_id(ids.partition_of(ME), TODO_ID)
STREAM_OF_NEXT = ids.stream_id(ids.partition_of(ME), ids.id_for_next(TODO_ID))
WEEKLY = content_of(due="2026-12-01", repeat="FREQ=WEEKLY")


def done(command: Command, todo_id: str = TODO_ID, **stated: Any) -> Event:
    """The event of a command of one user, whose process remembers what it wrote."""
    return execute.execute(execute.CommandRequest(ME, todo_id, command, **{"actor": "me", **stated}))[0]


def newest(todo_id: str) -> Event:
    event = ledger.latest(ids.stream_id(ids.partition_of(ME), todo_id))
    assert event is not None
    return event


def next_ones() -> list[str]:
    """The ids of the todos beside the first one."""
    found = [ids.split_stream_id(stream)[1] for stream, _, _ in scan.heads()]
    return [todo_id for todo_id in found if todo_id != TODO_ID]


@pytest.fixture
def next_id(calls: Calls) -> str:
    """A weekly todo is completed; what follows it."""
    done(Create(WEEKLY))
    done(Patch({"completed": True}))
    (found,) = next_ones()
    return found


def test_an_event_has_all_that_its_request_states(calls: Calls) -> None:
    stated = {
        "actor": "assistant", "client": "app", "operation": "tidy", "idempotency_key": "key", "request_hash": "hash",
        "correlation_id": "request", "causation_id": "event",
    }  # fmt: skip

    event = done(Create(WEEKLY), **stated)

    assert newest(TODO_ID) == event
    assert {name: getattr(event, name) for name in stated} == stated


def test_a_completed_todo_has_a_next_one(next_id: str) -> None:
    event = newest(next_id)

    assert (event.version, event.state["due"], event.state["completed"]) == (1, "2026-12-08", False)
    assert newest(TODO_ID).state["completed"]


def test_both_are_written_by_one_request(calls: Calls) -> None:
    done(Create(WEEKLY))
    calls.names.clear()

    done(Patch({"completed": True}))

    assert [name for name in calls.names if name in ("put_item", "transact_write_items")] == ["transact_write_items"]


def test_reopening_takes_the_next_one_back(next_id: str) -> None:
    done(Patch({"completed": False}))

    assert newest(next_id).state["deleted"]


def test_a_next_one_that_another_process_changed_is_left_alone(next_id: str) -> None:
    remembered = execute._latest_events._events.copy()
    done(Patch({"notes": "with this"}), next_id)
    execute._latest_events._events = remembered

    done(Patch({"completed": False}))

    assert newest(next_id).state["notes"] == "with this"
    assert not newest(next_id).state["deleted"]


def test_where_the_answer_is_lost_both_are_written_once(calls: Calls) -> None:
    done(Create(WEEKLY))
    calls.errors = [NoAnswer("cut")]

    done(Patch({"completed": True}))

    (next_id,) = next_ones()
    assert (newest(TODO_ID).version, newest(next_id).version) == (2, 1)


def known_of(todo_id: str = TODO_ID) -> Any:
    """What a todo knows of its next occurrence."""
    return newest(todo_id).state["next"]


def reopen(todo_id: str = TODO_ID) -> None:
    done(Patch({"completed": False}), todo_id)


def complete(todo_id: str = TODO_ID, **changes: Any) -> None:
    done(Patch({"completed": True, **changes}), todo_id)


def test_the_next_ones_event_is_caused_by_the_completion_and_has_no_key_of_it(calls: Calls) -> None:
    done(Create(WEEKLY))
    own = done(
        Patch({"completed": True}), idempotency_key="key", request_hash="hash", correlation_id="request", client="app"
    )
    event = newest(*next_ones())

    assert (event.causation_id, event.correlation_id) == (own.event_id, "request")
    assert (event.actor, event.client, event.occurred_at) == ("me", "app", own.occurred_at)
    assert (event.idempotency_key, event.request_hash) == (None, None)
    assert event.event_id != own.event_id


def test_a_todo_knows_the_next_one_by_its_id_and_version(next_id: str) -> None:
    assert next_id == ids.id_for_next(TODO_ID)
    assert known_of() == {"first": next_id, "id": next_id, "version": 1}

    reopen()
    assert known_of() == {"first": next_id, "id": next_id, "version": 2}


def test_completed_again_a_todo_has_the_same_next_one_as_it_is_now(next_id: str) -> None:
    reopen()
    complete(title="Buy bread", due="2026-12-02")

    state = newest(next_id).state
    assert (newest(next_id).version, state["deleted"], state["title"], state["due"]) == (
        3, False, "Buy bread", "2026-12-09",
    )  # fmt: skip
    assert known_of() == {"first": next_id, "id": next_id, "version": 3}
    assert next_ones() == [next_id]


@pytest.mark.parametrize("there_and_back", [False, True])
def test_a_next_one_that_is_as_it_was_left_is_taken_back_whatever_befell_it(
    next_id: str, *, there_and_back: bool
) -> None:
    if there_and_back:
        done(Patch({"notes": "with this"}), next_id)
        done(Patch({"notes": None}), next_id)
    else:
        done(Patch({"remind_at": "2026-12-01T00:00:00Z"}), next_id)
        done(Patch({"remind_at": None}), next_id)

    reopen()

    assert newest(next_id).state["deleted"]


def test_a_next_one_that_was_edited_is_neither_taken_back_nor_written_over(next_id: str) -> None:
    done(Patch({"notes": "with this"}), next_id)
    reopen()
    complete(title="Buy bread")

    assert (newest(next_id).version, newest(next_id).state["notes"]) == (2, "with this")
    assert known_of() == {"first": next_id, "id": next_id, "version": 1}


def test_a_next_one_that_was_edited_and_then_left_by_a_reopening_is_the_one_all_the_same(next_id: str) -> None:
    reopen()
    done(Create(content_of(title="mine")), next_id)
    complete()

    assert newest(next_id).state["title"] == "mine"
    assert known_of() == {"first": next_id, "id": next_id, "version": 2}


def test_a_next_one_that_is_completed_stays_and_is_enough(next_id: str) -> None:
    complete(next_id)
    after_next = ids.id_for_next(next_id)
    versions = [newest(each).version for each in (next_id, after_next)]

    reopen()
    assert newest(next_id).state["completed"]
    complete()

    assert [newest(each).version for each in (next_id, after_next)] == versions
    assert len(next_ones()) == 2
    assert known_of() == {"first": next_id, "id": next_id, "version": 1}


def test_where_the_next_one_is_completed_and_due_too_early_the_one_after_it_is_meant(next_id: str) -> None:
    complete(next_id)
    after_next = ids.id_for_next(next_id)
    reopen()
    complete(due="2026-12-20")

    assert newest(after_next).version == 1
    assert known_of() == {"first": next_id, "id": next_id, "version": 1, "at": after_next}


def test_where_all_that_follow_are_completed_and_due_too_early_another_is_made(next_id: str) -> None:
    complete(next_id, repeat=None)
    reopen()
    complete(due="2026-12-20")

    after_next = ids.id_for_next(next_id)
    assert (newest(after_next).version, newest(after_next).state["due"]) == (1, "2026-12-27")
    assert known_of() == {"first": next_id, "id": after_next, "version": 1}


def test_a_look_along_the_series_ends_after_eight(calls: Calls) -> None:
    done(Create(WEEKLY))
    todo_id = TODO_ID
    for _ in range(9):
        complete(todo_id)
        todo_id = ids.id_for_next(todo_id)
    count = len(next_ones())
    reopen()
    complete(due="2028-01-01")

    assert len(next_ones()) == count == 9
    assert "at" not in known_of()


def test_a_next_one_that_was_deleted_is_brought_back(next_id: str) -> None:
    done(Delete(), next_id)
    reopen()
    assert newest(next_id).version == 2
    complete()

    assert (newest(next_id).version, newest(next_id).state["deleted"]) == (3, False)


def test_behind_a_deleted_one_what_followed_it_and_was_edited_is_the_next_one(next_id: str) -> None:
    complete(next_id)
    after_next = ids.id_for_next(next_id)
    done(Patch({"notes": "with this"}), after_next)
    reopen(next_id)
    done(Delete(), next_id)

    reopen()
    complete()

    assert newest(next_id).state["deleted"]
    assert (newest(after_next).version, newest(after_next).state["notes"]) == (2, "with this")


def test_behind_a_deleted_one_without_an_open_follower_the_deleted_one_comes_back(next_id: str) -> None:
    complete(next_id)
    reopen(next_id)
    done(Delete(), next_id)
    assert newest(ids.id_for_next(next_id)).state["deleted"]

    reopen()
    complete()

    assert not newest(next_id).state["deleted"]
    assert newest(ids.id_for_next(next_id)).state["deleted"]


def test_a_todo_that_names_the_next_one_as_its_parent_gives_it_none(calls: Calls) -> None:
    next_id = ids.id_for_next(TODO_ID)
    done(Create({**WEEKLY, "parent": next_id}))
    complete()

    assert newest(next_id).state["parent"] is None


def test_a_rule_that_has_ended_looks_at_nothing(calls: Calls) -> None:
    done(Create(content_of(due="2026-12-01", repeat="FREQ=WEEKLY;COUNT=1")))
    calls.names.clear()
    complete()

    assert next_ones() == []
    assert known_of() is None


def test_both_events_are_later_than_what_they_follow(next_id: str) -> None:
    """Also where the clock of whoever wrote the next one was ahead."""
    later = "2099-01-01T00:00:00.000Z"
    ledger.append(following(newest(next_id), STREAM_OF_NEXT, REMINDED, {}, at=later))
    forget_todos()

    reopen()

    assert newest(next_id).state["deleted"]
    assert newest(TODO_ID).occurred_at == newest(next_id).occurred_at > later


def given_completed_earlier(due: str | None, next_due: str, *, completions: int = 1) -> str:
    """A todo that was completed before todos knew their next one, and reopened; the id of the next one, by its date."""
    event = following(None, STREAM, CREATED, {**WEEKLY, "due": due}, at="2026-01-01T00:00:00.000Z")
    ledger.append(event)
    for number in range(completions):
        for completed, kind in ((True, COMPLETED), (False, REOPENED)):
            at = f"2026-01-0{2 + number}T00:00:0{int(not completed)}.000Z"
            event = following(event, STREAM, kind, {"completed": completed}, at=at)
            ledger.append(event)
    earlier = earlier_ids.id_for_occurrence(ids.partition_of(ME), TODO_ID, f"{next_due}T00:00:00.000000Z")
    stream = ids.stream_id(ids.partition_of(ME), earlier)
    ledger.append(following(None, stream, CREATED, {**WEEKLY, "due": next_due}, at="2026-01-02T00:00:00.000Z"))
    return earlier


@pytest.mark.parametrize(("due", "next_due"), [("2026-12-01", "2026-12-08"), (None, "2026-01-09")])
@pytest.mark.parametrize("completions", [1, 3])
def test_a_next_one_of_before_todos_knew_theirs_is_found_by_its_date(
    calls: Calls, due: str | None, next_due: str, completions: int
) -> None:
    earlier = given_completed_earlier(due, next_due, completions=completions)

    complete()

    assert next_ones() == [earlier]
    assert known_of()["first"] == known_of()["id"] == earlier
    reopen()
    assert newest(earlier).state["deleted"]


def test_of_a_todo_that_never_had_one_none_is_found(calls: Calls) -> None:
    done(Create(WEEKLY))
    done(Patch({"title": "Buy bread"}))
    complete()

    assert next_ones() == [ids.id_for_next(TODO_ID)]


def test_it_is_found_also_where_the_completion_itself_lets_the_todo_repeat_again(calls: Calls) -> None:
    earlier = given_completed_earlier("2026-12-01", "2026-12-08")
    done(Patch({"repeat": None}))

    complete(repeat="FREQ=WEEKLY")

    assert next_ones() == [earlier]


def test_a_todo_that_was_made_completed_knows_of_no_next_one(calls: Calls) -> None:
    done(Create({**WEEKLY, "completed": True}))
    reopen()

    assert known_of() is None
    assert next_ones() == []


def test_a_todo_that_was_changed_before_it_is_reopened_knows_that_it_has_no_next_one(calls: Calls) -> None:
    done(Create({**WEEKLY, "completed": True}))
    done(Patch({"title": "Buy bread"}))
    reopen()

    first = ids.id_for_next(TODO_ID)
    assert known_of() == {"first": first, "id": first, "version": 0}
    assert next_ones() == []
