"""The bounds of a due date: what they accept, and that the part of the index which they leave holds all of it."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.api import filters
from chalicelib.api.request import parameters
from chalicelib.ledger.codec import dump_state
from chalicelib.todos import instants
from chalicelib.todos.events import DEFAULTS, Todo
from chalicelib.views.queries import TodoRow
from tests.unit.api.requests_given import a_request

ID = "0197e1f0-0000-7000-8000-00000000000a"


def query(**given: str | list[str]) -> dict[str, Any]:
    """A query as it is read; the order is by due date."""
    values = {name: [value] if isinstance(value, str) else value for name, value in given.items()}
    return {"sort": "due", **parameters(a_request(query=values), **filters.PARSERS)}


def accepts(date_time: str | None, /, **bounds: str) -> bool:
    accept = filters.accept(query(**bounds), None)
    assert accept is not None
    todo: Any = {"due": date_time, "tags": None}
    return accept(TodoRow(ID, 1, todo))


def is_examined(date_time: str, /, **bounds: str) -> bool:
    """Whether a todo's key is in the part of the index that is read."""
    low, high = filters.due_range(query(**bounds))
    return low <= f"{instants.sortable(date_time)}#{ID}" <= high


@pytest.mark.parametrize(
    "due",
    ["2026-12-01", "2026-12-01T00:00:00+14:00", "2026-12-01T23:59:59.999999999-12:00", "2026-12-01t12:00:00z",
     "2026-12-01T00:00:00+23:59", "2026-12-01T23:59:59-23:59"],
)  # fmt: skip
def test_a_date_is_the_day_that_the_todo_states(due: str) -> None:
    for bounds in (
        {"due_from": "2026-12-01"},
        {"due_until": "2026-12-01"},
        {"due_from": "2026-12-01", "due_until": "2026-12-01"},
    ):
        assert accepts(due, **bounds)
        assert is_examined(due, **bounds)
    assert not accepts(due, due_from="2026-12-02")
    assert not accepts(due, due_until="2026-11-30")


def test_an_instant_is_included_and_no_other() -> None:
    noon = "2026-12-01T12:00:00Z"
    for due in (noon, "2026-12-01T13:00:00+01:00"):
        assert accepts(due, due_from=noon, due_until=noon)
        assert is_examined(due, due_from=noon, due_until=noon)
    assert not accepts("2026-12-01T12:00:00.000001Z", due_until=noon)
    assert not accepts("2026-12-01T11:59:59.999999Z", due_from=noon)


@pytest.mark.parametrize("bounds", [{"due_from": "0001-01-01"}, {"due_until": "9999-12-31"}])
def test_no_bound_is_beyond_the_calendar(bounds: dict[str, str]) -> None:
    for due in ("0001-01-01", "2026-12-01", "9999-12-31", "9999-12-31T23:59:59Z"):
        assert accepts(due, **bounds)
        assert is_examined(due, **bounds)


def test_no_date_is_none_and_fulfils_no_bound() -> None:
    assert accepts(None, due="none")
    assert not accepts("2026-12-01", due="none")
    for name in ("due_from", "due_until", "due_before", "due_after"):
        assert not accepts(None, **{name: "2026-12-01"})
        assert filters.is_impossible(query(due="none", **{name: "2026-12-01"}))


def test_what_is_accepted_is_examined_whatever_the_bounds() -> None:
    chance = random.Random(12)

    def day() -> str:
        return str(date(2026, 11, 25) + timedelta(days=chance.randrange(12)))

    def moment() -> str:
        offset = f"{chance.choice('+-')}{chance.randrange(24):02}:{chance.choice(['00', '30', '59'])}"
        return f"{day()}T{chance.randrange(24):02}:00:00{chance.choice(['Z', offset])}"

    accepted = left_out = 0
    for _ in range(20_000):
        names = chance.sample(["due_from", "due_until", "due_before", "due_after"], chance.randrange(1, 4))
        bounds = {name: chance.choice([day, moment])() for name in names}
        due = chance.choice([day, moment])()
        if accepts(due, **bounds):
            accepted += 1
            assert is_examined(due, **bounds), (due, bounds)
        else:
            left_out += not is_examined(due, **bounds)
    assert accepted > 2_000
    assert left_out > 2_000, "or the index would be read as a whole"


def test_an_instant_is_compared_with_that_of_the_row_and_a_day_with_the_written_one() -> None:
    todo: Any = {"due": "2026-12-01", "tags": None}
    row = TodoRow(ID, 1, todo, due_at="2026-11-30T15:00:00.000000Z")
    for bounds, is_accepted in (
        ({"due_before": "2026-12-01"}, True),
        ({"due_from": "2026-11-30T15:00:01Z"}, False),
        ({"due_until": "2026-11-30T15:00:00Z"}, True),
        ({"due_from": "2026-12-01", "due_until": "2026-12-01"}, True),
        ({"due_until": "2026-11-30"}, False),
    ):
        accept = filters.accept(query(**bounds), None)
        assert accept is not None
        assert accept(row) is is_accepted, bounds


def test_several_tags_are_all_wanted() -> None:
    accept = filters.accept(query(tag=["a", "b"]), None)
    assert accept is not None

    def of(*tags: str) -> TodoRow:
        todo: Any = {"tags": list(tags) or None}
        return TodoRow(ID, 1, todo)

    assert [accept(of(*tags)) for tags in ((), ("a",), ("a", "b"), ("b", "c", "a"))] == [False, False, True, True]


# Characters that fold to others, to more than one, or to themselves; that JSON escapes; and that look like JSON.
_TEXTS = st.text(alphabet='aAsSßẞıİσςΣﬁ"\\/\n\t\x01\x7f:, \u2028é€😀u0', max_size=6)
_TODOS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "title": _TEXTS,
        "notes": st.none() | _TEXTS,
        "completed": st.booleans(),
        "list": st.sampled_from(["inbox", "home", 'a"b', "ß"]),
        "tags": st.none() | st.lists(st.sampled_from(["ss", "ß", "a", 'a"', "high"]), max_size=3),
        "priority": st.sampled_from(["none", "low", "high"]),
        "due": st.sampled_from([None, "2026-12-01", "2026-12-02T09:00:00Z"]),
        "metadata": st.none()
        | st.dictionaries(st.sampled_from(["completed", "priority", "q"]), st.booleans() | _TEXTS),
    },
)
_QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "q": _TEXTS.filter(bool),
        "completed": st.sampled_from(["true", "false"]),
        "tag": st.lists(st.sampled_from(["ss", "ß", "a", 'a"', "high"]), min_size=1, max_size=2, unique=True),
        "priority": st.sampled_from(["none", "low", "high"]),
        "due": st.just("none"),
        "due_before": st.just("2026-12-02"),
        "due_from": st.just("2026-12-01"),
    },
)
_LISTS = st.sampled_from([None, "inbox", "home", 'a"b', "ß"])


@given(fields=_TODOS, given_query=_QUERIES, list_name=_LISTS, is_spaced=st.booleans())
@example({"title": "STRASSE"}, {"q": "straße"}, None, False)
@example({"title": 'say "A"'}, {"q": '"a"'}, None, False)
@example({"notes": "\x01"}, {"q": "\x01"}, None, False)
@example({"metadata": {"completed": True}}, {"completed": "true"}, None, False)
def test_a_glance_at_what_is_stored_changes_no_result(
    fields: dict[str, Any], given_query: dict[str, Any], list_name: str | None, is_spaced: bool
) -> None:
    """A stored row, which is looked at before it is parsed, is accepted exactly if its todo is."""
    todo = cast("Todo", {**DEFAULTS, **fields})
    accept = filters.accept(query(**given_query), list_name)
    if accept is None:
        return
    # Others than `dump_json` may write spaces, and escape what is not ASCII.
    state = json.dumps(todo) if is_spaced else dump_state(todo)
    stored = TodoRow(ID, 1, None, state=state)
    assert accept(stored) == accept(TodoRow(ID, 1, todo))


def test_a_stored_todo_with_half_a_character_is_found_like_any_other() -> None:
    accept = filters.accept(query(tag="a"), None)
    assert accept is not None
    assert accept(TodoRow(ID, 1, None, state='{"title":"\\ud800","tags":["a"]}'))


@pytest.mark.parametrize(
    ("given_query", "list_name"),
    [({"q": "nowhere"}, None), ({"tag": "x"}, None), ({"completed": "true"}, None), ({"priority": "high"}, None),
     ({"due_before": "2026-12-02"}, None), ({}, "home")],
)  # fmt: skip
def test_what_cannot_be_accepted_is_not_parsed(given_query: dict[str, str], list_name: str | None) -> None:
    accept = filters.accept(query(**given_query), list_name)
    assert accept is not None
    assert not accept(TodoRow(ID, 1, None, state='{"title":"not to its end'))
