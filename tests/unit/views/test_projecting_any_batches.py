"""For every history: states fold from the events, and however those are delivered, the views come out the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.ledger.codec import load_state
from chalicelib.todos import fold
from chalicelib.todos.decide import Command, Create, Delete, Move, Patch, Refusal, Replace, Restore, Revert
from chalicelib.todos.events import Event
from chalicelib.views.projection import Head, apply_update, list_of, newest, project
from tests.support.thorough import many
from tests.unit.scenarios import Stream, content_of
from tests.unit.views.views_model import Views, head_of

pytestmark = pytest.mark.slow

LISTS = ["inbox", "home", "a/b#c"]
TODOS = ["me#1", "me#2", "me#3"]

fields = st.fixed_dictionaries(
    {},
    optional={
        "completed": st.booleans(),
        "list": st.sampled_from(LISTS),
        "notes": st.none() | st.sampled_from(["a", "b"]),
        "order": st.none() | st.integers(0, 2),
    },
)


@st.composite
def histories(draw: st.DrawFn) -> dict[str, Stream]:
    """Several todos' streams, grown by commands as owners give them: refused ones too, which leave no event."""
    streams = {todo_id: Stream(todo_id) for todo_id in TODOS}
    for _ in range(draw(st.integers(1, 14))):
        stream = streams[draw(st.sampled_from(TODOS))]
        try:
            stream.after(draw(commands(stream)))
        except Refusal:
            continue
    return streams


def commands(stream: Stream) -> st.SearchStrategy[Command]:
    choices: list[st.SearchStrategy[Command]] = [
        fields.map(lambda stated: Create(content_of(**stated))),
        fields.map(lambda stated: Replace(content_of(**stated))),
        fields.map(lambda stated: Patch({**stated, "title": "Patched"})),
        fields.map(Patch),
        st.just(Delete()),
        st.builds(Move, st.sampled_from(LISTS), st.sampled_from(LISTS)),
        st.just(Restore()),
    ]
    if stream.events:
        choices.append(st.sampled_from(stream.events).map(lambda event: Revert(event.state)))
    return st.one_of(choices)


def events_of(streams: dict[str, Stream]) -> list[Event]:
    return [event for stream in streams.values() for event in stream.events]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Head], list[list[Head]]]:
    """Every event of a history once and in order, and the same again in batches cut, repeated and out of order."""
    in_order = [head_of(event) for event in events_of(draw(histories()))]
    repeated = draw(st.lists(st.sampled_from(in_order), max_size=10)) if in_order else []
    shuffled = draw(st.permutations(in_order + repeated))
    cuts = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=6)))
    batches = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    again = draw(st.lists(st.sampled_from(batches), max_size=2))
    return in_order, batches + again


@given(streams=histories())
def test_states_are_the_fold_of_the_events_and_versions_have_no_gaps(streams: dict[str, Stream]) -> None:
    for stream in streams.values():
        assert [event.version for event in stream.events] == list(range(1, len(stream.events) + 1))
        for event in stream.events:
            assert fold.fold(stream.events[: event.version]) == event.state
            assert load_state(head_of(event).state) == event.state


@given(streams=histories())
def test_an_event_names_new_values_alone(streams: dict[str, Stream]) -> None:
    for stream in streams.values():
        before: dict[str, Any] = {}
        for event in stream.events:
            assert all(before.get(name, ...) != value for name, value in event.change.items())
            before = dict(event.state)


@settings(max_examples=many(150))
@given(delivery=deliveries())
def test_batches_cut_repeated_and_reordered_make_the_same_views(delivery: tuple[list[Head], list[list[Head]]]) -> None:
    in_order, batches = delivery
    expected, views = Views(), Views()
    for head in in_order:
        expected.project([head])
    for batch in batches:
        views.project(batch)
    assert views.content() == expected.content()
    assert views.recount() == views.content()[1:]
    assert {head.todo_id: head.version for head in newest(in_order).values()} == {
        todo_id: row.version for todo_id, row in views.rows.items()
    }


@given(delivery=deliveries())
def test_the_log_is_dense_and_leads_to_every_row(delivery: tuple[list[Head], list[list[Head]]]) -> None:
    views = Views()
    for batch in delivery[1]:
        views.project(batch)
    assert list(views.log) == list(range(1, views.tally.revision + 1))
    last_entries = {todo_id: (revision, version) for revision, entry in views.log.items() for todo_id, version in entry}
    assert last_entries == {todo_id: (row.revision, row.version) for todo_id, row in views.rows.items()}
    changes = [(todo_id, version) for entry in views.log.values() for todo_id, version in entry]
    assert len(changes) == len(set(changes)), "no change twice"
    assert all(entry for entry in views.log.values()), "and no revision for nothing"


@given(delivery=deliveries(), size=st.integers(1, 4))
def test_several_transactions_from_one_read_make_what_one_makes(
    delivery: tuple[list[Head], list[list[Head]]], size: int
) -> None:
    one, several = Views(), Views()
    for batch in delivery[1]:
        one.project(batch)
        view = several.read(batch)
        heads = list(newest(batch).values())
        for start in range(0, len(heads), size):
            update = project(view, heads[start : start + size])
            if update is not None:
                several.write(update)
                view = apply_update(view, update)
    assert several.content() == one.content()


@given(delivery=deliveries())
def test_an_update_touches_only_what_was_read(delivery: tuple[list[Head], list[list[Head]]]) -> None:
    views = Views()
    for batch in delivery[1]:
        read = views.read(batch)
        update = views.project(batch)
        if update is not None:
            batch_lists = {list_of(head.state) for head in batch} | {list_of(row.state) for row in read.rows.values()}
            assert {name for name, _, _ in update.lists} <= batch_lists
            assert all(before != after for _, before, after in update.lists)
