"""Whatever todo is accepted, the service can later add its own events to it: nobody is there to shorten it then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ledger import codec
from chalicelib.ledger.errors import EventTooLarge
from chalicelib.todos import ids
from chalicelib.todos.events import (
    COMPLETED,
    CREATED,
    DELETED,
    MAX_CONTENT_BYTES,
    MAX_EVENT_BYTES,
    REMINDED,
    RESTORED,
    REVERTED,
    Event,
    Todo,
)
from chalicelib.todos.ids import Owner
from tests.support.events import following
from tests.unit.scenarios import content_of, instant

EMOJI = "😀"
TODO_ID = "0197e1f0-0000-7000-8000-000000000001"
# Every other attribute as long as it can be: the owner is percent-encoded in the stream's id.
LONGEST_OWNER = Owner("é" * 127 + "x")
LONGEST_STREAM = ids.stream_id(ids.partition_of(LONGEST_OWNER), TODO_ID)
LONGEST = {
    "actor": "x" * 511,
    "client": "x" * 255,
    "operation": "%" * 64,
    "undoes": "%" * 64,
    "direction": "off",
    "correlation_id": "x" * 200,
    "causation_id": "remind_at:2026-01-01T08:00:00.000000Z",
    "idempotency_key": "x" * 255,
    "request_hash": "0" * 64,
}
# Every field as large as it can be, but for the notes.
LARGEST: dict[str, Any] = {
    "title": "\x01" * 500,
    "list": '"' * 100,
    "tags": [f"{number:02}" + EMOJI * 62 for number in range(32)],
    "priority": "medium",
    "due": "2026-12-01T09:00:00.123456789+01:00",
    "remind_at": "2026-12-01T09:00:00.123456789+01:00",
    "order": -0.1234567890123456,
    "repeat": "FREQ=DAILY;BYDAY=" + ",".join(["MO"] * 161),
    "parent": TODO_ID,
    "source": "\x01" * 500,
    "metadata": {"a": "x" * 4_088},
}


def created(fields: dict[str, Any]) -> Event:
    return following(None, LONGEST_STREAM, CREATED, content_of(**fields), at=instant(1), **LONGEST)


def with_largest_notes(character: str) -> dict[str, Any]:
    """The largest todo that has notes of this character and is accepted."""
    low, high = 0, 16_384
    while low < high:
        middle = (low + high + 1) // 2
        fields = {**LARGEST, "notes": character * middle}
        if is_accepted(fields):
            low = middle
        else:
            high = middle - 1
    assert low > 0
    return {**LARGEST, "notes": character * low}


def is_accepted(fields: dict[str, Any]) -> bool:
    try:
        codec.check_room(created(fields).state, None)
    except (EventTooLarge, ValueError):
        return False
    except Exception:
        # Longer notes than 16 KB.
        return False
    return True


def test_without_notes_a_todo_takes_no_more_than_is_reckoned_with() -> None:
    assert codec._content_size(created(LARGEST).state) < codec.MAX_BYTES_WITHOUT_NOTES


@pytest.mark.parametrize("character", ["x", "\n", "\x01", '"', "é", EMOJI])
def test_each_later_event_of_the_largest_todo_fits(character: str) -> None:
    first = created(with_largest_notes(character))
    assert codec.size_of(first) <= MAX_EVENT_BYTES
    for event_type, change in (
        (REMINDED, {}),
        (COMPLETED, {"completed": True}),
        (DELETED, {}),
        (RESTORED, first.change),
        (REVERTED, first.change),
        # The next occurrence: a creation of the whole content in another stream.
        (CREATED, first.change),
    ):
        before = None if event_type == CREATED else first
        later = following(before, LONGEST_STREAM, event_type, change, at=instant(2), **LONGEST)
        assert codec.size_of(later) <= MAX_EVENT_BYTES, event_type


@given(notes=st.text(alphabet='x\n\x01"é😀', max_size=3_000))
def test_short_notes_need_no_counting_because_they_fit(notes: str) -> None:
    state = created({**LARGEST, "notes": notes}).state
    if len(notes) <= codec._SHORT_NOTES:
        assert codec._content_size(state) <= MAX_CONTENT_BYTES


def an_old_one(notes: str = "\n" * 16_000) -> Todo:
    """A todo that several edits made larger than one may be today."""
    todo = created({**LARGEST, "notes": "x"}).state
    return {**todo, "notes": notes}


def test_a_todo_may_take_the_whole_bound_and_no_byte_more() -> None:
    first = created({**LARGEST, "notes": "\n" * 4_000}).state
    left = MAX_CONTENT_BYTES - codec._content_size(first)
    assert left > 0

    codec.check_room({**first, "notes": "\n" * 4_000 + "x" * left}, None)
    with pytest.raises(EventTooLarge, match=r"^its fields take, as JSON, 30001 bytes where 30000 are allowed$"):
        codec.check_room({**first, "notes": "\n" * 4_000 + "x" * (left + 1)}, None)


def test_what_is_larger_may_be_reopened_though_false_is_longer_than_true() -> None:
    completed: Todo = {**an_old_one(), "completed": True}
    codec.check_room({**completed, "completed": False}, completed)


def test_what_is_larger_may_not_grow() -> None:
    old = an_old_one()
    with pytest.raises(EventTooLarge, match="its fields take"):
        codec.check_room({**old, "notes": "\n" * 16_001}, old)


@pytest.mark.parametrize(
    "change",
    [{"completed": True}, {"deleted": True}, {"notes": "\n" * 15_999}, {"title": "short"}, {"reminded": "2026-12-01"}],
    ids=lambda change: next(iter(change)),
)
def test_it_may_be_completed_deleted_shortened_and_reminded_of(change: dict[str, Any]) -> None:
    old = an_old_one()
    codec.check_room({**old, **change}, old)  # type: ignore[typeddict-item]


def test_its_next_occurrence_can_still_be_written() -> None:
    old = an_old_one()
    change = {name: old[name] for name in content_of()}  # type: ignore[literal-required]
    following_one = following(None, LONGEST_STREAM, CREATED, change, at=instant(2), **LONGEST)
    assert codec.size_of(following_one) > MAX_EVENT_BYTES


def test_its_deletion_can_be_written_with_a_longer_request_id_than_its_creation() -> None:
    # Its creation fitted 64 KB to the byte; whoever clears its list sends a longer X-Request-Id.
    first = created({**LARGEST, "notes": "x" * 16_000})
    full = replace(first, change={}, state={**first.state, "notes": "\n" * 16_000})
    deletion = following(full, LONGEST_STREAM, DELETED, {}, at=instant(2), **LONGEST)
    assert codec.encode(deletion)
