"""The projection, case by case: rows, tallies and the log after a create, a move, a deletion, a repeat, a latecomer."""

from __future__ import annotations

import json

import pytest

from chalicelib.todos.decide import Create, Delete, Restore
from chalicelib.views.projection import (
    MAX_REMEMBERED_LENGTH,
    Head,
    OwnerView,
    Row,
    Tally,
    apply_update,
    is_behind,
    newest,
    project,
    todo_of,
)
from tests.unit.scenarios import content_of, deleted, live, patched
from tests.unit.views.views_model import Views, counts, head_of


def head(todo_id: str, version: int, **state: object) -> Head:
    return Head(todo_id, version, json.dumps(state))


def views_after(*batches: list[Head]) -> Views:
    views = Views()
    for batch in batches:
        views.project(batch)
    return views


def test_a_new_todo_makes_its_row_both_tallies_and_a_log_entry() -> None:
    event = live(list="home").events[0]
    views = views_after([head_of(event)])
    assert views.rows == {event.stream_id: Row(event.stream_id, 1, head_of(event).state, revision=1)}
    assert views.lists == {"home": Tally(1, 1, 0, revision=1)}
    assert views.tally == Tally(1, 1, 0, revision=1)
    assert views.log == {1: [(event.stream_id, 1)]}


def test_completing_moves_it_from_open_to_completed() -> None:
    views = views_after([head("a", 1)], [head("b", 1)], [head("a", 2, completed=True)])
    assert counts(views.tally) == counts(views.lists["inbox"]) == (2, 1, 1)


@pytest.mark.parametrize("completed", [False, True])
def test_an_edit_writes_the_row_the_tally_and_the_log_but_no_list(completed: bool) -> None:
    views = views_after([head("a", 1, completed=completed)])
    update = views.project([head("a", 2, title="New", completed=completed)])
    assert update is not None
    assert update.lists == []
    expected = (1, 0, 1) if completed else (1, 1, 0)
    assert (views.tally, views.lists["inbox"]) == (Tally(*expected, revision=2), Tally(*expected, revision=1))
    assert update.item_count == 3


def test_moving_to_another_list_moves_both_lists_and_not_the_owners_counts() -> None:
    views = views_after([head("a", 1, list="x"), head("b", 1, list="x")], [head("a", 2, list="y", completed=True)])
    assert {name: counts(tally) for name, tally in views.lists.items()} == {"x": (1, 1, 0), "y": (1, 0, 1)}
    assert counts(views.tally) == (2, 1, 1)


def test_the_last_todo_to_leave_a_list_takes_its_tally_along() -> None:
    views = views_after([head("a", 1, list="x")])
    update = views.project([head("a", 2, list="y")])
    assert update is not None
    assert update.lists == [
        ("x", Tally(1, 1, 0, revision=1), Tally(0, 0, 0, revision=2)),
        ("y", Tally(), Tally(1, 1, 0, revision=2)),
    ]
    assert set(views.lists) == {"y"}


def test_todos_that_swap_lists_leave_the_lists_as_they_were() -> None:
    views = views_after([head("a", 1, list="x"), head("b", 1, list="y")])
    update = views.project([head("a", 2, list="y"), head("b", 2, list="x")])
    assert update is not None
    assert update.lists == []
    assert update.item_count == 4


@pytest.mark.parametrize("completed", [False, True])
def test_a_deleted_todo_stays_as_a_row_and_counts_no_more(completed: bool) -> None:
    stream = deleted(completed=completed)
    views = views_after(*[[head_of(event)] for event in stream.events])
    assert (views.rows[stream.stream_id].version, views.lists, counts(views.tally)) == (2, {}, (0, 0, 0))
    assert views.tally.revision == 2, "the owner's tally is never removed"


def test_a_restored_todo_counts_again() -> None:
    views = views_after(*[[head_of(event)] for event in deleted(list="home").after(Restore()).events])
    assert counts(views.lists["home"]) == counts(views.tally) == (1, 1, 0)


def test_what_is_created_and_deleted_in_one_batch_leaves_a_tombstone_and_no_count() -> None:
    stream = live().after(Delete())
    views = Views()
    update = views.project([head_of(event) for event in stream.events])
    assert update is not None
    assert update.lists == []
    assert (len(views.rows), counts(views.tally), views.log) == (1, (0, 0, 0), {1: [(stream.stream_id, 2)]})


def test_a_batch_delivered_again_changes_nothing() -> None:
    heads = [head_of(event) for event in patched(live(), completed=True).events]
    views = views_after(heads)
    assert views.project(heads) is None
    assert views.project(heads[:1]) is None
    assert views.project([]) is None


def test_an_older_version_that_comes_late_changes_nothing() -> None:
    views = views_after([head("a", 3, list="y", completed=True)])
    before = views.content()
    assert views.project([head("a", 2, list="x"), head("a", 1)]) is None
    assert views.content() == before


def test_a_version_may_come_before_the_one_that_it_follows() -> None:
    views = views_after([head("a", 2, completed=True)], [head("a", 1)])
    assert counts(views.tally) == (1, 0, 1)


def test_only_what_is_behind_is_written_and_logged() -> None:
    views = views_after([head("a", 2), head("b", 1)])
    update = views.project([head("a", 1), head("a", 2), head("b", 2), head("c", 1)])
    assert update is not None
    assert views.log[2] == [("b", 2), ("c", 1)]
    assert views.rows["a"].revision == 1


def test_the_newest_event_of_each_todo_counts_in_whatever_order() -> None:
    heads = [head("a", 2), head("b", 1), head("a", 3), head("a", 1)]
    assert newest(heads) == newest(reversed(heads)) == {"a": heads[2], "b": heads[1]}


@pytest.mark.parametrize(("version", "expected"), [(1, False), (2, False), (3, True)])
def test_a_row_is_behind_what_is_newer_than_it(version: int, expected: bool) -> None:
    assert is_behind(Row("a", 2, "{}", 1), head("a", version)) is expected
    assert is_behind(None, head("a", version))


def test_an_applied_update_is_the_view_that_a_reader_would_find_next() -> None:
    first = [head("a", 1, list="x"), head("b", 1, list="y")]
    second = [head("a", 2, list="y"), head("b", 2, deleted=True, list="y"), head("c", 1, list="x")]
    views = views_after(first)
    update = project(views.read(first + second), second)
    assert update is not None
    carried_on = apply_update(views.read(first + second), update)
    views.write(update)
    assert carried_on == views.read(first + second)


def test_an_emptied_list_is_gone_in_the_applied_view_too() -> None:
    view = OwnerView(Tally(1, 1, 0, 1), {"a": Row("a", 1, '{"list":"x"}', 1)}, {"x": Tally(1, 1, 0, 1)})
    update = project(view, [head("a", 2, deleted=True, list="x")])
    assert update is not None
    assert apply_update(view, update) == OwnerView(
        Tally(0, 0, 0, 2), {"a": Row("a", 2, '{"deleted": true, "list": "x"}', 2)}, {}
    )


def test_a_usual_state_is_read_once_and_a_long_one_each_time() -> None:
    def state(length: int) -> str:
        return json.dumps({"title": "x" * (length - len('{"title": ""}'))})

    usual, long = state(MAX_REMEMBERED_LENGTH), state(MAX_REMEMBERED_LENGTH + 1)

    assert todo_of(usual) is todo_of(usual)
    assert todo_of(long) == json.loads(long)
    assert todo_of(long) is not todo_of(long)


@pytest.mark.parametrize("text", ["[]", "1", "null", '"title"'])
def test_a_state_is_an_object(text: str) -> None:
    with pytest.raises(ValueError, match=r"^a state is a JSON object$"):
        todo_of(text)


def test_a_recreated_todo_counts_once() -> None:
    stream = deleted(list="x").after(Create(content_of(list="y")))
    views = views_after(*[[head_of(event)] for event in stream.events])
    assert {name: counts(tally) for name, tally in views.lists.items()} == {"y": (1, 1, 0)}
