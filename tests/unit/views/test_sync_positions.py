"""Sync positions as the text of cursors: the text of `str` is parsed back, and any other text is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.views.sync.position import Position

TODO = "0197e1f0-0000-7000-8000-000000000001"
POSITION = ["abc", 1_800_000_000_000, 7, 0, 0, None]

numbers = st.integers(0, 10**15 - 1)
positions = st.builds(
    Position,
    generation=st.text(),
    complete_at=numbers,
    revision=numbers,
    given=numbers,
    began_at=numbers,
    listed_to=st.none() | st.just("") | st.uuids().map(str),
)


@given(position=positions)
def test_a_position_comes_back_as_it_was(position: Position) -> None:
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize(
    "values",
    [
        None, 1, "x", {}, [], POSITION[:5], [*POSITION, 1],
        [None, *POSITION[1:]], [1, *POSITION[1:]],
        *[[*POSITION[:place], wrong, *POSITION[place + 1 :]]
          for place in range(1, 5) for wrong in (None, "1", 1.0, True, -1, 10**15, [1])],
        *[[*POSITION[:5], wrong] for wrong in (1, "x", TODO.upper(), TODO + "#", [TODO])],
    ],
    ids=ascii,
)  # fmt: skip
def test_nothing_else_is_one(values: object) -> None:
    with pytest.raises(ValueError, match="no position"):
        Position.parse(json.dumps(values))


@pytest.mark.parametrize("text", ["", "x", "[", "9" * 5000, "[NaN", "\0"])
def test_text_that_is_not_json_is_refused_too(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says: callers tell them alike
        Position.parse(text)


DAY = 24 * 3600 * 1000


def test_the_text_of_a_position_is_the_one_that_cursors_have() -> None:
    """Clients keep them for months, while other versions of the service are deployed."""
    assert str(Position("abc", 1, 2, 3, 4, TODO)) == f'["abc",1,2,3,4,"{TODO}"]'
    assert str(Position("abc", 1, 2)) == '["abc",1,2,0,0,null]'


def test_a_position_is_within_a_revision_or_behind_it() -> None:
    position = Position("abc", 100, 6, given=2, began_at=9)

    assert position.within(8, 3) == Position("abc", 100, 7, given=3, began_at=9)
    assert position.behind(8, 50) == Position("abc", 100, 8, began_at=9)
    assert position.behind(8, 150) == Position("abc", 150, 8, began_at=9)
    # Once the walk is past where the first sync began, that means nothing any more.
    assert position.behind(9, 150) == position.behind(9, 150).behind(9, 0) == Position("abc", 150, 9)


def test_all_positions_of_a_day_are_alike() -> None:
    position = Position("abc", 20_000 * DAY + 7, 6, given=2)

    assert position.of_the_day() == Position("abc", 20_000 * DAY, 6, given=2)
    assert position.of_the_day().of_the_day() == position.of_the_day()
