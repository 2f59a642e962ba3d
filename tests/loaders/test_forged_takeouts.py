"""A takeout may be hostile: of what cannot be, the todo is rejected by name, and the others are loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.todos import ids
from loaders.errors import UnreadableFile
from loaders.histories.event_rules import FIELDS_OF
from tests.loaders.takeouts import (
    SOURCE,
    HistoryLedger,
    history,
    load,
    read,
    rejections,
    rows_of,
    takeout,
    text_of,
    todo_id_of,
)
from tests.support.events import following

SOME_ID = "00000000-0000-4000-8000-000000000001"
OTHER_OWNER = "carol#00000000-0000-4000-8000-000000000002"

Row = dict[str, Any]

# A member of an event (of the third of nine; of the last one where it says so), what is forged, and what is said of it.
FORGED: list[tuple[str, Any, str]] = [
    ("todo", SOME_ID, "the events after version 2 are missing"),
    ("todo", OTHER_OWNER, "expected a todo's id"),
    ("todo", SOME_ID.upper().replace("0001", "000A"), "expected a todo's id"),
    ("todo", None, "expected a todo's id"),
    ("version", 2, "expected version 3"),
    ("version", 4, "expected version 3"),
    ("version", "3", "expected version 3"),
    ("version", True, "expected version 3"),
    ("version", 3.0, "expected version 3"),
    ("event_id", "not a UUID", "expected a UUID in lower case"),
    ("event_id", SOME_ID.replace("1", "A"), "expected a UUID in lower case"),
    ("event_id", 7, "expected a UUID in lower case"),
    ("type", "TodoCreated", "the first event, and no other"),
    ("type", "TodoShared", "expected one of TodoCreated"),
    ("type", "TodoReopened", "does not complete or reopen"),
    ("type", "TodoDeleted", "not a field that a TodoDeleted changes"),
    ("type", ["TodoEdited"], "expected one of TodoCreated"),
    ("change", [], "expected an object"),
    ("change", {"deleted": True, "completed": True}, "not a field that a TodoCompleted changes"),
    ("change", {"reminded": "2026-01-01", "completed": True}, "another reminder than that of the todo"),
    ("change", {"updated_at": "2026-01-01", "completed": True}, "not a field that a TodoCompleted changes"),
    ("change", {"created_at": "2026-01-01T00:00:00.000Z", "completed": True}, "not a field that a TodoCompleted"),
    ("change", {"completed_at": "2026-01-02T00:00:00.000Z", "completed": True}, "later than the event"),
    ("change", {"completed_at": "yesterday", "completed": True}, "expected an instant in UTC"),
    ("change", {"__proto__": 1, "completed": True}, "not a field"),
    ("change", {"completed": 1}, "Expected `bool`"),
    ("change", {"completed": None}, "Expected `bool`"),
    ("change", {"completed": False}, "does not complete or reopen"),
    ("change", {"completed": True, "title": None}, "Expected `str`"),
    ("change", {"completed": True, "title": ["x"]}, "Expected `str`"),
    ("change", {"completed": True, "title": "\ud800"}, "surrogate"),
    ("change", {"completed": True, "title": "x" * 200_000}, "where"),
    ("change", {"completed": True, "list": "x" * 101}, "a list's name has"),
    ("change", {"completed": True, "list": "😀" * 80}, "bytes of UTF-8"),
    ("change", {"completed": True, "list": ".."}, "cannot be named"),
    ("change", {"completed": True, "list": ""}, "a list's name has"),
    ("change", {"completed": True, "list": None}, "Expected `str`"),
    ("change", {"completed": True, "priority": None}, "Expected `str`"),
    ("change", {"completed": True, "tags": "abc"}, "Expected `array"),
    ("change", {"completed": True, "order": "1"}, "Expected `int"),
    ("change", {"completed": True, "order": 10**300}, "out of range"),
    ("change", {"completed": True, "due": "soon"}, "expected an RFC 3339"),
    ("change", {"completed": True, "due": 1}, "Expected `str"),
    ("change", {"completed": True, "remind_at": "2026-13-01"}, "names no instant"),
    ("change", {"completed": True, "metadata": [1]}, "Expected `object"),
    ("change", {"completed": True, "metadata": json.loads('{"a":' * 150 + "1" + "}" * 150)}, "nested"),
    ("change", {"completed": True, "next": {"first": SOME_ID}}, "missing required field"),
    ("change", {"completed": True, "next": {"first": "x", "id": SOME_ID, "version": 1}}, "expected ids"),
    ("change", {"completed": True, "next": {"first": SOME_ID, "id": SOME_ID, "version": -1}}, "expected a version"),
    ("change", {"completed": True, "next": {"first": SOME_ID, "id": SOME_ID, "version": 1, "x": 1}}, "unknown member"),
    ("actor", "", "expected a text"),
    ("actor", 5, "expected a text"),
    ("actor", "x" * 1025, "1025 bytes"),
    ("actor", "\udc00", "surrogate"),
    ("occurred_at", "2026-01-01T00:00:01.000Z", "not later than the event before"),
    ("occurred_at", "2026-01-01T00:00:00.999Z", "not later than the event before"),
    ("occurred_at", "9999-12-31T23:59:59.999Z", "lies in the future"),
    ("occurred_at", "2026-11-30T12:00:00.001Z", "lies in the future"),
    ("occurred_at", "2026-01-01T00:00:02Z", "three decimals"),
    ("occurred_at", "2026-01-01T01:00:02.000+01:00", "three decimals"),
    ("occurred_at", "2026-02-30T00:00:00.000Z", "three decimals"),
    ("occurred_at", "0000-01-01T00:00:00.000Z", "three decimals"),
    ("occurred_at", "２026-01-01T00:00:02.000Z", "three decimals"),
    ("occurred_at", 5, "three decimals"),
    ("client", "", "expected a text"),
    ("client", "x" * 1025, "1025 bytes"),
    ("correlation_id", "x" * 1025, "1025 bytes"),
    ("correlation_id", {}, "expected a text"),
    ("causation_id", 1, "expected a text"),
    ("idempotency_key", "key-1", "required"),
    ("request_hash", "0" * 64, "required"),
    ("stream_id", OTHER_OWNER, "unknown member"),
    ("owner", "carol", "unknown member"),
    ("imported_at", "2026-01-01T00:00:00.000Z", "unknown member"),
    ("more", 1, "unknown member"),
    ("operation", "an operation", "visible ASCII"),
    ("operation", "x" * 65, "visible ASCII"),
    ("operation", "", "visible ASCII"),
    ("operation", 5, "visible ASCII"),
    ("undoes", "x", "required"),
    ("direction", "off", "required"),
    ("state", {"title": "Buy milk"}, "required"),
]

# The same of the second event, which has a key.
FORGED_WITH_A_KEY: list[tuple[str, Any, str]] = [
    ("idempotency_key", "a key", "visible ASCII"),
    ("idempotency_key", "k" * 256, "visible ASCII"),
    ("idempotency_key", None, "visible ASCII"),
    ("request_hash", "0" * 63, "64 hexadecimal digits"),
    ("request_hash", "G" * 64, "64 hexadecimal digits"),
]

# The same of the last event, which has the state.
FORGED_AT_THE_END: list[tuple[str, Any, str]] = [
    ("state", {"title": "Something else"}, "not what the events of the todo lead to"),
    ("state", [], "expected an object"),
    ("state_schema", 2**31, "a newer version of the service"),
    ("state_schema", 0, "expected 1 to"),
    ("state_schema", "1", "expected 1 to"),
    ("change", {"title": "Forged"}, "not a field that a TodoReminded changes"),
]


def forged(member: str, value: Any, position: int) -> tuple[bytes, str]:
    """A takeout of three todos, the second of them forged; and its id."""
    todos = [history(), history(), history()]
    rows = rows_of(*todos)
    rows[1 + 9 + position][member] = value
    return text_of(rows), todo_id_of(todos[1])


@pytest.mark.parametrize(("position", "member", "value", "detail"), [
    *((2, *each) for each in FORGED), *((8, *each) for each in FORGED_AT_THE_END),
])  # fmt: skip
def test_each_attribute_that_is_forged_rejects_its_todo_and_no_other(
    position: int, member: str, value: Any, detail: str
) -> None:
    content, _ = forged(member, value, position)
    assert detail in "; ".join(f"{pointer} {said}" for _, pointer, said in rejections(content))
    ledger = HistoryLedger()
    summary, _ = load(content, ledger)
    assert (summary.added, summary.rejected > 0, summary.is_all_in) == (2, True, False)
    assert {ids.split_stream_id(stream)[0] for stream in ledger.streams} == {"bob"}


def test_a_rejected_todo_is_named_once_with_the_line_and_the_version() -> None:
    content, todo_id = forged("occurred_at", "9999-12-31T23:59:59.999Z", 2)
    assert rejections(content) == [(todo_id, "#/occurred_at", "version 3: it lies in the future")]
    _, reported = load(content, HistoryLedger())
    assert [line for line, _ in reported] == [13]


@pytest.mark.parametrize("member", ["version", "event_id", "type", "change", "actor", "occurred_at"])
def test_a_member_that_every_event_has_cannot_be_left_out(member: str) -> None:
    rows = rows_of(history())
    del rows[3][member]
    [(_, pointer, detail)] = rejections(text_of(rows))
    assert (pointer, detail) == (f"#/{member}", "version 3: required")


@pytest.mark.parametrize(
    ("change", "back", "detail"),
    [
        ({"repeat": "FREQ=NEVER"}, {"repeat": None}, "FREQ"),
        ({"title": ""}, {"title": "Buy milk"}, "length"),
        ({"priority": "urgent"}, {"priority": "none"}, "Invalid enum value"),
        ({"tags": ["x"] * 33}, {"tags": None}, "length"),
        ({"metadata": {"a": "x" * 5000}}, {"metadata": None}, "4096 are allowed"),
        ({"notes": "x" * 20_000}, {"notes": None}, "16384 are allowed"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_todo_must_be_acceptable_today_at_the_end_but_not_before(change: Row, back: Row, detail: str) -> None:
    stream = ids.stream_id(SOURCE, SOME_ID)
    events = [following(None, stream, "TodoCreated", {"title": "Buy milk"}, at=instant(1), event_id=event_id(1))]
    events.append(following(events[0], stream, "TodoEdited", change, at=instant(2), event_id=event_id(2)))
    [(_, _, said)] = rejections(takeout(events))
    assert detail in said
    # Somebody set it right: then it is only what the todo was like once.
    events.append(following(events[1], stream, "TodoEdited", back, at=instant(3), event_id=event_id(3)))
    assert rejections(takeout(events)) == []


def instant(second: int) -> str:
    return f"2026-01-01T00:00:0{second}.000Z"


def event_id(number: int) -> str:
    return f"00000000-0000-4000-8000-00000000010{number}"


def test_a_todo_cannot_be_its_own_parent() -> None:
    events = history(2)
    rows = rows_of(events)
    parent = {"parent": todo_id_of(events)}
    rows[2]["change"].update(parent)
    rows[2]["state"].update(parent)
    assert [detail for _, _, detail in rejections(text_of(rows))] == ["version 2: a todo cannot be its own parent"]


def _cut_off(rows: list[Row]) -> None:
    del rows[6:]


def _without_its_end(rows: list[Row]) -> None:
    del rows[9]


def _begins_later(rows: list[Row]) -> None:
    del rows[1]


def _goes_on_after_its_end(rows: list[Row]) -> None:
    rows.insert(10, {**rows[9], "version": 10, "event_id": SOME_ID, "occurred_at": "2026-01-02T00:00:00.000Z"})


def _in_two_pieces(rows: list[Row]) -> None:
    rows.append(rows.pop(3))


def _twice(rows: list[Row]) -> None:
    rows[10:10] = [dict(row) for row in rows[1:10]]


def _one_event_twice(rows: list[Row]) -> None:
    rows[5]["event_id"] = rows[2]["event_id"]


def _one_key_twice(rows: list[Row]) -> None:
    rows[5]["idempotency_key"] = rows[2]["idempotency_key"]


WRONG_WHOLES = [_without_its_end, _begins_later, _goes_on_after_its_end, _twice, _one_event_twice, _one_key_twice]


@pytest.mark.parametrize("spoil", WRONG_WHOLES, ids=lambda spoil: spoil.__name__)
def test_a_history_that_is_not_whole_is_rejected(spoil: Callable[[list[Row]], None]) -> None:
    rows = rows_of(history())
    spoil(rows)
    rows[-1]["end"]["events"] = len(rows) - 2
    rejected = rejections(text_of(rows))
    assert rejected
    assert len(rejected) == 1


@pytest.mark.parametrize("spoil", [_cut_off, _in_two_pieces, _without_its_end])
def test_a_file_whose_end_is_missing_or_counts_differently_is_reported_and_what_is_whole_is_loaded(
    spoil: Callable[[list[Row]], None],
) -> None:
    rows = rows_of(history(), history())
    first, rest = rows[:10], [rows[0], *rows[10:]]
    spoil(rest)
    ledger = HistoryLedger()
    summary, _ = load(text_of([*first, *rest[1:]]), ledger)
    assert summary.stopped_by is not None
    assert summary.added == 1
    assert len(ledger.streams) == 1


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (b"{", "not JSON"),
        (b"[]", "expected an object"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"todo": 1, "todo": 2}', "twice"),
        (b'{"n": ' + b"9" * 400 + b"}", "larger than a double"),
        (b"[" * 100_000, "nested too deeply"),
        (b'"' + b"x" * 3_000_000 + b'"', "a line of more than"),
    ],
    ids=["cut", "array", "bytes", "duplicate", "huge number", "deep", "long"],
)
def test_a_line_that_cannot_be_read_rejects_the_todo_around_it(line: bytes, detail: str) -> None:
    lines = text_of(rows_of(history(), history())).splitlines()
    lines[14] = line
    [(_, _, said)] = rejections(b"\n".join(lines))
    assert detail in said
    summary, _ = load(b"\n".join(lines), HistoryLedger())
    assert (summary.added, summary.rejected, summary.stopped_by) == (1, 1, None)


@pytest.mark.parametrize(
    "header", [{"takeout": "todo-ledger", "format": 2}, {"takeout": "todo-ledger"}, {"takeout": 1}, {}]
)
def test_a_takeout_of_a_newer_format_is_refused_whole(header: Row) -> None:
    rows = rows_of(history())
    with pytest.raises(UnreadableFile, match="line 1"):
        read(text_of([header, *rows[1:]]))


def test_todos_that_interleave_are_rejected() -> None:
    one, other = history(), history()
    rows = rows_of(one, other)
    mixed = [row for pair in zip(rows[1:10], rows[10:19], strict=True) for row in pair]
    ledger = HistoryLedger()
    summary, _ = load(text_of([rows[0], *mixed, rows[-1]]), ledger)
    assert (summary.added, ledger.streams) == (0, {})


def test_every_type_says_what_it_may_change() -> None:
    from chalicelib.todos import events

    types = {value for name, value in vars(events).items() if name.isupper() and isinstance(value, str)}
    assert set(FIELDS_OF) == {name for name in types if name.startswith("Todo")}
