"""Clearing a list deletes what the views showed in it, once, at once or by the queue."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.aws import settings_table
from chalicelib.commands import clear_list, execute, list_operation, list_queue, list_records, operations, rename_list
from chalicelib.commands.clear_list import Cleared
from chalicelib.commands.list_operation import ListOperation, ListUnfinished
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos.decide import Delete, Patch
from chalicelib.todos.errors import Poison
from chalicelib.views import current
from chalicelib.views.cuts import Cut
from tests.simulation.seams import CLEAR, VIEWS
from tests.simulation.world import World
from tests.unit.commands.one_owner import (
    ME,
    PARTITION,
    create,
    do,
    failing,
    history,
    is_deleted,
    messages,
    newest,
    project,
    quarantined,
    work_of,
    work_off,
    work_once,
)

DAY = 24 * 3600


def clear(list_name: str = "home", **options: Any) -> Cleared:
    return clear_list.clear(ME, list_name, **{"actor": "ann", "correlation_id": "request", **options})


def given(count: int, list_name: str = "home") -> list[str]:
    """The ids of so many todos in the order of the list, which the views show."""
    todo_ids = [create(list=list_name) for _ in range(count)]
    project()
    return sorted(todo_ids)


@pytest.mark.usefixtures("world")
def test_a_short_list_is_cleared_by_the_request() -> None:
    todo_ids, other = given(2), create(list="work")

    cleared = clear(client="app", operation="tidy")

    assert cleared == Cleared("tidy", dict.fromkeys(todo_ids, 2))
    assert all(map(is_deleted, todo_ids))
    assert not is_deleted(other)
    deletion = newest(todo_ids[0])
    assert (deletion.actor, deletion.client, deletion.operation, deletion.correlation_id) == (
        "ann", "app", "tidy", "request",
    )  # fmt: skip


@pytest.mark.usefixtures("world")
def test_without_a_name_the_deletions_are_an_operation_of_their_own() -> None:
    [first], [second] = given(1), given(1, "work")

    operations_of_both = [clear("home").operation, clear("work").operation]

    assert operations_of_both == [newest(first).operation, newest(second).operation]
    assert len(set(operations_of_both)) == 2
    assert all(name and name.startswith("~") and len(name) == 37 for name in operations_of_both)


@pytest.mark.usefixtures("world")
def test_what_was_changed_since_the_views_showed_it_stays() -> None:
    edited, deleted, left = given(3)
    do(edited, Patch({"title": "New"}))
    do(deleted, Delete())
    do(left, Patch({"list": "work"}))

    clear()

    assert [len(history(todo_id)) for todo_id in (edited, deleted, left)] == [2, 2, 2]


@pytest.mark.usefixtures("world")
def test_a_repeat_deletes_nothing_that_has_come_since() -> None:
    given(2)
    first = clear(key="k", operation="tidy")
    come = create(list="home")
    project()

    assert clear(key="k", operation="another") == first
    assert not is_deleted(come)
    assert clear(key="another").versions == {come: 2}


@pytest.mark.usefixtures("world")
def test_a_repeat_of_a_request_that_broke_off_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = given(2)
    with monkeypatch.context() as patch:
        failing(patch, {other: LedgerUnavailable("the line is cut")})
        with pytest.raises(LedgerUnavailable, match="the line is cut"):
            clear(key="k")
    assert (is_deleted(one), is_deleted(other)) == (True, False)
    come = create(list="home")
    project()

    assert clear(key="k").versions == {one: 2, other: 2}
    assert (is_deleted(other), is_deleted(come)) == (True, False)


@pytest.mark.usefixtures("world")
def test_once_it_is_done_a_repeat_changes_no_todo(monkeypatch: pytest.MonkeyPatch) -> None:
    given(2)
    first = clear(key="k")
    monkeypatch.setattr(execute, "execute", None)

    assert clear(key="k") == first


@pytest.mark.usefixtures("world")
def test_a_key_is_of_one_list_and_one_doing() -> None:
    given(1)
    clear(key="k")

    with pytest.raises(execute.KeyReused):
        clear("work", key="k")
    with pytest.raises(execute.KeyReused):
        rename_list.rename(ME, "home", "work", actor="ann", correlation_id=None, key="k")


@pytest.mark.usefixtures("world")
def test_a_record_lives_for_thirty_days_after_the_request(world: World) -> None:
    given(1)
    clear(key="k")

    item = settings_table.find(PARTITION, "clearing#k")

    assert item is not None
    assert 0 <= int(item[settings_table.TTL_ATTRIBUTE]["N"]) - (world.scheduler.now // 1000 + 30 * DAY) <= 1


@pytest.mark.usefixtures("world")
def test_a_record_of_the_first_version_does_not_say_what_the_list_had() -> None:
    [todo_id] = given(1)
    settings_table.put_new({**settings_table.key(PARTITION, "clearing#k"), "list": {"S": "home"}})

    with pytest.raises(ListUnfinished, match=r"^The key was first used with an earlier version of the service"):
        clear(key="k")
    assert not is_deleted(todo_id)


@pytest.mark.usefixtures("world")
def test_todos_that_cannot_be_deleted_are_named_once_the_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = given(2)
    failing(monkeypatch, {bad: ValueError("too odd")})

    expected = rf"^1 of the list's todos cannot be changed, such as {bad}: too odd\. The others were\.$"
    with pytest.raises(ListUnfinished, match=expected) as raised:
        clear()

    assert raised.value.todo_ids == [bad]
    assert is_deleted(good)


@pytest.mark.usefixtures("world")
def test_what_may_pass_is_reported_before_what_never_will(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = given(2)
    failing(monkeypatch, {one: ValueError("too odd"), other: LedgerUnavailable("the line is cut")})

    with pytest.raises(LedgerUnavailable, match="the line is cut"):
        clear()


def test_a_long_list_is_cleared_by_the_queue_page_by_page(world: World) -> None:
    todo_ids = given(5)

    cleared = clear(client="app", operation="tidy")

    assert cleared == Cleared("tidy", None)
    deleted = []

    def look() -> None:
        assert operations.is_worked_on(operations.find(PARTITION, "tidy"))
        deleted.append(sum(map(is_deleted, todo_ids)))

    assert work_off(world, look) == 3
    assert [*deleted, sum(map(is_deleted, todo_ids))] == [0, 2, 4, 5]
    assert not operations.is_worked_on(operations.find(PARTITION, "tidy"))
    deletion = newest(todo_ids[4])
    assert (deletion.actor, deletion.client, deletion.operation, deletion.correlation_id) == (
        "ann", "app", "tidy", "request",
    )  # fmt: skip


def test_what_comes_into_a_long_list_meanwhile_stays(world: World) -> None:
    todo_ids = given(3)
    clear(key="k")
    come = create(list="home")
    do(todo_ids[2], Patch({"title": "New"}))
    project()

    work_off(world)

    assert [is_deleted(todo_id) for todo_id in (*todo_ids, come)] == [True, True, False, False]


def test_a_repeat_asks_the_queue_again_until_the_list_is_cleared(world: World) -> None:
    given(3)
    first = clear(key="k")
    assert clear(key="k") == first
    one, other = messages(world)
    assert one == other

    work_off(world)

    assert clear(key="k") == first
    assert messages(world) == []


def test_a_message_that_comes_again_once_all_is_done_deletes_nothing(world: World) -> None:
    given(3)
    clear(key="k")
    late = work_of(world)
    work_off(world)
    come = create(list="home")
    project()

    assert clear_list.resume(replace(late, cut=replace(late.cut, revision=1000))) == []

    assert not is_deleted(come)
    assert messages(world) == []


def test_of_views_that_were_rebuilt_nobody_knows_what_was_meant(world: World) -> None:
    todo_ids = given(3)
    clear(key="k", operation="tidy")
    work = work_of(world)

    with pytest.raises(Poison, match=r"^list 'home': The views were rebuilt since the list was to be cleared"):
        clear_list.resume(replace(work, cut=replace(work.cut, table="views-2")))

    assert not any(map(is_deleted, todo_ids))
    assert not operations.is_worked_on(operations.find(PARTITION, "tidy"))


@pytest.mark.usefixtures("world")
def test_a_repeat_after_a_rebuild_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    given(3)
    clear(key="k")
    monkeypatch.setattr(current, "is_current", lambda table: table != VIEWS)

    with pytest.raises(ListUnfinished, match=r"^The views were rebuilt since the list was to be cleared"):
        clear(key="k")


def test_what_may_be_deleted_later_has_its_message_come_again_before_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = given(3)
    clear(key="k")
    with monkeypatch.context() as patch:
        failing(patch, {first: LedgerUnavailable("the line is cut")})
        assert len(work_once(world)) == 1
    assert [is_deleted(each) for each in (first, second, third)] == [False, True, False]
    assert len(messages(world)) == 1

    work_off(world)

    assert is_deleted(first)
    assert is_deleted(third)


def test_what_can_never_be_deleted_is_quarantined_alone_and_the_rest_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = given(3)
    clear(key="k")
    with monkeypatch.context() as patch:
        failing(patch, {first: ValueError("too odd")})
        work_off(world)
    assert [is_deleted(each) for each in (first, second, third)] == [False, True, True]

    [message] = quarantined(world)

    assert (message["handler"], message["error"]) == ("clear", "ValueError: too odd")
    assert message["keys"] == {"owner": PARTITION, "todo_id": first}
    # Redriven, it is about this todo alone.
    come = create(list="home")
    project()
    assert clear_list.resume(list_queue.decode(message["record"]["body"])) == []
    assert (is_deleted(first), is_deleted(come)) == (True, False)
    assert messages(world) == []


@pytest.mark.parametrize("body", ["", "x", "[]", "{}", '{"operation": 1}'])
def test_what_is_no_message_is_quarantined(world: World, body: str) -> None:
    world.queues.put(CLEAR, body, {})

    assert work_once(world) == []

    [message] = quarantined(world)
    assert message["error"].startswith("Poison: not a list to be cleared or renamed: ")
    assert (message["handler"], message["record"]["body"]) == ("clear", body)


def test_a_message_of_the_first_version_deletes_nothing(world: World) -> None:
    world.queues.put(CLEAR, '{"asked_at": "2026-12-01T00:00:00Z", "list_name": "home"}', {})

    assert work_once(world) == []

    [message] = quarantined(world)
    assert message["error"].startswith("Poison: the message was sent by an earlier version of the service")
    assert "the list 'home' had" in message["error"]


def test_what_fails_as_a_whole_comes_again_or_is_quarantined(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    given(3)
    clear(key="k")
    error: Exception = LedgerUnavailable("the line is cut")

    def fail(work: list_queue.Work) -> None:
        raise error

    monkeypatch.setattr(clear_list, "resume", fail)
    assert len(work_once(world)) == 1
    assert quarantined(world) == []

    error = ValueError("too odd")
    assert work_once(world) == []
    [message] = quarantined(world)
    assert (message["handler"], message["error"]) == ("clear", "ValueError: too odd")
    assert "operation" in json.loads(message["record"]["body"])


def test_a_twin_of_a_request_acts_by_the_record_of_the_faster_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo_ids = given(1)
    real = list_records.find
    looks = iter([None])
    monkeypatch.setattr(list_records, "find", lambda operation: next(looks, real(operation)))

    first = clear(key="k", operation="first")
    looks = iter([None])
    assert clear(key="k", operation="second") == first
    assert [newest(todo_id).operation for todo_id in todo_ids] == ["first"]


def test_work_is_read_back_from_its_message() -> None:
    operation = ListOperation(ME, "häuser\u2028", "ann", None, "id", record="clearing#k", client="app", operation="o")
    work = list_queue.Work(
        operation, Cut("views-1", 7), "after", (("a", 1), ("b", 2)), list_queue.Pass(2, 3, found_new=True, moved=4)
    )

    assert list_queue.decode(list_queue.encode(work)) == work
    assert list_queue.encode(work).isascii()


def test_every_todo_is_tried_and_those_that_are_to_stay_are_in_neither_result() -> None:
    tried = []

    def change(todo_id: str, version: int) -> int | None:
        tried.append(todo_id)
        if todo_id == "odd":
            raise ValueError(todo_id)
        return None if todo_id == "stays" else version + 1

    changed, failures = list_operation.change_each([("odd", 1), ("a", 2), ("stays", 3), ("b", 4)], change)

    assert sorted(tried) == ["a", "b", "odd", "stays"]
    assert changed == {"a": 3, "b": 5}
    assert [(failure.todo, str(failure.error), failure.is_transient) for failure in failures] == [
        (("odd", 1), "odd", False)
    ]
    list_operation.raise_first([])
