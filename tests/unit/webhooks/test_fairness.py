"""Between owners within a batch: nobody's messages wait for those of another."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from chalicelib.todos.ids import Partition
from chalicelib.webhooks.errors import NotTried
from chalicelib.webhooks.lanes import PLACES_OF_AN_OWNER, Lanes, interleaved
from chalicelib.webhooks.webhook import Webhook
from tests.support.waiting import PATIENCE_SECONDS


def webhook(owner: str, number: int) -> Webhook:
    return Webhook(Partition(owner), f"{owner}-{number}", "https://hooks.example", None, None, "whsec_eA==", "2026")


@pytest.fixture
def lanes() -> Lanes:
    return Lanes()


def test_one_of_each_owner_comes_before_the_second_of_any() -> None:
    a, b, c = (Partition(name) for name in "abc")
    assert interleaved([(a, 1), (a, 2), (a, 3), (b, 4), (c, 5), (b, 6)]) == [1, 4, 5, 2, 6, 3]
    assert interleaved(list[tuple[Partition, int]]()) == []


def test_an_owner_has_a_few_places_and_others_have_their_own(lanes: Lanes) -> None:
    with ExitStack() as stack:
        for number in range(PLACES_OF_AN_OWNER):
            stack.enter_context(lanes.place(webhook("alice", number)))
        stack.enter_context(lanes.place(webhook("bob", 1)))
        waits, has_place = threading.Event(), threading.Event()

        def wait() -> None:
            waits.set()
            with lanes.place(webhook("alice", 99)):
                has_place.set()

        thread = threading.Thread(target=wait)
        thread.start()
        assert waits.wait(PATIENCE_SECONDS)
        assert not has_place.is_set()
    thread.join(PATIENCE_SECONDS)
    assert has_place.is_set()


def test_a_webhook_that_kept_one_try_waiting_until_it_failed_gets_no_other_in_the_batch(lanes: Lanes) -> None:
    lanes.kept_waiting(webhook("alice", 1), has_failed=True)
    lanes.kept_waiting(webhook("alice", 2), has_failed=False)
    with pytest.raises(NotTried), lanes.place(webhook("alice", 1)):
        pass
    for number in (2, 3):
        with lanes.place(webhook("alice", number)):
            pass
