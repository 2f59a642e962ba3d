"""A stream is read event by event, page by page or as a whole, and always with the states of today's fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain

import pytest

from chalicelib.aws.errors import NoAnswer
from chalicelib.ledger import codec, ledger, scan
from chalicelib.ledger.errors import ImportUnfinished, LedgerUnavailable
from chalicelib.todos import fold
from chalicelib.todos.events import CREATED, EDITED, MAX_EVENT_BYTES, Event
from chalicelib.todos.ids import Partition
from tests.simulation.world import World
from tests.support.events import following
from tests.unit.commands.conftest import world
from tests.unit.ledger.conftest import PAGE_ITEMS, Calls
from tests.unit.scenarios import content_of, instant

__all__ = ["world"]

STREAM, OTHER, ABSENT = (f"me#0197e1f0-0000-7000-8000-00000000000{number}" for number in (1, 2, 3))
# Its owner's name begins with that of the other streams.
OF_ANOTHER = STREAM.replace("me#", "mel#")
EVENTS = 8


@pytest.fixture
def stream(calls: Calls) -> list[Event]:
    """The events of a stream, in a ledger that has another one, too."""
    grown(OTHER, 2)
    return grown(STREAM, EVENTS)


def grown(stream: str, number: int) -> list[Event]:
    """So many events of a stream, in the ledger; they happen a second apart."""
    events: list[Event] = []
    for version in range(1, number + 1):
        kind, change = (CREATED, content_of()) if version == 1 else (EDITED, {"title": f"{version} bottles"})
        key = {"idempotency_key": f"key {version}", "request_hash": "hash"} if version % 2 else {}
        newest = events[-1] if events else None
        events.append(following(newest, stream, kind, change, at=instant(version), **key))
        ledger.append(events[-1])
    return events


def test_the_latest_event_is_the_newest(stream: list[Event]) -> None:
    assert ledger.latest(STREAM) == stream[-1]
    assert ledger.latest(ABSENT) is None


def test_a_todo_whose_history_is_not_here_as_a_whole_has_no_latest_event(stream: list[Event]) -> None:
    part = following(stream[-1], STREAM, EDITED, {"title": "a part"}, at=instant(9), more=True)
    ledger.append(part)
    with pytest.raises(ImportUnfinished):
        ledger.latest(STREAM)

    rest = following(part, STREAM, EDITED, {"title": "the rest"}, at=instant(10))
    ledger.append(rest)
    assert ledger.latest(STREAM) == rest


def test_an_event_is_found_by_its_version(stream: list[Event]) -> None:
    assert [ledger.at_version(STREAM, version) for version in range(EVENTS + 2)] == [None, *stream, None]


def test_an_event_is_found_by_an_instant_from_its_own_until_the_next_ones(stream: list[Event]) -> None:
    assert ledger.at_instant(STREAM, "2025-12-17T00:00:00.000000Z") is None
    for event in stream:
        written = event.occurred_at.removesuffix("Z")
        assert ledger.at_instant(STREAM, f"{written}000Z") == event
        assert ledger.at_instant(STREAM, f"{written}001Z") == event
    assert ledger.at_instant(STREAM, "2099-01-01T00:00:00.000000Z") == stream[-1]
    assert ledger.at_instant(ABSENT, "2099-01-01T00:00:00.000000Z") is None


def test_pages_run_from_either_end(stream: list[Event]) -> None:
    assert list(chain.from_iterable(ledger.oldest_first(STREAM))) == stream
    assert list(chain.from_iterable(ledger.newest_first(STREAM))) == stream[::-1]
    assert list(chain.from_iterable(ledger.newest_first(STREAM, after=3))) == stream[:2:-1]
    assert max(map(len, ledger.oldest_first(STREAM))) == PAGE_ITEMS < EVENTS


def test_a_whole_history_is_in_the_order_of_versions(stream: list[Event]) -> None:
    assert ledger.history(STREAM) == stream
    assert ledger.history(ABSENT) == []


@pytest.mark.parametrize("after", [0, 3, EVENTS - 1, EVENTS])
@pytest.mark.parametrize("limit", [1, 2, 5, EVENTS, 100])
def test_a_bounded_history_begins_after_a_version_and_ends_by_its_limit(
    stream: list[Event], after: int, limit: int
) -> None:
    expected = stream[after:][:limit]

    assert ledger.history_within(STREAM, after, limit, 10 * MAX_EVENT_BYTES) == (expected, True)


def test_a_bounded_history_ends_once_it_has_its_bytes_but_has_an_event(stream: list[Event]) -> None:
    items = [codec.encode(event) for event in stream[:PAGE_ITEMS]]
    bytes_of_a_page = sum(len(item["change"]["S"]) + len(item["state"]["S"]) for item in items)

    for max_bytes in (0, 1, bytes_of_a_page):
        assert ledger.history_within(STREAM, 0, 100, max_bytes) == (stream[:PAGE_ITEMS], False)
    assert ledger.history_within(STREAM, 0, 100, bytes_of_a_page + 1) == (stream[: 2 * PAGE_ITEMS], False)


def test_a_key_names_the_version_that_was_written_with_it(stream: list[Event]) -> None:
    assert ledger.version_with_key(STREAM, "key 5") == 5
    assert ledger.version_with_key(STREAM, "key 6") is None
    assert ledger.version_with_key(ABSENT, "key 5") is None


def test_events_of_several_streams_are_found_together(stream: list[Event]) -> None:
    wanted = [(STREAM, 2), (OTHER, 1), (OTHER, 3), (ABSENT, 1)]

    found = ledger.events_at(wanted)

    assert found == {(STREAM, 2): stream[1], (OTHER, 1): ledger.at_version(OTHER, 1)}
    assert ledger.events_at([]) == {}


def test_a_state_of_an_older_fold_is_made_anew(stream: list[Event]) -> None:
    change = {"title": "today's title"}
    today = following(stream[-1], STREAM, EDITED, change, at=instant(9))
    older = replace(today, state={**today.state, "title": "the title of then"}, state_schema=fold.STATE_SCHEMA - 1)
    ledger.append(older)
    ledger.append(following(today, STREAM, EDITED, {"title": "later"}, at=instant(10)))

    assert ledger.at_version(STREAM, 9) == today
    assert ledger.events_at([(STREAM, 9)])[STREAM, 9] == today
    assert ledger.history(STREAM)[8] == today
    assert ledger.history_within(STREAM, 8, 1, 0) == ([today], True)
    assert next(ledger.newest_first(STREAM, after=7))[1] == today


READINGS: dict[str, Callable[[], object]] = {
    "latest": lambda: ledger.latest(STREAM),
    "at_version": lambda: ledger.at_version(STREAM, 1),
    "at_instant": lambda: ledger.at_instant(STREAM, instant(1)),
    "newest_first": lambda: list(ledger.newest_first(STREAM)),
    "oldest_first": lambda: list(ledger.oldest_first(STREAM)),
    "history": lambda: ledger.history(STREAM),
    "history_within": lambda: ledger.history_within(STREAM, 0, 1, 1),
    "version_with_key": lambda: ledger.version_with_key(STREAM, "key"),
    "events_at": lambda: ledger.events_at([(STREAM, 1)]),
}


@pytest.mark.parametrize("name", READINGS)
def test_every_read_is_strongly_consistent(stream: list[Event], calls: Calls, name: str) -> None:
    calls.requests.clear()
    READINGS[name]()

    asked = [part for request in calls.requests for part in request.get("RequestItems", {"": request}).values()]
    assert asked
    assert all(part["ConsistentRead"] is True for part in asked)


@pytest.mark.parametrize("name", ["latest", "version_with_key"])
def test_a_read_of_one_event_asks_for_one_once(stream: list[Event], calls: Calls, name: str) -> None:
    calls.requests.clear()
    READINGS[name]()

    assert [request["Limit"] for request in calls.requests] == [1]


@pytest.mark.parametrize("name", [name for name in READINGS if name != "history"])
def test_a_read_without_an_answer_says_that_the_ledger_is_unavailable(calls: Calls, name: str) -> None:
    calls.errors = [NoAnswer("the line is cut")]

    with pytest.raises(LedgerUnavailable, match="the line is cut"):
        READINGS[name]()


def test_the_head_of_each_stream_is_its_newest_event(stream: list[Event]) -> None:
    heads = {name: (version, state) for name, version, state in scan.heads()}

    assert {name: version for name, (version, _) in heads.items()} == {STREAM: EVENTS, OTHER: 2}
    assert '"8 bottles"' in heads[STREAM][1]


def test_parts_of_the_ledger_have_every_stream_once(stream: list[Event]) -> None:
    parts = [[name for name, _, _ in scan.heads(segment, 2)] for segment in range(2)]

    assert sorted(chain.from_iterable(parts)) == [STREAM, OTHER]
    assert all(len(part) == 1 for part in parts)


def test_a_scan_goes_on_behind_a_head_with_what_is_newer(stream: list[Event]) -> None:
    assert [name for name, _, _ in scan.heads(after=(OTHER, 2))] == [STREAM]
    assert [head[:2] for head in scan.heads(after=(STREAM, EVENTS))] == []
    assert [head[:2] for head in scan.heads(after=(STREAM, EVENTS - 1))] == [(STREAM, EVENTS)]


@pytest.mark.parametrize(("after", "expected"), [(10, [11]), (11, [])])
def test_a_head_is_found_in_whatever_order_a_scan_brings_versions(
    world: World, after: int, expected: list[int]
) -> None:
    # 10 and 11 come before 2.
    world.engine.scans_as_text = True
    grown(STREAM, 11)

    assert [(name, version) for name, version, _ in scan.heads()] == [(STREAM, 11)]
    assert [version for _, version, _ in scan.heads(after=(STREAM, after))] == expected


def test_a_stream_whose_history_is_not_here_as_a_whole_has_no_head(stream: list[Event]) -> None:
    ledger.append(following(stream[-1], STREAM, EDITED, {"title": "a part"}, at=instant(9), more=True))

    assert [name for name, _, _ in scan.heads()] == [OTHER]


def test_a_heads_state_of_an_older_fold_is_made_anew(stream: list[Event]) -> None:
    today = following(stream[-1], STREAM, EDITED, {"title": "today's title"}, at=instant(9))
    ledger.append(replace(today, state={**today.state, "title": "the title of then"}, state_schema=0))

    assert '"today\'s title"' in scan.current_state(scan.newest(STREAM))


def test_a_state_of_todays_fold_is_taken_as_it_is_stored(calls: Calls) -> None:
    stored = {"state_schema": {"N": str(fold.STATE_SCHEMA)}, "state": {"S": "as it is"}}

    assert scan.current_state(stored) == "as it is"
    assert calls.requests == []


def test_an_owners_events_are_all_that_is_stored_of_the_owner(stream: list[Event]) -> None:
    grown(OF_ANOTHER, 2)
    mine = [item for page in scan.of_owner(Partition("me")) for item in page]

    assert sorted((item["stream_id"]["S"], int(item["version"]["N"])) for item in mine) == [
        *((STREAM, version) for version in range(1, EVENTS + 1)),
        (OTHER, 1),
        (OTHER, 2),
    ]
    assert codec.decode(mine[-1]) in (stream[-1], ledger.latest(OTHER))
    assert [list(page) for page in scan.of_owner(Partition("m")) if page] == []


def test_what_is_read_of_the_whole_ledger_is_strongly_consistent(stream: list[Event], calls: Calls) -> None:
    calls.requests.clear()
    list(scan.heads())
    list(scan.of_owner(Partition("me")))
    list(scan.stored(STREAM))
    scan.newest(STREAM)

    assert all(request["ConsistentRead"] is True for request in calls.requests)


def test_no_more_is_read_than_a_head_needs(stream: list[Event], calls: Calls) -> None:
    calls.requests.clear()
    list(scan.heads())
    scan.newest(STREAM)

    *scans, newest = calls.requests
    assert all("#change" not in request["ProjectionExpression"] for request in scans)
    assert newest["Limit"] == 1


def test_stored_events_are_read_until_a_version(stream: list[Event]) -> None:
    def versions(until: int | None = None) -> list[int]:
        return [int(item["version"]["N"]) for page in scan.stored(STREAM, until) for item in page]

    assert versions() == list(range(1, EVENTS + 1))
    assert versions(until=5) == [1, 2, 3, 4, 5]
    assert int(scan.newest(STREAM)["version"]["N"]) == EVENTS
