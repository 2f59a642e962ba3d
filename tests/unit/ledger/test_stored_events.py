"""An event is read back from the ledger's table as it was written there, whatever it has; anything else is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.ledger import codec
from chalicelib.ledger.errors import EventTooLarge
from chalicelib.todos.events import CREATED, MAX_OLD_EVENT_BYTES, OFF
from tests.support.events import following
from tests.unit.scenarios import STREAM, content_of, instant

BARE = following(None, STREAM, CREATED, content_of(title="Milch, 2 €"), at=instant(1))
SOMETIMES: dict[str, Any] = {
    "correlation_id": "request",
    "causation_id": "event",
    "idempotency_key": "key",
    "request_hash": "hash",
    "client": "app",
    "imported_at": instant(2),
    "undoes": "move",
    "direction": OFF,
    "operation": "undo/1",
    "more": True,
}


def test_an_event_comes_back_with_all_that_it_may_have() -> None:
    event = replace(BARE, **SOMETIMES)

    assert codec.decode(codec.encode(event)) == event


@pytest.mark.parametrize("name", SOMETIMES)
def test_what_an_event_does_not_have_is_not_stored(name: str) -> None:
    event = replace(BARE, **{name: SOMETIMES[name]})

    item = codec.encode(event)

    assert set(item) - set(codec.encode(BARE)) == {name}
    assert codec.decode(item) == event


def test_versions_are_stored_as_numbers_and_all_else_as_text() -> None:
    kinds = {name: kind for name, value in codec.encode(BARE).items() for kind in value}

    assert [name for name, kind in kinds.items() if kind == "N"] == ["version", "state_schema"]
    assert set(kinds.values()) == {"N", "S"}


def test_every_value_is_text_in_dynamodbs_json() -> None:
    item = codec.encode(replace(BARE, **SOMETIMES))

    assert all(type(text) is str for value in item.values() for text in value.values())


@pytest.mark.parametrize("change", ["[]", "null", '"title"'])
def test_a_change_that_is_no_object_is_refused(change: str) -> None:
    with pytest.raises(ValueError, match="a change is a JSON object"):
        codec.decode({**codec.encode(BARE), "change": {"S": change}})


@pytest.mark.parametrize("stream", ["", "me", "me#", "#0197e1f0-0000-7000-8000-000000000001"])
def test_a_stream_that_names_no_todo_is_refused(stream: str) -> None:
    with pytest.raises(ValueError, match="not a stream id"):
        codec.decode({**codec.encode(BARE), "stream_id": {"S": stream}})


@pytest.mark.parametrize("name", codec.encode(BARE))
def test_an_event_without_one_of_its_attributes_is_refused(name: str) -> None:
    with pytest.raises(LookupError):
        codec.decode({each: value for each, value in codec.encode(BARE).items() if each != name})


def test_the_size_counts_names_and_values_in_utf_8() -> None:
    item = codec.encode(replace(BARE, actor="Müller"))
    stored = sum(len(name) + len(next(iter(value.values())).encode()) for name, value in item.items())

    assert codec.size_of(replace(BARE, actor="Müller")) == stored


def test_an_event_may_have_its_greatest_size_and_no_byte_more() -> None:
    room = MAX_OLD_EVENT_BYTES - codec.size_of(replace(BARE, change={"notes": ""}))
    largest = replace(BARE, change={"notes": "x" * room})

    assert codec.size_of(largest) == MAX_OLD_EVENT_BYTES
    assert codec.decode(codec.encode(largest)) == largest
    with pytest.raises(EventTooLarge, match=f"the event takes {MAX_OLD_EVENT_BYTES + 1} bytes where"):
        codec.encode(replace(BARE, change={"notes": "x" * (room + 1)}))


def test_its_change_and_its_state_count_together() -> None:
    notes = "x" * (MAX_OLD_EVENT_BYTES // 2)
    with pytest.raises(EventTooLarge):
        codec.encode(replace(BARE, change={"notes": notes}, state={**BARE.state, "notes": notes}))
