"""An event is appended where its version is free, together with others or not at all; a refusal says what it means."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws.errors import NoAnswer
from chalicelib.ledger import ledger
from chalicelib.ledger.errors import LedgerUnavailable, NoLongerWanted, VersionTaken
from chalicelib.todos.events import CREATED, Event
from tests.simulation.seams import SETTINGS
from tests.support.events import following
from tests.unit.ledger.conftest import Calls, refusal
from tests.unit.scenarios import content_of, instant

STREAMS = [f"me#0197e1f0-0000-7000-8000-00000000000{number}" for number in (1, 2, 3)]
CONFLICT = refusal("TransactionConflictException")
CONFLICT_OF_ONE = refusal("TransactionCanceledException", "None", "TransactionConflict")


def created(stream: str, **stated: Any) -> Event:
    return following(None, stream, CREATED, content_of(), at=instant(1), **stated)


def test_a_version_is_written_once(calls: Calls) -> None:
    event = created(STREAMS[0])
    ledger.append(event)

    with pytest.raises(VersionTaken):
        ledger.append(created(STREAMS[0], event_id="another's"))

    assert ledger.history(STREAMS[0]) == [event]


def test_a_write_in_conflict_with_a_transaction_is_tried_again(calls: Calls) -> None:
    calls.errors = [CONFLICT] * (ledger.WRITE_TRIES - 1)

    ledger.append(created(STREAMS[0]))

    assert calls.names == ["put_item"] * ledger.WRITE_TRIES
    assert ledger.latest(STREAMS[0]) is not None


def test_a_conflict_that_does_not_end_makes_the_ledger_unavailable(calls: Calls) -> None:
    calls.errors = [CONFLICT] * (ledger.WRITE_TRIES + 1)

    with pytest.raises(LedgerUnavailable, match="TransactionConflictException"):
        ledger.append(created(STREAMS[0]))

    assert calls.names == ["put_item"] * ledger.WRITE_TRIES


def test_another_refusal_is_not_tried_again(calls: Calls) -> None:
    calls.errors = [refusal("ValidationException")]

    with pytest.raises(LedgerUnavailable, match="ValidationException"):
        ledger.append(created(STREAMS[0]))

    assert calls.names == ["put_item"]


def test_a_write_without_an_answer_is_tried_once_more(calls: Calls) -> None:
    calls.errors = [NoAnswer("cut")]
    ledger.append(created(STREAMS[0]))
    assert calls.names == ["put_item"] * 2

    calls.names.clear()
    calls.errors = [NoAnswer("cut"), NoAnswer("cut again"), NoAnswer("cut for ever")]
    with pytest.raises(LedgerUnavailable, match="cut again"):
        ledger.append(created(STREAMS[1]))
    assert calls.names == ["put_item"] * 2


def test_events_of_several_streams_are_written_together(calls: Calls) -> None:
    group = [created(stream) for stream in STREAMS]

    assert ledger.append_together(group) == {}

    assert [ledger.latest(stream) for stream in STREAMS] == group
    assert calls.names[0] == "transact_write_items"


def test_where_a_version_exists_nothing_is_written_and_what_exists_is_returned(calls: Calls) -> None:
    existing = created(STREAMS[1], event_id="another's")
    ledger.append(existing)

    assert ledger.append_together([created(stream) for stream in STREAMS]) == {1: existing}

    assert [ledger.latest(stream) for stream in STREAMS] == [None, existing, None]


def test_where_a_version_that_must_be_free_exists_nothing_is_written(calls: Calls) -> None:
    ledger.append(created(STREAMS[1]))

    ledger.append_together([created(STREAMS[0])], free=[(STREAMS[1], 2), (STREAMS[2], 1)])
    with pytest.raises(VersionTaken):
        ledger.append_together([created(STREAMS[2])], free=[(STREAMS[1], 1)])

    assert ledger.latest(STREAMS[2]) is None


def of_settings(condition: str) -> dict[str, Any]:
    key = {"owner": {"S": "me"}, "sk": {"S": "undo"}}
    return {"ConditionCheck": {"TableName": SETTINGS, "Key": key, "ConditionExpression": condition}}


def test_where_what_an_append_depends_on_is_gone_nothing_is_written(calls: Calls) -> None:
    ledger.append(created(STREAMS[1]))
    ledger.append_together([created(STREAMS[0])], also=[of_settings("attribute_not_exists(sk)")])
    assert ledger.latest(STREAMS[0]) is not None

    # Also where a version is taken at the same time.
    for stream in (STREAMS[1], STREAMS[2]):
        with pytest.raises(NoLongerWanted):
            ledger.append_together([created(stream)], free=[], also=[of_settings("attribute_exists(sk)")])

    assert ledger.latest(STREAMS[2]) is None


def test_a_transaction_in_conflict_is_tried_again(calls: Calls) -> None:
    group = [created(stream) for stream in STREAMS[:2]]
    calls.errors = [CONFLICT_OF_ONE] * (ledger.WRITE_TRIES - 1)

    assert ledger.append_together(group) == {}

    assert calls.names == ["transact_write_items"] * ledger.WRITE_TRIES
    assert [ledger.latest(stream) for stream in STREAMS[:2]] == group


@pytest.mark.parametrize(
    ("error", "calls_made"),
    [
        (CONFLICT_OF_ONE, ledger.WRITE_TRIES),
        (refusal("TransactionCanceledException", "None", "ValidationError"), 1),
        (NoAnswer("the line is cut"), 1),
    ],
    ids=["a conflict that does not end", "a refusal", "no answer"],
)
def test_without_a_clear_answer_the_ledger_is_unavailable(calls: Calls, error: Exception, calls_made: int) -> None:
    calls.errors = [error] * (ledger.WRITE_TRIES + 1)

    with pytest.raises(LedgerUnavailable, match=r"TransactionCanceledException|the line is cut"):
        ledger.append_together([created(stream) for stream in STREAMS[:2]])

    assert calls.names == ["transact_write_items"] * calls_made
