"""The project handler, given batches as DynamoDB Streams may deliver them: each event takes effect exactly once."""

from __future__ import annotations

import random
from functools import partial

import pytest

from tests.support.streams import Streams, project, recount, revision, views_of
from tests.support.waiting import at_once

pytestmark = pytest.mark.usefixtures("environment")


@pytest.fixture
def streams(owner: str) -> Streams:
    """The test's own owner's streams, with a past."""
    streams = Streams(owner)
    streams.anything(todos=12, changes=80)
    return streams


@pytest.mark.parametrize("seed", range(3))
def test_any_cut_gives_the_same(owner: str, seed: int) -> None:
    streams = Streams(owner, seed)
    streams.anything(todos=10, changes=60)

    for batch in streams.cut():
        project(batch)

    assert views_of(owner) == recount(streams)


def test_a_batch_that_comes_again_changes_nothing(streams: Streams, owner: str) -> None:
    for batch in streams.cut():
        project(batch)
        before = revision(owner)
        project(batch)
        assert revision(owner) == before

    project(streams.all)
    assert views_of(owner) == recount(streams)


def test_batches_cut_anew_and_again_from_an_earlier_place_change_nothing(streams: Streams, owner: str) -> None:
    for batch in streams.cut():
        project(batch)
    before = revision(owner)

    for batch in streams.cut():
        project(batch)

    assert revision(owner) == before
    assert views_of(owner) == recount(streams)


@pytest.mark.parametrize("seed", range(3))
def test_any_order_gives_the_same(streams: Streams, owner: str, seed: int) -> None:
    streams.chance.seed(seed)
    streams.chance.shuffle(streams.all)

    for batch in streams.cut():
        project(batch)

    assert views_of(owner) == recount(streams)


@pytest.mark.parametrize("projectors", [2, 10])
def test_projectors_at_once_give_the_same_and_each_batch_is_done_within_its_tries(
    streams: Streams, owner: str, projectors: int
) -> None:
    def work(seed: int) -> None:
        order = streams.cut()
        random.Random(seed).shuffle(order)
        for batch in order:
            project(batch)

    at_once([partial(work, seed) for seed in range(projectors)])

    assert views_of(owner) == recount(streams)


def test_owners_of_one_batch_are_each_counted_apart(owner: str) -> None:
    several = [Streams(f"{owner}-{number}", number) for number in range(5)]
    for streams in several:
        streams.anything(todos=4, changes=15)
    mixed = [event for streams in several for event in streams.all]
    random.Random(0).shuffle(mixed)

    for begin in range(0, len(mixed), 20):
        project(mixed[begin : begin + 20])

    for streams in several:
        assert views_of(streams.owner) == recount(streams)


def test_more_todos_than_a_transaction_takes_come_in_whole(owner: str) -> None:
    streams = Streams(owner)
    streams.anything(todos=130, changes=100)

    project(streams.all)

    assert views_of(owner) == recount(streams)
