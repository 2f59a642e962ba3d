"""Optimistic locking: whatever other writers do, a command is decided on the state that its event follows."""

from __future__ import annotations

from functools import partial

import pytest

from chalicelib.commands import execute
from chalicelib.todos.decide import (
    Create,
    Delete,
    IfMatch,
    Patch,
    TodoExists,
    TodoIsDeleted,
    TodoNotFound,
    VersionMismatch,
)
from tests.unit.commands.memory_ledger import MemoryLedger, command_request, remembered
from tests.unit.scenarios import content_of

CREATE = Create(content_of())


def lose(ledger: MemoryLedger, times: int) -> None:
    """Another writer is faster, so many times."""
    ledger.before["append"] = [
        partial(ledger.another_writes, Patch({"notes": f"theirs {number}"})) for number in range(times)
    ]


def test_a_cold_update_is_one_read_and_one_append(ledger: MemoryLedger) -> None:
    event, appended = execute.execute(command_request(Patch({"notes": "n"})))
    assert ledger.calls == ["latest", "append"]
    assert (event, appended) == (ledger.events[1], True)
    ledger.assert_unbroken()


def test_a_warm_update_is_one_append(ledger: MemoryLedger) -> None:
    remembered(ledger)
    for text in "abc":
        execute.execute(command_request(Patch({"notes": text})))
    assert ledger.calls == ["append"] * 3
    ledger.assert_unbroken()


def test_a_new_id_reads_nothing(empty: MemoryLedger) -> None:
    execute.execute(command_request(CREATE, is_new=True))
    execute.execute(command_request(Patch({"notes": "n"})))
    assert empty.calls == ["append", "append"]


def test_a_chosen_id_is_looked_at_first(empty: MemoryLedger) -> None:
    execute.execute(command_request(CREATE))
    assert empty.calls == ["latest", "append"]


def test_an_event_says_who_did_what_and_in_which_request(ledger: MemoryLedger) -> None:
    event = execute.execute(command_request(Patch({"notes": "n"}), correlation_id="request 7"))[0]
    assert (event.actor, event.correlation_id, event.change, event.version) == ("me", "request 7", {"notes": "n"}, 2)
    assert (event.idempotency_key, event.request_hash, event.causation_id) == (None, None, None)


def test_every_event_has_an_id_of_its_own(ledger: MemoryLedger) -> None:
    ids = [execute.execute(command_request(Patch({"notes": text})))[0].event_id for text in "abc"]
    assert ids == sorted(set(ids)), "UUIDv7: in the order in which they were made"


def test_a_lost_race_is_run_again_on_the_newer_state(ledger: MemoryLedger, no_sleep: list[float]) -> None:
    ledger.before["append"] = [lambda: ledger.another_writes(Patch({"notes": "theirs"}))]
    event, _ = execute.execute(command_request(Patch({"order": 1})))
    assert event.version == 3
    assert (event.state["notes"], event.state["order"]) == ("theirs", 1)
    assert ledger.calls == ["latest", "append", "at_version", "latest", "append"]
    assert len(no_sleep) == 1
    ledger.assert_unbroken()


def test_a_warm_writer_who_lost_reads_afresh_too(ledger: MemoryLedger) -> None:
    remembered(ledger).another_writes(Patch({"notes": "theirs"}))
    event, _ = execute.execute(command_request(Patch({"order": 1})))
    assert (event.version, event.state["notes"]) == (3, "theirs")
    assert ledger.calls == ["append", "at_version", "latest", "append"]


def test_with_if_match_a_lost_race_is_lost(ledger: MemoryLedger) -> None:
    ledger.before["append"] = [lambda: ledger.another_writes(Patch({"notes": "theirs"}))]
    with pytest.raises(VersionMismatch):
        execute.execute(command_request(Patch({"order": 1}), if_match=IfMatch(frozenset({1}))))
    assert len(ledger.events) == 2


def test_with_if_match_star_it_is_run_again(ledger: MemoryLedger) -> None:
    ledger.before["append"] = [lambda: ledger.another_writes(Patch({"notes": "theirs"}))]
    assert execute.execute(command_request(Patch({"order": 1}), if_match=IfMatch(None)))[0].version == 3


def test_a_race_lost_to_a_deletion_ends_in_its_refusal(ledger: MemoryLedger) -> None:
    ledger.before["append"] = [lambda: ledger.another_writes(Delete())]
    with pytest.raises(TodoIsDeleted):
        execute.execute(command_request(Patch({"order": 1})))


def test_one_of_two_creations_finds_the_other(empty: MemoryLedger) -> None:
    empty.before["append"] = [lambda: empty.another_writes(CREATE)]
    with pytest.raises(TodoExists):
        execute.execute(command_request(CREATE))


def test_what_never_was_is_not_found(empty: MemoryLedger) -> None:
    with pytest.raises(TodoNotFound):
        execute.execute(command_request(Patch({"order": 1})))
    assert empty.calls == ["latest"]


@pytest.mark.parametrize("losses", [1, 9])
def test_up_to_ten_tries_are_made(ledger: MemoryLedger, no_sleep: list[float], losses: int) -> None:
    lose(ledger, losses)
    event, _ = execute.execute(command_request(Patch({"order": 1})))
    assert (event.version, len(no_sleep)) == (2 + losses, losses)
    ledger.assert_unbroken()


def test_and_no_more(ledger: MemoryLedger) -> None:
    lose(ledger, 20)
    with pytest.raises(execute.TooContended):
        execute.execute(command_request(Patch({"order": 1})))
    assert ledger.calls.count("append") == execute.MAX_TRIES == 20
    assert all(event.actor == "another" for event in ledger.events)


def test_the_pauses_between_tries_grow_from_25_milliseconds(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch, no_sleep: list[float]
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: (low, high)[1])
    lose(ledger, 7)
    execute.execute(command_request(Patch({"order": 1})))
    assert no_sleep == [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0]
