"""A write whose answer was lost is recognised by its event's id: it happens once, and the caller gets its result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.commands import execute
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos.decide import Command, Create, Delete, IfMatch, Patch, Replace
from chalicelib.todos.events import Event
from tests.unit.commands.memory_ledger import STREAM, MemoryLedger, command_request, given_a_ledger, keyed, remembered
from tests.unit.scenarios import content_of

CREATE = Create(content_of())


@pytest.mark.parametrize("command", [Patch({"notes": "n"}), Replace(content_of(title="New")), Delete()])
@pytest.mark.parametrize("if_match", [None, IfMatch(frozenset({1}))])
def test_a_write_whose_answer_was_lost_happened_once(
    ledger: MemoryLedger, no_sleep: list[float], command: Command, if_match: IfMatch | None
) -> None:
    ledger.lost_answers = 1
    event, appended = execute.execute(command_request(command, if_match=if_match))
    assert (event, appended) == (ledger.events[1], True)
    assert len(ledger.events) == 2
    assert ledger.calls == ["latest", "append", "at_version"]
    assert no_sleep == [], "no race was lost"


def test_a_creation_is_healed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = given_a_ledger(monkeypatch)
    empty.lost_answers = 1
    assert execute.execute(command_request(CREATE, is_new=True))[0] == empty.events[0]
    assert len(empty.events) == 1


def test_a_keyed_write_is_healed_too(ledger: MemoryLedger) -> None:
    ledger.lost_answers = 1
    event, appended = execute.execute(keyed(Patch({"notes": "n"})))
    assert (event, appended, len(ledger.events)) == (ledger.events[1], True, 2)


def test_it_counts_even_if_others_have_written_since(ledger: MemoryLedger) -> None:
    ledger.lost_answers = 1
    ledger.before["at_version"] = [lambda: ledger.another_writes(Patch({"notes": "theirs"}))]
    event, _ = execute.execute(command_request(Patch({"notes": "mine"})))
    assert (event.version, event.state["notes"]) == (2, "mine")
    assert len(ledger.events) == 3


def test_after_it_the_memory_is_warm(ledger: MemoryLedger) -> None:
    ledger.lost_answers = 1
    execute.execute(command_request(Patch({"notes": "a"})))
    ledger.calls.clear()
    execute.execute(command_request(Patch({"notes": "b"})))
    assert ledger.calls == ["append"]


def test_the_same_change_by_another_is_not_ours(ledger: MemoryLedger) -> None:
    ledger.before["append"] = [lambda: ledger.another_writes(Patch({"order": 1}))]
    event, appended = execute.execute(command_request(Patch({"order": 1})))
    assert (event.actor, appended) == ("another", False), "then there was nothing left to do"


def test_each_try_of_a_lost_race_has_an_id_of_its_own(ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the first try, arriving late at its version, would pass for the second."""
    tried: list[Event] = []
    append = ledger.append

    def noted(event: Event) -> None:
        tried.append(event)
        append(event)

    monkeypatch.setattr("chalicelib.ledger.ledger.append", noted)
    ledger.before["append"] = [lambda: ledger.another_writes(Patch({"notes": "theirs"}))]
    execute.execute(command_request(Patch({"order": 1})))
    assert [event.version for event in tried] == [2, 3]
    assert tried[0].event_id != tried[1].event_id


def test_where_the_ledger_gives_no_answer_at_all_the_caller_is_told(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def append_in_silence(event: Event) -> None:
        ledger.append(event)
        raise LedgerUnavailable

    remembered(ledger)
    monkeypatch.setattr("chalicelib.ledger.ledger.append", append_in_silence)
    with pytest.raises(LedgerUnavailable):
        execute.execute(command_request(Patch({"notes": "a"})))
    monkeypatch.setattr("chalicelib.ledger.ledger.append", ledger.append)
    event, _ = execute.execute(command_request(Patch({"order": 1})))
    assert (event.version, event.state["notes"]) == (3, "a"), "and what happened is found again"


def test_memory_keeps_the_newer_of_two_events_of_a_stream(ledger: MemoryLedger) -> None:
    older, newer = ledger.events[0], replace(ledger.events[0], version=2)
    for first, second in [(older, newer), (newer, older)]:
        memory = execute._LatestEvents(capacity=10)
        memory.remember(first)
        memory.remember(second)
        assert memory.recall(STREAM) == newer


def test_memory_forgets_what_was_not_used_for_the_longest_time(ledger: MemoryLedger) -> None:
    memory = execute._LatestEvents(capacity=2)
    events = {name: replace(ledger.events[0], stream_id=name) for name in "abc"}
    for name in "abac":
        memory.remember(events[name])
    assert [name for name in "abc" if memory.recall(name)] == ["a", "c"]


@pytest.mark.parametrize(
    "large", [{"notes": "x" * 10_000}, {"metadata": {"a": ["x" * 4_000] * 2}}], ids=lambda each: next(iter(each))
)
def test_memory_is_bounded_by_what_todos_take_and_what_is_forgotten_leaves_room(
    ledger: MemoryLedger, large: dict[str, Any]
) -> None:
    small = {name: replace(ledger.events[0], stream_id=name) for name in "abc"}
    huge = replace(small["a"], stream_id="huge", state={**small["a"].state, **large})  # type: ignore[typeddict-item]
    memory = execute._LatestEvents(capacity=100, most_bytes=30_000)
    for _ in range(20):
        memory.remember(huge)
        memory.forget("huge")

    for event in small.values():
        memory.remember(event)
    assert all(memory.recall(name) for name in small)

    memory.remember(huge)
    assert not all(memory.recall(name) for name in small)
