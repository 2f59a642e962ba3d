"""A takeout brings todos with all their events: never over a todo that exists, and never a part of one unmarked."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from chalicelib.ledger import ledger as ledger_of_dynamodb
from chalicelib.todos import fold, ids
from chalicelib.todos.events import EDITED, Event
from loaders.into import histories
from tests.loaders.loading import read as read_any
from tests.loaders.takeouts import OWNER, HistoryLedger, Killed, history, load, takeout, todo_id_of
from tests.support.events import following

# As many events as fit one transaction, one more, and several parts.
LENGTHS = [1, 9, 100, 101, 200, 201, 350]


def stated(events: list[Event]) -> list[Event]:
    """What a file states of events, without where they are and what follows from them."""
    return [histories._stated(replace(event, stream_id="")) for event in events]


def here(ledger: HistoryLedger, events: list[Event]) -> list[Event]:
    """The same todo's events in the ledger that they were loaded into, which must be sound."""
    found = ledger.streams.get(ids.stream_id(OWNER, todo_id_of(events)), [])
    assert [event.version for event in found] == list(range(1, len(found) + 1))
    state = None
    for event in found:
        state = fold.follow(state, event)
        assert state == event.state
    return found


def shown(events: list[Event]) -> int:
    """The version that the views have at the end, whichever order the stream's records come in."""
    return max((event.version for event in events if not event.more), default=0)


@pytest.mark.parametrize("count", LENGTHS)
def test_every_event_comes_with_its_id_version_and_times(count: int) -> None:
    ledger, events = HistoryLedger(), history(count)
    summary, reported = load(takeout(events), ledger)
    assert (summary.added, summary.is_all_in, reported) == (1, True, [])
    found = here(ledger, events)
    assert stated(found) == stated(events)
    assert all(event.imported_at for event in found)
    assert shown(found) == count
    assert not found[-1].more


def test_several_short_histories_share_a_transaction() -> None:
    ledger, todos = HistoryLedger(), [history(9) for _ in range(30)]
    summary, _ = load(takeout(*todos), ledger)
    assert summary.added == 30
    assert ledger.groups == [99, 99, 72]


def test_a_history_of_large_events_is_cut_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_of_dynamodb, "MAX_TRANSACTION_BYTES", 400_000)
    ledger, events = HistoryLedger(), history(100, notes="ü" * 8000)
    load(takeout(events), ledger)
    assert len(ledger.groups) > 1
    assert stated(here(ledger, events)) == stated(events)
    assert [event.more for event in here(ledger, events)].count(False) == ledger.groups[-1]


def test_loaded_again_it_adds_nothing() -> None:
    ledger, todos = HistoryLedger(), [history(count) for count in LENGTHS]
    load(takeout(*todos), ledger)
    before = {stream: list(events) for stream, events in ledger.streams.items()}
    summary, reported = load(takeout(*todos), ledger)
    assert (summary.added, summary.already, reported) == (0, len(LENGTHS), [])
    assert ledger.streams == before


@pytest.mark.parametrize("count", [9, 250])
def test_a_todo_that_was_changed_here_since_stays_as_it_is(count: int) -> None:
    ledger, events = HistoryLedger(), history(count)
    load(takeout(events), ledger)
    [stream] = ledger.streams
    ledger.streams[stream].append(
        following(ledger.streams[stream][-1], stream, EDITED, {"title": "Mine"}, at="2026-12-01T00:00:00.000Z")
    )
    summary, reported = load(takeout(events), ledger)
    assert (summary.already, reported) == (1, [])
    assert ledger.streams[stream][-1].state["title"] == "Mine"


@pytest.mark.parametrize("count", [9, 250])
def test_a_todo_that_exists_with_another_history_is_reported_and_left_alone(count: int) -> None:
    ledger, events = HistoryLedger(), history(count)
    another = history(3, todo_id=todo_id_of(events))
    load(takeout(another), ledger)
    summary, reported = load(takeout(history(9), events), ledger)
    assert (summary.added, summary.reported) == (1, 1)
    assert reported == [(11, histories.ANOTHER)]
    assert stated(here(ledger, events)) == stated(another)


def test_a_finished_history_is_not_continued_by_a_longer_one() -> None:
    ledger, events = HistoryLedger(), history(250)
    earlier = events[:150]
    load(takeout(earlier), ledger)
    _, reported = load(takeout(events), ledger)
    assert reported == [(2, histories.SHORTER.format(150, 250))]
    assert stated(here(ledger, events)) == stated(earlier)
    summary, _ = load(takeout(earlier), ledger)
    assert summary.already == 1


def unfinished(events: list[Event], parts: int) -> HistoryLedger:
    ledger = HistoryLedger()
    ledger.killed_after = parts - 1
    with pytest.raises(Killed):
        load(takeout(events), ledger)
    ledger.killed_after = None
    assert len(here(ledger, events)) == 100 * parts
    return ledger


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_a_history_that_was_loaded_in_part_is_marked_and_shown_nowhere_until_the_rest_is_here(parts: int) -> None:
    events = history(350)
    ledger = unfinished(events, parts)
    assert shown(here(ledger, events)) == 0
    assert all(event.more for event in here(ledger, events))
    summary, reported = load(takeout(events), ledger)
    assert (summary.added, reported) == (1, [])
    assert stated(here(ledger, events)) == stated(events)
    assert shown(here(ledger, events)) == 350


def test_what_is_not_the_beginning_of_the_file_event_for_event_is_not_continued() -> None:
    events = history(350)
    ledger = unfinished(events, 2)
    # The same ids, another title in the middle: continued, the states would not be what the events make.
    forged = [events[0]]
    for event in events[1:]:
        change = {**event.change, "title": "Forged"} if event.version == 50 else event.change
        forged.append(
            replace(
                event,
                change=change,
                state=fold.evolve(forged[-1].state, event.type, change, event.occurred_at),
            )
        )
    for other in (forged, [*events[:1], *history(340, todo_id=todo_id_of(events))[1:]], events[:150]):
        summary, reported = load(takeout(other), ledger)
        assert (summary.added, summary.reported) == (0, 1), reported
        assert len(here(ledger, events)) == 200
    assert reported == [(2, histories.UNFINISHED)]
    load(takeout(events), ledger)
    assert stated(here(ledger, events)) == stated(events)


def test_a_transaction_whose_answer_is_lost_counts_as_written() -> None:
    for count in (9, 350):
        ledger, events = HistoryLedger(), history(count)
        ledger.answers_lost = 2
        summary, reported = load(takeout(events), ledger)
        assert (summary.added, summary.already, reported) == (1, 0, [])
        assert stated(here(ledger, events)) == stated(events)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_killed_at_random_and_run_again_everything_is_here_once(seed: int) -> None:
    chance = random.Random(seed)
    ledger = HistoryLedger()
    todos = [history(chance.choice([*LENGTHS, 3, 30])) for _ in range(5)]
    content = takeout(*todos)
    while True:
        ledger.killed_before = ledger.killed_after = None
        ledger.answers_lost = chance.choice([0, 0, 1])
        moment = len(ledger.groups) + chance.randrange(8)
        if chance.random() < 0.5:
            ledger.killed_before = moment
        else:
            ledger.killed_after = moment
        try:
            summary, reported = load(content, ledger)
        except Killed:
            for events in todos:
                found = here(ledger, events)
                assert stated(found) == stated(events)[: len(found)]
                assert shown(found) in (0, len(events))
            continue
        break
    assert (summary.is_all_in, reported) == (True, [])
    for events in todos:
        assert stated(here(ledger, events)) == stated(events)


def test_the_views_would_show_a_part_if_only_its_last_event_were_marked() -> None:
    events = here(unfinished(written := history(350), 2), written)
    assert shown([replace(event, more=event.more and event.version % 100 == 0) for event in events]) == 199


def test_a_reminder_that_was_past_when_it_came_counts_as_given_and_a_later_one_does_not() -> None:
    ledger, events = HistoryLedger(), history(1)
    for at, remind_at in enumerate(["2026-11-30", "2999-01-01T00:00:00Z"], start=1):
        event = following(
            events[-1], events[0].stream_id, EDITED, {"remind_at": remind_at}, at=f"2026-01-02T00:00:0{at}.000Z",
            event_id=f"00000000-0000-4000-8000-00000000000{at}",
        )  # fmt: skip
        events.append(event)
    load(takeout(events), ledger)
    assert [event.state["reminded"] for event in here(ledger, events)] == [None, "2026-11-30", "2026-11-30"]


def test_other_formats_do_not_take_it_for_theirs() -> None:
    with pytest.raises(Exception, match="histories, not rows"):
        read_any(takeout(history()))
