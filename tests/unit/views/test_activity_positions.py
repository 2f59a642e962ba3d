"""Positions in the activity as the text of cursors, and what ends a walk or a page, case by case."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.views.activity import walk as walks
from chalicelib.views.activity.position import Position
from chalicelib.views.activity.walk import Entry, Walk
from chalicelib.views.errors import PositionExpired
from chalicelib.views.recorded import At, Recorded

POSITION = ["abc", 1_800_000_000_000, 7, 0, 0]
NOW = 1_800_000_000_000
MINUTE = 60_000

numbers = st.integers(0, 10**15 - 1)
positions = st.builds(Position, generation=st.text(), oldest=numbers, revision=numbers, place=numbers, version=numbers)


@given(position=positions)
def test_a_position_comes_back_as_it_was(position: Position) -> None:
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize(
    "values",
    [
        None, 1, "x", {}, [], POSITION[:4], [*POSITION, 1], [None, *POSITION[1:]], [1, *POSITION[1:]],
        *[[*POSITION[:place], wrong, *POSITION[place + 1 :]]
          for place in range(1, 5) for wrong in (None, "1", 1.0, True, -1, 10**15, [1])],
    ],
    ids=ascii,
)  # fmt: skip
def test_nothing_else_is_one(values: object) -> None:
    with pytest.raises(ValueError, match="no position"):
        Position.parse(json.dumps(values))


class Reads:
    """A log of entries with one new todo each, which occurred as long before as it was projected, and what is read."""

    def __init__(self, ages: Sequence[int], unreadable: Sequence[int] = ()) -> None:
        self.occurred_at = {number: NOW - age for number, age in enumerate(ages, start=1)}
        self.unreadable = unreadable
        self.requests: list[int] = []

    def log(self, highest: int | None, count: int) -> tuple[list[Entry], bool]:
        revisions = [number for number in sorted(self.occurred_at, reverse=True) if number <= (highest or 10**9)]
        entries = [Entry(number, self.occurred_at[number], [(str(number), 1)], [1]) for number in revisions[:count]]
        return entries, len(revisions) <= count

    def events(self, versions: Sequence[At]) -> dict[At, Recorded]:
        self.requests.append(len(versions))
        return {at: self.recorded(*at) for at in versions}

    def recorded(self, todo_id: str, version: int) -> Recorded:
        number = int(todo_id)
        return Recorded(todo_id, version, None, None if number in self.unreadable else self.occurred_at[number])


def page_of(reads: Reads, walk: Walk, position: Position | str = "g") -> list[int]:
    return [int(given.recorded.todo_id) for given in walk.page(position)]


def test_it_goes_down_to_what_is_more_than_a_minute_older_than_is_asked_for() -> None:
    reads = Reads([5 * MINUTE, 3 * MINUTE, 2 * MINUTE, MINUTE])
    walk = Walk(reads.log, reads.events, NOW, since=NOW - 3 * MINUTE)
    assert page_of(reads, walk) == [4, 3, 2]
    assert (walk.next, walk.complete_from) == (None, NOW - 3 * MINUTE)


def test_it_does_not_reach_further_back_than_it_ever_does() -> None:
    reads = Reads([walks.REACH + 2 * MINUTE, walks.REACH + 1, walks.REACH])
    walk = Walk(reads.log, reads.events, NOW)
    assert page_of(reads, walk) == [3]
    assert (walk.next, walk.complete_from) == (None, NOW - walks.REACH)


def test_an_event_that_cannot_be_read_is_given_in_its_place() -> None:
    reads = Reads([3, 2, 1], unreadable=[2])
    assert page_of(reads, Walk(reads.log, reads.events, NOW)) == [3, 2, 1]


def test_a_page_examines_so_many_events_whatever_of_them_is_chosen() -> None:
    reads = Reads([0] * 1000)
    walk = Walk(reads.log, reads.events, NOW, choose=lambda found: [])
    assert page_of(reads, walk) == []
    assert sum(reads.requests) == walks.EVENTS_OF_A_PAGE
    assert walk.next == Position("g", NOW - walks.REACH, 1000 - walks.EVENTS_OF_A_PAGE + 1, 1)
    following = Walk(reads.log, reads.events, NOW)
    assert page_of(reads, following, walk.next)[:1] == [1000 - walks.EVENTS_OF_A_PAGE]


def test_a_page_reads_no_more_events_than_are_asked_for() -> None:
    reads = Reads([0] * 100)
    given_ = Walk(reads.log, reads.events, NOW, at_once=11).page("g")
    assert [next(given_).recorded.todo_id for _ in range(11)] == [str(number) for number in range(100, 89, -1)]
    assert reads.requests == [11]


def test_a_walk_ends_after_a_day() -> None:
    reads = Reads([0, 0])
    oldest = NOW - walks.REACH - walks.LONGEST_WALK
    assert page_of(reads, Walk(reads.log, reads.events, NOW), Position("g", oldest, 2)) == [2, 1]
    with pytest.raises(PositionExpired, match="a day"):
        page_of(reads, Walk(reads.log, reads.events, NOW), Position("g", oldest - 1, 2))


def test_a_walk_whose_entry_is_gone_has_expired() -> None:
    reads = Reads([0, 0])
    with pytest.raises(PositionExpired, match="entry"):
        page_of(reads, Walk(reads.log, reads.events, NOW), Position("g", NOW - walks.REACH, 3))


def test_without_any_entry_there_is_nothing() -> None:
    reads = Reads([])
    walk = Walk(reads.log, reads.events, NOW)
    assert page_of(reads, walk) == []
    assert (walk.next, walk.complete_from) == (None, NOW - walks.REACH)


def test_walks_that_begin_in_the_same_hour_reach_equally_far() -> None:
    hour = 60 * MINUTE
    assert {walks.oldest_at(NOW + passed) for passed in (1, MINUTE, hour)} == {NOW + hour - walks.REACH}
    assert walks.oldest_at(NOW) == NOW - walks.REACH


def test_the_text_of_a_position_is_the_one_that_cursors_have() -> None:
    """Clients hold them for a day, also while another version of the service is deployed."""
    position = Position("generation", 1, 2).moved_to(3, 4, 5)

    assert str(position) == '["generation",1,3,4,5]'
    assert Position.parse(str(position)) == position
