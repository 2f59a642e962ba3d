"""Renaming a list moves what is in it, once, at once or by the queue, in passes until nothing new is found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.aws import settings_table
from chalicelib.commands import execute, list_queue, list_records, named_lists, operations, rename_list
from chalicelib.commands.list_operation import ListUnfinished
from chalicelib.commands.rename_list import Renamed
from chalicelib.ledger import scan
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos import ids
from chalicelib.todos.decide import Delete, Patch
from chalicelib.todos.errors import Poison, Unavailable
from tests.simulation.seams import CLEAR
from tests.simulation.world import World
from tests.unit.commands.one_owner import (
    ME,
    PARTITION,
    create,
    do,
    failing,
    history,
    messages,
    newest,
    project,
    quarantined,
    work_of,
    work_off,
    work_once,
)
from tests.unit.commands.test_clearing_lists import given


def rename(to: str = "house", list_name: str = "home", **options: Any) -> Renamed:
    return rename_list.rename(ME, list_name, to, **{"actor": "ann", "correlation_id": "request", **options})


def lists_of(*todo_ids: str) -> list[str]:
    return [newest(todo_id).state["list"] for todo_id in todo_ids]


def names() -> list[str]:
    return named_lists.page(ME, after=None, limit=100)[0]


@pytest.mark.usefixtures("world")
def test_a_short_list_is_renamed_by_the_request() -> None:
    todo_ids, other = given(2), create(list="work")

    renamed = rename(client="app", operation="tidy")

    assert renamed == Renamed(at_once=True, moved=2, versions=dict.fromkeys(todo_ids, 2), operation="tidy")
    assert lists_of(*todo_ids, other) == ["house", "house", "work"]
    move = newest(todo_ids[0])
    assert (move.actor, move.client, move.operation, move.correlation_id) == ("ann", "app", "tidy", "request")


@pytest.mark.usefixtures("world")
def test_without_a_name_the_moves_are_an_operation_of_their_own() -> None:
    [todo_id] = given(1)

    operation = rename().operation

    assert operation == newest(todo_id).operation
    assert operation
    assert operation.startswith("~")
    assert len(operation) == 37


@pytest.mark.usefixtures("world")
def test_a_repeat_moves_nothing_that_has_come_since() -> None:
    given(2)
    rename(key="k", operation="tidy")
    come = create(list="home")
    project()

    assert rename(key="k", operation="another") == Renamed(at_once=True, moved=2, operation="tidy")
    assert lists_of(come) == ["home"]


@pytest.mark.usefixtures("world")
def test_a_repeat_of_a_request_that_broke_off_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = given(2)
    with monkeypatch.context() as patch:
        failing(patch, {other: LedgerUnavailable("the line is cut")})
        with pytest.raises(LedgerUnavailable, match="the line is cut"):
            rename(key="k", operation="tidy")
    assert lists_of(one, other) == ["house", "home"]

    assert rename(key="k") == Renamed(at_once=True, moved=2, operation="tidy")
    assert lists_of(one, other) == ["house", "house"]
    assert [event.operation for event in (newest(one), newest(other))] == ["tidy", "tidy"]


@pytest.mark.usefixtures("world")
def test_a_key_is_of_one_list_and_one_new_name() -> None:
    given(1)
    rename(key="k")

    with pytest.raises(execute.KeyReused):
        rename("house", "work", key="k")
    with pytest.raises(execute.KeyReused):
        rename("flat", key="k")


@pytest.mark.usefixtures("world")
def test_a_list_that_is_to_have_its_own_name_stays_as_it_is() -> None:
    todo_ids = given(3)
    named_lists.add(ME, "home")

    assert rename("home", operation="o") == Renamed(at_once=True, moved=0, versions={}, operation="o")

    assert [len(history(todo_id)) for todo_id in todo_ids] == [1, 1, 1]
    assert names() == ["home"]


@pytest.mark.usefixtures("world")
def test_a_todo_that_was_edited_since_the_views_showed_it_is_moved_at_its_newest_version() -> None:
    [todo_id] = given(1)
    do(todo_id, Patch({"title": "New"}))

    assert rename().versions == {todo_id: 3}
    assert newest(todo_id).state["title"] == "New"


@pytest.mark.parametrize("since", [[Patch({"list": "work"}), Patch({"list": "home"})], [Delete()]])
@pytest.mark.usefixtures("world")
def test_a_todo_that_has_left_the_list_since_stays_where_it_is(since: list[Any]) -> None:
    [todo_id] = given(1)
    for command in since:
        do(todo_id, command)

    renamed = rename()

    assert (renamed.moved, renamed.versions) == (0, {})
    assert lists_of(todo_id) == ["home"]


@pytest.mark.parametrize(("behind", "moved"), [(100, 1), (101, 0)])
@pytest.mark.usefixtures("world")
def test_a_row_is_at_most_a_hundred_events_behind_its_todo(behind: int, moved: int) -> None:
    [todo_id] = given(1)
    for number in range(behind):
        do(todo_id, Patch({"title": f"{number} bottles"}))

    assert rename().moved == moved


@pytest.mark.usefixtures("world")
def test_a_todo_that_others_change_each_time_is_too_contended(
    monkeypatch: pytest.MonkeyPatch, no_sleep: list[float]
) -> None:
    [todo_id] = given(1)
    real = execute.execute
    numbers = iter(range(1000))

    def overtaken(request: execute.CommandRequest) -> Any:
        if request.if_match is not None:
            real(execute.CommandRequest(ME, todo_id, Patch({"title": f"{next(numbers)} bottles"}), actor="other"))
        return real(request)

    monkeypatch.setattr(execute, "execute", overtaken)
    with pytest.raises(execute.TooContended):
        rename()
    assert len(history(todo_id)) == 1 + rename_list.MAX_TRIES


@pytest.mark.usefixtures("world")
def test_todos_that_cannot_be_moved_are_named_once_the_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = given(2)
    failing(monkeypatch, {bad: ValueError("too odd")})

    with pytest.raises(ListUnfinished) as raised:
        rename()

    assert raised.value.todo_ids == [bad]
    assert lists_of(good) == ["house"]


@pytest.mark.usefixtures("world")
def test_a_kept_name_goes_along() -> None:
    named_lists.add(ME, "home")

    rename()

    assert names() == ["house"]


@pytest.mark.usefixtures("world")
def test_of_two_kept_names_the_new_one_is_left_and_counted_once() -> None:
    named_lists.add(ME, "home")
    named_lists.add(ME, "house")

    rename()

    assert names() == ["house"]
    item = settings_table.find(PARTITION, "lists")
    assert item is not None
    assert item["lists"]["N"] == "1"


@pytest.mark.usefixtures("world")
def test_a_name_that_is_not_kept_is_kept_under_no_other() -> None:
    given(1)
    named_lists.add(ME, "work")

    rename()

    assert names() == ["work"]


@pytest.mark.usefixtures("world")
def test_names_that_others_change_each_time_are_tried_and_given_up(
    monkeypatch: pytest.MonkeyPatch, no_sleep: list[float]
) -> None:
    tries: list[int] = []

    def transact(writes: list[Any]) -> list[bool]:
        tries.append(len(writes))
        return [False, True, False]

    named_lists.add(ME, "home")
    monkeypatch.setattr(settings_table, "transact", transact)

    with pytest.raises(Unavailable, match=r"^the list's name is being changed by others$"):
        rename()

    assert tries == [3] * rename_list.MAX_TRIES


def test_a_long_list_is_renamed_by_the_queue_page_by_page(world: World) -> None:
    todo_ids = given(5)

    renamed = rename(client="app", operation="tidy")

    assert renamed == Renamed(at_once=False, operation="tidy")
    assert operations.is_worked_on(operations.find(PARTITION, "tidy"))
    # All are new to the first pass; the second finds nothing.
    assert work_off(world, project) == 3 + 1
    assert lists_of(*todo_ids) == ["house"] * 5
    assert not operations.is_worked_on(operations.find(PARTITION, "tidy"))
    move = newest(todo_ids[4])
    assert (move.actor, move.client, move.operation, move.correlation_id) == ("ann", "app", "tidy", "request")
    assert [len(history(todo_id)) for todo_id in todo_ids] == [2] * 5


def test_what_comes_into_a_long_list_meanwhile_is_moved_too(world: World) -> None:
    todo_ids = given(3)
    rename()
    pages = iter(range(100))

    def come() -> None:
        # The views have the moves; in the second pass another todo comes.
        project()
        if next(pages) == 1:
            todo_ids.append(create(list="home"))
            project()

    work_off(world, come)

    assert lists_of(*todo_ids) == ["house"] * 4


def test_a_todo_that_is_put_back_is_not_moved_again(world: World) -> None:
    todo_ids = given(3)
    rename()
    work_once(world)
    project()
    [back] = [todo_id for todo_id in todo_ids if lists_of(todo_id) == ["house"]][:1]
    do(back, Patch({"list": "home"}))
    project()

    work_off(world, project)

    assert sorted(lists_of(*todo_ids)) == ["home", "house", "house"]


def test_passes_come_to_an_end(world: World) -> None:
    given(3)
    rename(operation="tidy")

    def come() -> None:
        create(list="home")
        project()

    assert work_off(world, come) < 10 * rename_list.MAX_PASSES
    assert not operations.is_worked_on(operations.find(PARTITION, "tidy"))
    assert "home" in {newest(todo_id).state["list"] for todo_id in all_todos()}


def all_todos() -> list[str]:
    return [ids.split_stream_id(stream)[1] for stream, _, _ in scan.heads()]


def test_a_list_that_has_become_long_is_left_to_the_queue(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    todo_ids = given(2)
    real = list_records.is_done
    looks = iter(range(100))

    def come(*arguments: Any) -> Any:
        if next(looks) == 0:
            todo_ids.extend(create(list="home") for _ in range(3))
            project()
        return real(*arguments)

    monkeypatch.setattr(list_records, "is_done", come)
    renamed = rename(key="k", operation="tidy")

    assert (renamed.at_once, renamed.operation) == (True, "tidy")
    assert renamed.versions is not None
    assert renamed.moved == len(renamed.versions) == 2
    assert operations.is_worked_on(operations.find(PARTITION, "tidy"))
    work_off(world, project)
    assert lists_of(*todo_ids) == ["house"] * 5
    assert rename(key="k") == Renamed(at_once=True, moved=2, operation="tidy")


def test_a_repeat_asks_the_queue_again_until_the_list_is_renamed(world: World) -> None:
    todo_ids = given(3)
    first = rename(key="k")
    assert rename(key="k") == first
    assert len(messages(world)) == 2

    work_off(world, project)

    assert rename(key="k") == first
    assert messages(world) == []
    assert [len(history(todo_id)) for todo_id in todo_ids] == [2, 2, 2]


def test_a_message_that_comes_again_once_all_is_done_moves_nothing(world: World) -> None:
    given(3)
    rename()
    late = work_of(world)
    work_off(world, project)
    come = create(list="home")
    project()

    assert rename_list.resume(replace(late, cut=replace(late.cut, revision=1000))) == []

    assert lists_of(come) == ["home"]
    assert messages(world) == []


def test_without_its_record_nobody_knows_whether_a_renaming_is_done(world: World) -> None:
    todo_ids = given(3)
    rename()
    work = work_of(world)

    with pytest.raises(Poison, match=r"^list 'home': the record of its renaming has expired, so that"):
        rename_list.resume(replace(work, operation=replace(work.operation, record="renaming#gone")))

    assert lists_of(*todo_ids) == ["home"] * 3


def test_after_a_rebuild_all_is_new_to_the_next_pass(world: World) -> None:
    todo_ids = given(3)
    rename()
    work = work_of(world)
    work_once(world)
    for message in world.queues.records(CLEAR):
        world.queues.remove(CLEAR, message["messageId"])

    assert rename_list.resume(replace(work, cut=replace(work.cut, table="views-2"))) == []

    following = work_of(world)
    assert following.cut.table == "views"
    assert following.renaming == list_queue.Pass(2, list_queue.NO_REVISION)
    work_off(world, project)
    assert lists_of(*todo_ids) == ["house"] * 3


def test_the_next_pass_looks_for_what_is_newer_than_the_cut_before(world: World) -> None:
    given(3)
    rename()
    first = work_of(world)
    assert first.renaming == list_queue.Pass(1, list_queue.NO_REVISION)
    work_once(world)
    assert work_of(world).renaming == list_queue.Pass(1, list_queue.NO_REVISION, found_new=True)
    work_once(world)

    assert work_of(world).renaming == list_queue.Pass(2, first.cut.revision)


def test_what_may_be_moved_later_has_its_message_come_again_before_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = given(3)
    rename()
    with monkeypatch.context() as patch:
        failing(patch, {first: LedgerUnavailable("the line is cut")})
        assert len(work_once(world)) == 1
    assert lists_of(first, second, third) == ["home", "house", "home"]
    assert len(messages(world)) == 1

    work_off(world)

    assert lists_of(first, second, third) == ["house"] * 3


def test_what_can_never_be_moved_is_quarantined_alone_and_the_rest_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = given(3)
    rename()
    with monkeypatch.context() as patch:
        failing(patch, {first: ValueError("too odd")})
        # It stays in the list, but is not new to the second pass.
        assert work_off(world, project) == 2 + 1
    assert lists_of(first, second, third) == ["home", "house", "house"]

    message = quarantined(world)[0]

    assert message["keys"] == {"owner": PARTITION, "todo_id": first}
    assert rename_list.resume(list_queue.decode(message["record"]["body"])) == []
    assert lists_of(first) == ["house"]
