"""How todos and events look outside: in answers, in the rows of an export, and in the lines of a takeout."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.todos import export_rows, representation, takeout_rows
from chalicelib.todos.decide import Patch
from chalicelib.todos.events import COMPLETED, CONTENT_FIELDS, CREATED, EDITED, OFF, Event
from tests.support.events import following
from tests.unit.scenarios import STREAM, instant, live

BASE = "https://api.example"
TODO_ID = STREAM.partition("#")[2]
NOTED = {
    "actor": "ann", "client": "app", "operation": "tidy", "undoes": "x", "direction": OFF, "correlation_id": "request",
    "causation_id": "event", "idempotency_key": "key",
}  # fmt: skip


def completion(**known: Any) -> Event:
    """A completion that has found this of the next occurrence."""
    change = {"completed": True, **({"next": known} if known else {})}
    return following(live().events[-1], STREAM, COMPLETED, change, at=instant(2))


def test_an_answer_has_every_field_of_a_todo() -> None:
    event = live(tags=["a"]).after(Patch({"completed": True})).events[-1]

    answer = representation.todo_of(BASE, event)

    assert answer == {
        "id": TODO_ID, "version": 2, **{name: event.state[name] for name in CONTENT_FIELDS},
        "completed_at": instant(2), "created_at": instant(1), "updated_at": instant(2),
        "url": f"{BASE}/todos/{TODO_ID}",
    }  # fmt: skip
    assert (answer["title"], answer["tags"], answer["notes"]) == ("Buy milk", ["a"], None)
    assert representation.etag(12) == '"12"'


def test_an_event_is_answered_with_all_but_what_only_the_service_sees() -> None:
    change = {"title": "New", "deleted": False, "reminded": None, "next": None}
    event = following(
        live().events[-1], STREAM, EDITED, change, at=instant(2), event_id="id", request_hash="h", **NOTED
    )

    assert representation.event_answer(event) == {
        "version": 2, "type": EDITED, "event_id": "id", "occurred_at": instant(2), "change": {"title": "New"}, **NOTED,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (completion(), None),
        (completion(first="a", id="a", version=0), None),
        (completion(first="a", id="b", version=3), "b"),
        (completion(first="a", id="b", version=3, at="c"), "c"),
        (completion(first="a", id="b", version=0, at="c"), "c"),
        (replace(completion(first="a", id="b", version=3), state=live().events[-1].state), None),
    ],
)
def test_the_next_occurrence_is_what_a_completion_made_or_found(event: Event, expected: str | None) -> None:
    assert representation.next_occurrence_of(event) == expected


def test_the_versions_of_a_write_are_the_todos_and_that_of_its_next_occurrence() -> None:
    assert representation.versions_written(completion()) == {TODO_ID: 2}
    assert representation.versions_written(completion(first="a", id="b", version=0)) == {TODO_ID: 2}
    assert representation.versions_written(completion(first="a", id="b", version=3)) == {TODO_ID: 2, "b": 3}


def test_an_answer_has_as_many_rows_as_it_can_carry_and_one_at_least() -> None:
    rows = [{"a": "é"}] * 3
    of_one = len('{"a":"é"}'.encode())

    carried = [len(representation.within_bounds(rows, size)) for size in (0, of_one, 2 * of_one - 1, 2 * of_one, 1000)]

    assert carried == [1, 1, 1, 2, 3]
    events = live().after(Patch({"title": "New"})).events
    assert representation.events_within_bounds(events) == list(map(representation.event_answer, events))
    assert representation.events_within_bounds(events, 1) == [representation.event_answer(events[0])]


ROWS = [
    representation.todo_of(
        BASE, live(notes='Say "hello",\nbye', tags=["a", "é"], order=1.5, metadata={"b": 1, "a": None}).events[-1]
    ),
    representation.todo_of(BASE, live(title="=1+1", notes="").events[-1]),
]


def test_an_export_has_a_line_of_json_for_each_todo() -> None:
    lines = export_rows.json_lines(ROWS).splitlines()

    assert [json.loads(line) for line in lines] == ROWS
    assert export_rows.json_lines(ROWS).endswith("}\n")
    assert [*json.loads(lines[0])] == [*export_rows.COLUMNS]
    assert export_rows.json_lines([]) == ""


def test_a_table_has_a_cell_for_each_field() -> None:
    text = export_rows.csv_header() + export_rows.csv_lines(ROWS)

    first, second = csv.DictReader(io.StringIO(text, newline=""))
    assert text.count("\r\n") == 3
    assert (first["notes"], first["version"], first["completed"]) == ('Say "hello",\nbye', "1", "false")
    assert (first["tags"], first["order"], first["metadata"]) == ('["a","é"]', "1.5", '{"b":1,"a":null}')
    assert (second["title"], second["due"], second["tags"]) == ("=1+1", "", "")


def test_in_a_table_an_empty_text_is_told_from_none() -> None:
    [with_empty] = export_rows.csv_lines(ROWS[1:]).splitlines()
    [with_none] = export_rows.csv_lines([{**ROWS[1], "notes": None}]).splitlines()

    assert with_empty.split(",")[3] == '""'
    assert with_none.split(",")[3] == ""


def test_a_takeout_begins_with_what_it_is_and_ends_with_what_it_has() -> None:
    assert json.loads(takeout_rows.header("ann", instant(1))) == {
        "takeout": "todo-ledger", "format": 1, "owner": "ann", "taken_at": instant(1),
    }  # fmt: skip
    assert json.loads(takeout_rows.footer(2, 7)) == {"end": {"todos": 2, "events": 7}}
    assert takeout_rows.header("ann", instant(1)).endswith("}\n")
    assert takeout_rows.footer(2, 7).endswith("}\n")


def test_a_takeout_has_of_an_event_what_it_has_and_of_the_last_one_its_state() -> None:
    plain = live().events[-1]
    noted = following(None, STREAM, CREATED, plain.change, at=instant(1), request_hash="hash", **NOTED)

    stated = {"todo": TODO_ID, "version": 1, "event_id": plain.event_id, "type": CREATED, "change": plain.change}
    assert json.loads(takeout_rows.line_of(TODO_ID, plain, is_last=False)) == {
        **stated, "actor": "me", "occurred_at": instant(1),
    }  # fmt: skip
    assert json.loads(takeout_rows.line_of(TODO_ID, noted, is_last=True)) == {
        **stated, "occurred_at": instant(1), "request_hash": "hash", **NOTED,
        "state": {"title": "Buy milk", "created_at": instant(1), "updated_at": instant(1)},
        "state_schema": plain.state_schema,
    }  # fmt: skip
    assert takeout_rows.line_of(TODO_ID, noted, is_last=True).endswith("}\n")


def test_what_was_reminded_of_is_not_taken_out() -> None:
    assert takeout_rows.state_of({**live().events[-1].state, "reminded": "2026-12-01"}) == {
        "title": "Buy milk", "created_at": instant(1), "updated_at": instant(1),
    }  # fmt: skip
