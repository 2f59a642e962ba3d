"""A reminder that is past when its todo is loaded is kept, and does not go off, in every format."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.ledger.codec import dump_state
from chalicelib.todos.events import CREATED
from chalicelib.todos.ids import Partition, split_stream_id
from chalicelib.views import schema
from loaders.into.commands import creation_of, is_as_its_row
from loaders.planner import Planned
from loaders.rows.reminders import LEFT_OUT, PAST
from loaders.rows.row import BadRow
from tests.loaders import takeouts
from tests.loaders.loading import GroupLedger, lines, load, plan
from tests.support.events import following

BEFORE, EARLIER, LATER = "2001-01-02T00:00:00Z", "2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


def planned(**fields: Any) -> Planned:
    [row] = plan(lines({"id": 1, "title": "A", **fields}))
    assert isinstance(row, Planned)
    return row


@pytest.mark.parametrize(
    ("fields", "reminded"),
    [
        ({"remind_at": BEFORE}, BEFORE),
        ({"remind_at": "2001-01-01"}, "2001-01-01"),
        ({"remind_at": "2001-01-01", "time_zone": "Europe/Berlin"}, "2001-01-01"),
        ({"remind_at": LATER}, None),
        ({}, None),
        ({"remind_at": BEFORE, "completed": True}, None),
    ],
)
def test_the_event_of_the_load_says_that_it_was_given(fields: dict[str, Any], reminded: str | None) -> None:
    row = planned(**fields)
    assert (row.event.state["reminded"], row.event.state["remind_at"]) == (reminded, fields.get("remind_at"))
    assert (PAST in row.loss.notices if row.loss else False) == (reminded is not None)
    partition, todo_id = Partition("ann"), split_stream_id(row.event.stream_id)[1]
    goes_off = "remind_shard" in schema.index_attributes(partition, todo_id, dump_state(row.event.state))
    assert goes_off == (fields.get("remind_at") == LATER)


def test_it_is_no_loss_that_strict_refuses() -> None:
    [row] = plan(lines({"id": 1, "title": "A", "remind_at": BEFORE}), strict=True)
    assert isinstance(row, Planned)


def test_loaded_again_it_is_as_it_was() -> None:
    ledger = GroupLedger()
    for remind_at, counts in ((BEFORE, (1, 0, 0)), (BEFORE, (0, 0, 1)), (EARLIER, (0, 1, 0)), (LATER, (0, 1, 0))):
        summary, _ = load(lines({"id": 1, "title": "A", "remind_at": remind_at}), ledger)
        assert (summary.added, summary.updated, summary.already) == counts
    [history] = ledger.streams.values()
    assert [event.state["reminded"] for event in history] == [BEFORE, EARLIER, EARLIER]


def test_over_http_it_is_left_out_and_said() -> None:
    row = planned(remind_at=BEFORE)
    step = creation_of(row)
    assert (step.command["body"], step.notices) == ({"title": "A", "source": "file:1"}, [LEFT_OUT])
    todo = {"title": "A", "source": "file:1"}
    assert is_as_its_row(todo, row)
    # It was loaded before the reminder was past, and has it.
    assert is_as_its_row({**todo, "remind_at": BEFORE}, row)
    assert not is_as_its_row({**todo, "remind_at": LATER}, row)
    assert creation_of(planned(remind_at=LATER)).command["body"]["remind_at"] == LATER


def test_a_takeout_of_such_a_todo_can_be_loaded() -> None:
    loaded = planned(remind_at=BEFORE).event
    stream = f"{takeouts.SOURCE}#{split_stream_id(loaded.stream_id)[1]}"
    for reminded, is_right in ((BEFORE, True), (LATER, False)):
        change = {**loaded.change, "reminded": reminded}
        event = following(
            None, stream, CREATED, change, at="2026-01-01T00:00:00.000Z", event_id=loaded.event_id, actor="ann"
        )
        [history] = takeouts.read(takeouts.takeout([event]))
        assert isinstance(history, BadRow) != is_right, history
