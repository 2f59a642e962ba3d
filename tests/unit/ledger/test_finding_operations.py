"""The events of an operation are found by its keys, in the order of their ids."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.aws.errors import NoAnswer
from chalicelib.ledger import ledger, operation_index
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos import ids
from chalicelib.todos.events import CREATED
from tests.support.events import following
from tests.unit.ledger.conftest import Calls
from tests.unit.scenarios import content_of, instant

ME = ids.Partition("me")
MOVE, TIDY, NOTHING = (ids.operation_key(ME, name) for name in ("move", "tidy", "nothing"))
STREAMS = [f"me#0197e1f0-0000-7000-8000-00000000000{number}" for number in range(8)]
# Event ids grow; streams were written in another order, and every third is of another operation.
FOUND = [(f"event {number}", stream, 1) for number, stream in enumerate(STREAMS)]
OF_MOVE = [each for number, each in enumerate(FOUND) if number % 3]
OF_TIDY = [each for number, each in enumerate(FOUND) if number % 3 == 0]


@pytest.fixture(autouse=True)
def ledger_of_two_operations(calls: Calls) -> None:
    for number in (5, 2, 7, 0, 3, 6, 1, 4):
        operation = "move" if number % 3 else "tidy"
        stated = {"event_id": f"event {number}", "operation": operation}
        ledger.append(following(None, STREAMS[number], CREATED, content_of(), at=instant(1), **stated))


def test_a_page_has_the_first_events_of_an_operation() -> None:
    assert operation_index.page([MOVE], "", 100) == OF_MOVE
    assert operation_index.page([MOVE], "", 2) == OF_MOVE[:2]
    assert operation_index.page([MOVE], OF_MOVE[1][0], 2) == OF_MOVE[2:4]
    assert operation_index.page([NOTHING], "", 2) == []


def test_a_page_reads_no_more_of_a_key_than_its_limit(calls: Calls) -> None:
    calls.requests.clear()
    operation_index.page([MOVE, TIDY], "", 2)

    assert [request["Limit"] for request in calls.requests] == [2, 2]


def test_a_page_of_several_keys_is_in_the_order_of_all() -> None:
    assert operation_index.page([MOVE, NOTHING, TIDY], "", 3) == FOUND[:3]
    assert operation_index.page([TIDY, MOVE], FOUND[2][0], 3) == FOUND[3:6]


def test_every_event_is_found_over_all_pages() -> None:
    assert sorted(operation_index.every([MOVE, TIDY])) == FOUND
    assert sorted(operation_index.every([MOVE])) == OF_MOVE


def test_an_event_is_found_under_one_of_the_keys() -> None:
    assert operation_index.find([MOVE, TIDY], "event 3") == FOUND[3]
    assert operation_index.find([MOVE], "event 3") is None


READINGS: dict[str, Callable[[], object]] = {
    "page": lambda: operation_index.page([MOVE], "", 2),
    "every": lambda: list(operation_index.every([MOVE])),
    "find": lambda: operation_index.find([MOVE], "event 1"),
}


@pytest.mark.parametrize("name", READINGS)
def test_without_an_answer_the_ledger_is_unavailable(calls: Calls, name: str) -> None:
    calls.errors = [NoAnswer("the line is cut")]

    with pytest.raises(LedgerUnavailable, match="the line is cut"):
        READINGS[name]()
