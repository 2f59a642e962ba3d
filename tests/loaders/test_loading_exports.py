"""This service's own export: each todo comes back as it was, whatever it says."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.todos import content, export_rows
from chalicelib.todos.events import CONTENT_FIELDS
from loaders.formats import choose_format
from loaders.planner import Planned
from loaders.reading.input import Input
from tests.loaders.loading import errors_of, lines, plan, todo_ids, todos

TODO_ID = "0190c3a0-0000-7000-8000-000000000000"

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
NAME = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    lambda name: name not in (".", "..")
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
CONTENTS = st.fixed_dictionaries(
    {"title": TEXT},
    optional={
        "notes": TEXT | st.just(""),
        "completed": st.booleans(),
        "list": NAME,
        "tags": st.lists(NAME, max_size=3),
        "priority": st.sampled_from(["none", "low", "medium", "high"]),
        "due": st.sampled_from(["2026-12-01", "2026-12-01T09:00:00.5+02:00"]),
        "remind_at": st.just("2026-12-01t09:00:00z"),
        "order": st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e9, 1e9),
        "repeat": st.just("FREQ=WEEKLY;BYDAY=MO"),
        "repeat_from": st.sampled_from(["due", "completion", "next_future"]),
        "time_zone": st.sampled_from(["Europe/Berlin", "Asia/Kolkata"]),
        "parent": st.uuids().map(str),
        "source": TEXT,
        "metadata": st.dictionaries(TEXT, JSON_VALUES, max_size=3),
    },
)


def row(todo_id: str = TODO_ID, **stated: Any) -> dict[str, Any]:
    """A todo as the API answers it."""
    instants = dict.fromkeys(("completed_at", "created_at", "updated_at"), "2026-11-20T10:11:12.345Z")
    return {
        "id": todo_id, "version": 3, **content.validate({"title": "A", **stated}), **instants, "url": "https://x/y",
    }  # fmt: skip


def as_json_lines(rows: list[dict[str, Any]]) -> bytes:
    return export_rows.json_lines(rows).encode()


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    return (export_rows.csv_header() + export_rows.csv_lines(rows)).encode()


FORMATS = pytest.mark.parametrize("write", [as_json_lines, as_csv])


@FORMATS
@given(contents=st.lists(CONTENTS, min_size=1, max_size=3))
def test_every_content_comes_back(write: Any, contents: list[dict[str, Any]]) -> None:
    rows = [row(str(uuid.uuid4()), **stated) for stated in contents]

    planned = plan(write(rows))

    assert [each.event.stream_id for each in planned if isinstance(each, Planned)] == [
        f"ann#{each['id']}" for each in rows
    ]
    states: list[Any] = [each.event.state for each in planned if isinstance(each, Planned)]
    for state, expected in zip(states, rows, strict=True):
        assert {name: json.dumps(state[name]) for name in CONTENT_FIELDS} == {
            name: json.dumps(expected[name]) for name in CONTENT_FIELDS
        }


@FORMATS
def test_it_is_recognised(write: Any) -> None:
    assert choose_format(Input(io.BytesIO(write([row()]))).head).NAME == "todo-ledger"
    assert choose_format(Input(io.BytesIO(b"\xef\xbb\xbf" + write([row()]))).head).NAME == "todo-ledger"


def test_json_that_was_written_anew_is_still_recognised() -> None:
    assert choose_format(Input(io.BytesIO(lines(row()))).head).NAME == "todo-ledger"


@pytest.mark.parametrize(
    ("foreign", "name"),
    [
        (lines({"id": TODO_ID, "title": "A", "version": 1}), "jsonl"),
        (lines({"id": 7, "version": 1, "title": "A"}), "jsonl"),
        (b"id,version,title\r\n1,2,3\r\n", "csv"),
    ],
)
def test_what_only_resembles_it_is_another_format(foreign: bytes, name: str) -> None:
    assert name == choose_format(Input(io.BytesIO(foreign)).head).NAME


@FORMATS
def test_the_ids_are_kept_whoever_the_owner_is(write: Any) -> None:
    parent = str(uuid.uuid4())
    file = write([row(parent), row(parent=parent)])
    assert todo_ids(file, owner="bob", system="elsewhere") == [f"bob#{parent}", f"bob#{TODO_ID}"]
    assert [todo["parent"] for todo in todos(file)] == [None, parent]


@pytest.mark.parametrize("younger", [{"repeat_from", "time_zone"}, {"time_zone"}])
def test_an_export_from_before_a_field_is_read(younger: set[str]) -> None:
    names = [name for name in export_rows.COLUMNS if name not in younger]
    record = ["" for _ in names]
    record[names.index("id")], record[names.index("title")] = TODO_ID, "Old"
    file = f"{','.join(names)}\r\n{','.join(record)}\r\n".encode()
    assert choose_format(Input(io.BytesIO(file)).head).NAME == "todo-ledger"
    (todo,) = todos(file)
    assert (todo["title"], todo["repeat_from"], todo["time_zone"]) == ("Old", None, None)


def test_what_a_spreadsheet_makes_of_the_csv_is_read() -> None:
    header = export_rows.csv_header()
    file = f'{header}{TODO_ID},3,"A ""b"", c",,TRUE,inbox,"[""x"", ""y""]",high,,,1.5,,,,,,,,,,\n\n{header}'
    (todo,) = todos(file.encode())
    assert (todo["title"], todo["completed"], todo["tags"]) == ('A "b", c', True, ["x", "y"])
    assert (todo["notes"], todo["priority"], todo["order"]) == (None, "high", 1.5)


@pytest.mark.parametrize(
    ("line", "pointer", "detail"),
    [
        ('{"id": "7", "title": "A"}', "#/id", "expected a todo's id: a lower-case UUID"),
        (f'{{"id": "{TODO_ID.upper()}", "title": "A"}}', "#/id", "expected a todo's id: a lower-case UUID"),
        (f'{{"id": "{TODO_ID}", "title": "A", "colour": "red"}}', "#/colour", "unknown field"),
        (f'{{"id": "{TODO_ID}", "title": ""}}', "#/title", "the row has no title: 'title' is empty"),
        ("[]", "#", "expected an object"),
        (f'{{"id": "{TODO_ID}", "title": "A", "title": "B"}}', "#", "the member 'title' is given twice"),
        (f'{{"id": "{TODO_ID}", "title": "A", "order": 1e999}}', "#", "1e999 is larger than a double can hold"),
    ],
)
def test_a_bad_line_is_rejected_alone(line: str, pointer: str, detail: str) -> None:
    first = as_json_lines([row(str(uuid.uuid4()))])
    last = as_json_lines([row(str(uuid.uuid4()))])
    file = first + line.encode() + b"\n" + last
    assert errors_of(file) == [(2, pointer, detail)]
    assert len(todo_ids(file)) == 2


@pytest.mark.parametrize(
    ("record", "detail"),
    [
        ("a,b\r\n", "has 2 values where the header has 21 names"),
        ('"a"b,c\r\n', "a quote is in the wrong place or not closed"),
        (f"{TODO_ID},3,A,,,inbox,no tags,{',' * 13}\r\n", "tags: expected JSON"),
        (f'{TODO_ID},3,A,,,inbox,"[{{""a"":1,""a"":2}}]",{"," * 13}\r\n', "tags: the member 'a' is given twice"),
    ],
)
def test_a_bad_record_is_rejected_alone(record: str, detail: str) -> None:
    file = (
        as_csv([row(str(uuid.uuid4()), notes="two\nlines")]) + record.encode() + export_rows.csv_lines([row()]).encode()
    )
    assert errors_of(file) == [(4, "#", detail)]
    assert len(todo_ids(file)) == 2


def test_an_id_counts_once_in_a_file() -> None:
    assert errors_of(as_csv([row(), row()])) == [(3, "#/id", "the id already occurs in line 2")]


def test_a_quote_that_is_never_closed_takes_no_endless_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loaders.formats.todo_ledger.MAX_ROW_BYTES", 1000)
    file = export_rows.csv_header().encode() + b'"never closed\r\n' + b"x\r\n" * 1000 + as_csv([row()])
    assert todo_ids(file)[-1:] == [f"ann#{TODO_ID}"]


def test_bytes_that_are_no_text_are_reported() -> None:
    assert [detail for _, _, detail in errors_of(as_csv([row()]) + b"\xff\r\n")] == [
        "not UTF-8: save the file in that encoding"
    ]
