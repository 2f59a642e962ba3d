"""Reopening a todo that repeats takes its next one back if nobody has changed it; completing it brings it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.commands import execute, next_occurrence
from chalicelib.ledger import codec, ledger
from chalicelib.todos import earlier_ids, fold, ids, instants, representation
from chalicelib.todos.decide import Command, Remind
from chalicelib.todos.events import COMPLETED, CREATED, MAX_EVENT_BYTES, REOPENED, Event
from tests.support.alone import Alone
from tests.support.faults import counted
from tests.support.reset import forget_todos
from tests.triggers.reminders.repeating import COMPLETE, WEEKLY, complete, next_of

REOPEN: dict[str, Any] = {"completed": False}
Act = Callable[[Alone, str], Any]


def completed(alone: Alone, **fields: Any) -> tuple[str, str]:
    """The ids of a completed todo and of its next one."""
    todo_id = alone.create(**{**WEEKLY, **fields})
    alone.patch(todo_id, **COMPLETE)
    return todo_id, ids.id_for_next(todo_id)


def run(alone: Alone, todo_id: str, command: Command) -> Event:
    request = execute.CommandRequest(owner=alone.owner, todo_id=todo_id, command=command, actor=alone.owner)
    return execute.execute(request)[0]


def state(alone: Alone, todo_id: str) -> Any:
    return alone.events(todo_id)[-1].state


def open_ones(alone: Alone) -> set[str]:
    found = {todo_id: state(alone, todo_id) for todo_id in alone.todo_ids()}
    return {todo_id for todo_id, todo in found.items() if not todo["deleted"] and not todo["completed"]}


def test_reopening_takes_it_back(alone: Alone) -> None:
    todo_id, following = completed(alone)
    alone.patch(todo_id, **REOPEN)
    deletion = alone.events(following)[-1]
    assert (deletion.type, deletion.causation_id) == ("TodoDeleted", alone.events(todo_id)[-1].event_id)
    assert deletion.occurred_at == alone.events(todo_id)[-1].occurred_at
    assert open_ones(alone) == {todo_id}


REVERT: Act = lambda alone, todo_id: alone.api().post(f"/todos/{todo_id}/revert", {"to_version": 1})  # noqa: E731
PUT: Act = lambda alone, todo_id: alone.api().put(  # noqa: E731
    f"/todos/{todo_id}", {"title": "x", **WEEKLY}, if_match="*"
)


def put_after_deletion(alone: Alone, todo_id: str) -> Any:
    assert alone.api().delete(f"/todos/{todo_id}").status_code == 204
    return alone.api().put(f"/todos/{todo_id}", {"title": "x", **WEEKLY}, if_none_match="*")


@pytest.mark.parametrize("reopen", [REVERT, PUT, put_after_deletion], ids=["revert", "PUT", "PUT after a deletion"])
def test_whatever_reopens_it_does(alone: Alone, reopen: Act) -> None:
    todo_id, following = completed(alone)
    assert reopen(alone, todo_id).status_code in (200, 201)
    assert alone.types(following) == ["Created", "Deleted"]
    assert open_ones(alone) == {todo_id}


def test_whatever_completes_it_brings_it_back(alone: Alone) -> None:
    todo_id, following = completed(alone)
    alone.patch(todo_id, **REOPEN)
    answer = alone.api().post(f"/todos/{todo_id}/revert", {"to_version": 2})
    assert answer.json()["completed"]
    assert alone.types(following) == ["Created", "Deleted", "Restored"]
    alone.patch(todo_id, **REOPEN)
    assert alone.api().delete(f"/todos/{todo_id}").status_code == 204
    answer = alone.api().put(f"/todos/{todo_id}", {"title": "x", **WEEKLY, **COMPLETE}, if_none_match="*")
    assert answer.status_code == 201
    assert open_ones(alone) == {following}
    assert state(alone, following)["title"] == "x"


def test_in_a_batch_too(alone: Alone) -> None:
    todo_id, following = completed(alone)
    commands = [
        {"op": "revert", "id": todo_id, "body": {"to_version": 1}},
        {"op": "patch", "id": todo_id, "body": COMPLETE},
    ]
    results = alone.api().post("/batch", {"commands": commands}).json()["results"]
    assert [result.get("link") for result in results] == [
        None,
        f'<http://api.example/todos/{following}>; rel="next-occurrence"',
    ]
    assert alone.types(following) == ["Created", "Deleted", "Restored"]


def test_a_next_one_that_was_deleted_comes_back(alone: Alone) -> None:
    todo_id, following = completed(alone)
    alone.patch(todo_id, **REOPEN)
    forget_todos()
    alone.patch(todo_id, **COMPLETE)
    assert open_ones(alone) == {following}
    assert alone.api().delete(f"/todos/{following}").status_code == 204
    alone.patch(todo_id, **REOPEN)
    alone.patch(todo_id, **COMPLETE)
    assert open_ones(alone) == {following}, "the series does not end silently"


def test_there_is_one_chain_though_the_date_changes(alone: Alone) -> None:
    todo_id, following = completed(alone)
    alone.patch(todo_id, **REOPEN)
    alone.patch(todo_id, due="2026-12-24")
    alone.patch(todo_id, **COMPLETE)
    assert open_ones(alone) == {following}
    assert state(alone, following)["due"] == "2026-12-31"


def test_it_comes_back_as_the_todo_is_by_now(alone: Alone) -> None:
    todo_id, following = completed(alone)
    alone.patch(todo_id, **REOPEN)
    alone.patch(todo_id, title="Renamed", list="home")
    alone.patch(todo_id, **COMPLETE)
    assert (state(alone, following)["title"], state(alone, following)["list"]) == ("Renamed", "home")


def no_op(alone: Alone, todo_id: str) -> None:
    assert alone.api().patch(f"/todos/{todo_id}", {}, idempotency_key="k").status_code == 200


def complete_and_reopen(alone: Alone, todo_id: str) -> None:
    alone.patch(todo_id, **COMPLETE)
    alone.patch(todo_id, **REOPEN)


def rename_and_back(alone: Alone, todo_id: str) -> None:
    title = state(alone, todo_id)["title"]
    alone.patch(todo_id, title="Another")
    alone.patch(todo_id, title=title)


@pytest.mark.parametrize(
    "act",
    [lambda alone, todo_id: run(alone, todo_id, Remind("2026-12-07")), no_op, complete_and_reopen, rename_and_back],
    ids=["reminded", "a keyed no-op", "completed and reopened", "renamed and back"],
)
def test_what_leaves_the_content_is_no_change(alone: Alone, act: Act) -> None:
    todo_id, following = completed(alone, remind_at="2026-11-30")
    act(alone, following)
    assert len(alone.events(following)) > 1
    alone.patch(todo_id, **REOPEN)
    assert open_ones(alone) == {todo_id}


def test_a_next_one_that_somebody_has_changed_stays_and_there_is_one(alone: Alone) -> None:
    todo_id, following = completed(alone)
    alone.patch(following, notes="begun")
    alone.patch(todo_id, **REOPEN)
    assert open_ones(alone) == {todo_id, following}
    alone.patch(todo_id, title="Renamed")
    alone.patch(todo_id, **COMPLETE)
    assert open_ones(alone) == {following}
    assert alone.types(following) == ["Created", "Edited"]


def test_a_next_one_that_is_done_already_is_not_made_again(alone: Alone) -> None:
    todo_id, following = completed(alone)
    alone.patch(following, **COMPLETE)
    after_that = ids.id_for_next(following)
    alone.patch(todo_id, **REOPEN)
    alone.patch(todo_id, **COMPLETE)
    assert open_ones(alone) == {after_that}
    assert alone.types(following) == ["Created", "Completed"]
    assert alone.types(after_that) == ["Created"]


def test_one_that_is_completed_for_a_later_date_goes_on_behind_what_is_done(alone: Alone) -> None:
    todo_id, following = completed(alone, repeat="FREQ=WEEKLY;COUNT=2")
    alone.patch(following, **COMPLETE)
    assert open_ones(alone) == set()
    alone.patch(todo_id, due="2027-06-01", **REOPEN)
    answer = alone.api().patch(f"/todos/{todo_id}", COMPLETE)
    after_that = ids.id_for_next(following)
    assert open_ones(alone) == {after_that}
    assert state(alone, after_that)["due"] == "2027-06-08"
    assert after_that in answer.headers["Link"]
    alone.patch(todo_id, **REOPEN)
    assert open_ones(alone) == {todo_id}


def test_what_stayed_behind_a_reopened_one_is_the_next_one(alone: Alone) -> None:
    """Somebody reopened the next one, whose own next had been changed; two are open then, but no third is opened."""
    todo_id, following = completed(alone)
    alone.patch(following, **COMPLETE)
    after_that = ids.id_for_next(following)
    alone.patch(after_that, notes="begun")
    alone.patch(following, **REOPEN)
    alone.patch(todo_id, **REOPEN)
    assert open_ones(alone) == {todo_id, after_that}
    answer = alone.api().patch(f"/todos/{todo_id}", COMPLETE)
    assert open_ones(alone) == {after_that}
    assert after_that in answer.headers["Link"]


def test_all_events_of_one_write_have_one_instant_after_all_that_they_follow(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo_id, following = completed(alone)
    ahead = "2099-01-01T00:00:00.000Z"
    # A clock that was ahead wrote the next one's newest event.
    newest = alone.events(following)[-1]
    ledger.append(
        replace(
            newest, version=2, event_id="ahead", type="TodoReminded", change={}, occurred_at=ahead,
            state=fold.evolve(newest.state, "TodoReminded", {}, ahead),
        )
    )  # fmt: skip
    forget_todos()
    alone.patch(todo_id, **REOPEN)
    at = {alone.events(each)[-1].occurred_at for each in (todo_id, following)}
    assert at == {instants.instant_after(ahead)}


def test_the_answer_names_the_next_one_and_its_repeat_does_too(alone: Alone) -> None:
    todo_id = alone.create(**WEEKLY)
    first = alone.api().patch(f"/todos/{todo_id}", COMPLETE, idempotency_key="k")
    assert first.headers["Link"] == f'<http://api.example/todos/{ids.id_for_next(todo_id)}>; rel="next-occurrence"'
    reopened = alone.api().patch(f"/todos/{todo_id}", REOPEN)
    assert "Link" not in reopened.headers
    assert "Link" not in alone.api().patch(f"/todos/{todo_id}", {"notes": "n"}).headers
    forget_todos()
    assert alone.api().patch(f"/todos/{todo_id}", COMPLETE, idempotency_key="k") == first


def test_without_a_next_one_none_is_named(alone: Alone) -> None:
    todo_id, _ = completed(alone)
    alone.patch(todo_id, **REOPEN)
    answer = alone.api().patch(f"/todos/{todo_id}", {"repeat": None, **COMPLETE})
    assert "Link" not in answer.headers


def test_nobody_sees_or_sets_what_a_todo_knows_of_its_next_one(alone: Alone) -> None:
    todo_id, following = completed(alone)
    assert state(alone, todo_id)["next"] == {"first": following, "id": following, "version": 1}
    read = alone.api().get(f"/todos/{todo_id}").json()
    history = alone.api().get(f"/todos/{todo_id}/events").json()
    told = alone.api().get(f"/todos/{todo_id}/events", accept="application/cloudevents-batch+json").json()
    assert "next" not in read
    assert [event["change"] for event in history[1:]] == [COMPLETE]
    assert [event["data"]["event"]["change"] for event in told[1:]] == [COMPLETE]
    assert all("next" not in event["data"]["state"] for event in told)
    assert alone.api().patch(f"/todos/{todo_id}", {"next": None}).status_code == 400
    alone.api().post(f"/todos/{todo_id}/revert", {"to_version": 1})
    assert state(alone, todo_id)["next"] == {"first": following, "id": following, "version": 2}


def test_a_wait_is_for_both(alone: Alone) -> None:
    todo_id = alone.create(**WEEKLY)
    alone.project()
    for change in (COMPLETE, REOPEN):
        answer = alone.api().patch(f"/todos/{todo_id}", change)
        newest = alone.events(todo_id)[-1]
        following = ids.id_for_next(todo_id)
        assert representation.versions_written(newest) == {
            todo_id: newest.version, following: len(alone.events(following))
        }  # fmt: skip
        assert answer.status_code == 200


def earlier(alone: Alone, *, reopened: bool) -> tuple[str, str]:
    """A todo that was completed before todos knew of their next ones, and that next one."""
    todo_id = alone.create(**WEEKLY)
    partition = ids.partition_of(alone.owner)
    before = alone.events(todo_id)[-1]
    completion = written(before, COMPLETED, COMPLETE)
    ledger.append(completion)
    following = earlier_ids.id_of_next(partition, todo_id, completion.state, earlier_ids.Steps())
    assert following is not None
    content = {"title": before.state["title"], "due": "2026-12-08", "repeat": "FREQ=WEEKLY"}
    at = completion.occurred_at
    first = replace(
        completion, stream_id=ids.stream_id(partition, following), version=1, event_id="first", type=CREATED,
        change=content, state=fold.evolve(None, CREATED, content, at),
    )  # fmt: skip
    ledger.append(first)
    if reopened:
        ledger.append(written(completion, REOPENED, REOPEN))
    forget_todos()
    return todo_id, following


def written(before: Event, kind: str, change: dict[str, Any]) -> Event:
    at = instants.instant_after(before.occurred_at)
    state = fold.evolve(before.state, kind, change, at)
    return replace(
        before, version=before.version + 1, event_id=f"{kind} {at}", type=kind, change=change, state=state,
        occurred_at=at,
    )  # fmt: skip


def test_the_next_one_of_an_earlier_completion_is_found(alone: Alone) -> None:
    todo_id, following = earlier(alone, reopened=True)
    alone.patch(todo_id, due="2026-12-24", title="Renamed")
    alone.patch(todo_id, **COMPLETE)
    assert open_ones(alone) == {following}
    assert (state(alone, following)["title"], state(alone, following)["due"]) == ("Renamed", "2026-12-31")
    assert state(alone, todo_id)["next"] == {"first": following, "id": following, "version": 2}


def test_the_next_one_of_an_earlier_completion_is_taken_back(alone: Alone) -> None:
    todo_id, following = earlier(alone, reopened=False)
    alone.patch(todo_id, **REOPEN)
    assert open_ones(alone) == {todo_id}
    alone.patch(todo_id, **COMPLETE)
    assert open_ones(alone) == {following}


def test_the_history_is_read_once(alone: Alone) -> None:
    todo_id = alone.create(**WEEKLY)
    alone.patch(todo_id, notes="n")
    with counted() as traffic:
        alone.patch(todo_id, **COMPLETE)
    assert traffic.requests == {"Query": 1, "TransactWriteItems": 1}
    with counted() as traffic:
        alone.patch(todo_id, **REOPEN)
        alone.patch(todo_id, **COMPLETE)
    assert traffic.requests == {"TransactWriteItems": 2}, "and what this process wrote is known to it"


def test_a_look_goes_through_eight_todos_at_most(alone: Alone) -> None:
    """However many of a series are done, and due before the wanted date."""
    first = todo_id = alone.create(due="2026-12-01", repeat="FREQ=DAILY;COUNT=10")
    for _ in range(10):
        alone.patch(todo_id, **COMPLETE)
        todo_id = ids.id_for_next(todo_id)
    assert open_ones(alone) == set()
    alone.patch(first, due="2030-01-01", **REOPEN)
    forget_todos()
    with counted() as traffic:
        alone.patch(first, **COMPLETE)
    assert traffic.requests == {"Query": 1 + next_occurrence.MAX_LINKS, "TransactWriteItems": 1}
    assert open_ones(alone) == set()


def test_a_history_is_searched_within_bounds(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    todo_id = alone.create(**WEEKLY)
    newest = alone.events(todo_id)[-1]
    for number in range(1, 16):
        for kind, change in ((COMPLETED, {"due": f"2026-12-{number:02}", **COMPLETE}), (REOPENED, REOPEN)):
            newest = written(newest, kind, change)
            ledger.append(newest)
    tried = []
    monkeypatch.setattr(earlier_ids, "id_of_next", lambda *arguments: tried.append(arguments))
    alone.patch(todo_id, **COMPLETE)
    assert len(tried) == next_occurrence.MAX_COMPLETIONS_BACK
    assert [arguments[2]["due"] for arguments in tried] == [f"2026-12-{number:02}" for number in range(15, 5, -1)]


@pytest.mark.parametrize("fields", [{}, {"repeat": None}])
def test_what_neither_repeats_nor_has_a_next_one_pays_nothing(alone: Alone, fields: dict[str, Any]) -> None:
    todo_id = alone.create(**fields)
    with counted() as traffic:
        for change in (COMPLETE, REOPEN, COMPLETE, {"title": "Another"}):
            alone.patch(todo_id, **change)
    assert (traffic.requests, traffic.write_units) == ({"PutItem": 4}, 4.0)
    assert "next" not in str(ledger.stored_at([(ids.stream_id(ids.partition_of(alone.owner), todo_id), 2)]))


def test_what_repeats_pays_nothing_for_any_other_change(alone: Alone) -> None:
    todo_id, _ = completed(alone)
    with counted() as traffic:
        alone.patch(todo_id, title="Another")
        alone.api().delete(f"/todos/{todo_id}")
        alone.api().post(f"/todos/{todo_id}/restore")
    assert (traffic.requests, traffic.write_units) == ({"PutItem": 3}, 3.0)


def test_one_whose_content_is_larger_than_is_accepted_now_has_its_next_one(alone: Alone) -> None:
    """The change and the state of its creation do not fit an event as a client may make one."""
    todo_id, _ = completed(alone)
    alone.patch(todo_id, **REOPEN)
    ledger.append(
        written(alone.events(todo_id)[-1], "TodoEdited", {"notes": "n" * 30_000, "metadata": {"a": "m" * 4000}})
    )
    forget_todos()
    event, _ = complete(alone, todo_id)
    assert 2 * codec.size_of(event) > MAX_EVENT_BYTES
    following = state(alone, next_of(alone, todo_id))
    assert (following["notes"], following["metadata"]) == (event.state["notes"], event.state["metadata"])
