"""This service's own export that a program has saved again: recognised by its names, or refused, never another list."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.todos import export_rows
from chalicelib.todos.events import CONTENT_FIELDS
from loaders.errors import UnreadableFile
from loaders.formats import choose_format
from loaders.planner import Planned
from loaders.reading.input import Input
from tests.loaders.loading import GroupLedger, errors_of, lines, load, plan, rejected_file
from tests.loaders.test_loading_exports import row

FIRST, SECOND = "0190c3a0-0000-7000-8000-000000000000", str(uuid.uuid5(uuid.NAMESPACE_URL, "b"))
# Its version is not one that this service makes.
FOREIGN = "0c7b9a34-5f0e-4c1d-9a53-2f1c6d0b7e11"
ROWS = [
    row(FIRST, title='A; "b",\tc | d', notes="two\nlines", tags=["x", "two words"], metadata={"bed": [1, "north"]}),
    row(SECOND, title="B", completed=True, order=1.5, due="2026-12-01T09:00:00+01:00", parent=FIRST),
]
Table = list[list[str]]


def table() -> Table:
    text = export_rows.csv_header() + export_rows.csv_lines(ROWS)
    return list(csv.reader(io.StringIO(text, newline="")))


def write(rows: Table, **how: Any) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, **{"lineterminator": "\n", **how}).writerows(rows)
    return stream.getvalue().encode()


def columns(rows: Table, names: list[str]) -> Table:
    places = [rows[0].index(name) for name in names]
    return [[record[place] for place in places] for record in rows]


def without(rows: Table, *names: str) -> Table:
    return columns(rows, [name for name in rows[0] if name not in names])


def name_of(content: bytes) -> str:
    return choose_format(Input(io.BytesIO(content)).head).NAME


def states(content: bytes) -> dict[str, dict[str, Any]]:
    planned = plan(content)
    assert all(isinstance(each, Planned) for each in planned), planned
    return {
        each.event.stream_id.partition("#")[2]: {name: {**each.event.state}[name] for name in CONTENT_FIELDS}
        for each in planned
        if isinstance(each, Planned)
    }


WHOLE = {each["id"]: {name: each[name] for name in CONTENT_FIELDS} for each in ROWS}

SAVED: dict[str, Callable[[], bytes]] = {
    "quoted": lambda: write(table(), quoting=csv.QUOTE_ALL),
    "semicolons": lambda: write(table(), delimiter=";"),
    "semicolons, quoted": lambda: write(table(), delimiter=";", quoting=csv.QUOTE_ALL),
    "tabs": lambda: write(table(), delimiter="\t"),
    "bars": lambda: write(table(), delimiter="|"),
    "a mark and CRLF": lambda: b"\xef\xbb\xbf" + write(table(), lineterminator="\r\n"),
    "a line of Excel": lambda: b"sep=;\r\n" + write(table(), delimiter=";", lineterminator="\r\n"),
    "in another order": lambda: write(columns(table(), sorted(table()[0]))),
    "id last": lambda: write(columns(table(), [*table()[0][1:], "id"])),
    "a column less": lambda: write(without(table(), "url")),
    "all that nobody sets less": lambda: write(without(table(), "url", "created_at", "updated_at", "completed_at")),
    "empty columns and rows": lambda: write([*[[*each, "", ""] for each in table()], [""] * 23]),
    "in capitals": lambda: write(table()).replace(b",true,", b",TRUE,").replace(b",false,", b",FALSE,"),
    "in German": lambda: write(
        [[{"true": "WAHR", "false": "FALSCH", "1.5": "1,5"}.get(cell, cell) for cell in each] for each in table()],
        delimiter=";",
    ),
    "an array": lambda: json.dumps(ROWS).encode(),
    "an array on lines": lambda: json.dumps(ROWS, indent=1).encode(),
    "sorted members": lambda: lines(*(dict(sorted(each.items())) for each in ROWS)),
    "objects on lines": lambda: b"\n".join(json.dumps(each, indent=2).encode() for each in ROWS),
    "held by an object": lambda: json.dumps({"todos": ROWS}).encode(),
    "members less": lambda: json.dumps(
        [{name: each[name] for name in each if name not in ("url", "time_zone")} for each in ROWS]
    ).encode(),
}


@pytest.mark.parametrize("saved", SAVED.values(), ids=SAVED)
def test_it_comes_back_as_it_was(saved: Callable[[], bytes]) -> None:
    content = saved()
    assert name_of(content) == "todo-ledger"
    assert states(content) == WHOLE


def test_an_empty_text_is_told_from_nothing_where_the_file_does() -> None:
    rows = [row(FIRST, notes=""), row(SECOND)]
    plain = (export_rows.csv_header() + export_rows.csv_lines(rows)).encode()
    assert [state["notes"] for state in states(plain).values()] == ["", None]


@pytest.mark.parametrize(
    ("content", "explanation"),
    [
        (write(without(table(), "id")), "an export of this service without id, which it needs"),
        (write(without(table(), "title")), "an export of this service without title"),
        (write(columns(table(), ["id", "title", "list", "due"])), "it may be an export of this service"),
        (write(columns(table(), ["title", "completed", "id", "version", "url"]), delimiter=";"), "it may be an export"),
        (json.dumps([{name: each[name] for name in ("id", "title", "completed", "tags")} for each in ROWS]).encode(),
         "it may be an export"),
    ],
)  # fmt: skip
def test_what_lacks_too_much_is_refused(content: bytes, explanation: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        choose_format(Input(io.BytesIO(content)).head)
    assert explanation in str(refused.value)


def test_what_may_be_one_is_one_if_the_user_says_so() -> None:
    content = write(columns(table(), ["id", "title", "list", "due"]))
    planned = [each for each in plan(content, "todo-ledger") if isinstance(each, Planned)]
    assert [each.event.stream_id for each in planned] == [f"ann#{FIRST}", f"ann#{SECOND}"]
    assert len(plan(content, "csv")) == 2


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"id,title\n1,A\n", "csv"),
        (f"id,title\n{FIRST},A\n".encode(), "csv"),
        (f"id,title,due,list\n{FOREIGN},A,,\n".encode(), "csv"),
        (b"id,version,title,completed,created_at,updated_at,url\n1,1,A,no,,,\n", "csv"),
        (f"id,title,completed,created_at,updated_at,completed_at,url\n{FOREIGN},A,no,,,,\n".encode(), "csv"),
        (f"id,title,Status,version,created_at,updated_at,url\n{FIRST},A,no,,,,\n".encode(), "csv"),
        (lines({"id": FOREIGN, "title": "A", "completed": False, "due": None}), "jsonl"),
    ],
)
def test_a_list_that_happens_to_have_some_of_its_names_is_another(content: bytes, name: str) -> None:
    assert name_of(content) == name


@pytest.mark.parametrize("separator", [",", ";"])
def test_columns_that_somebody_has_added_are_refused_by_name(separator: str) -> None:
    rows = [[*each, "my column" if number == 0 else "x"] for number, each in enumerate(table())]
    content = write(rows, delimiter=separator)
    assert name_of(content) == "todo-ledger"
    with pytest.raises(UnreadableFile, match="no columns 'my column': remove them"):
        plan(content)


@pytest.mark.parametrize(
    ("name", "cell", "detail"),
    [
        ("completed", "perhaps", "completed: expected true or false"),
        ("order", "1.000,5", "order: expected JSON"),
        ("tags", "a, b", "tags: expected JSON"),
        ("due", "01.12.2026", "expected an RFC 3339 date"),
    ],
)
def test_a_cell_that_a_spreadsheet_has_changed_beyond_doubt_is_rejected(
    tmp_path: Path, name: str, cell: str, detail: str
) -> None:
    rows = table()
    rows[2][rows[0].index(name)] = cell
    content = write(rows, delimiter=";")
    [(_, _, found)] = errors_of(content)
    assert detail in found
    [entry] = rejected_file(tmp_path, content)
    assert errors_of(lines(entry)) == [(1, *entry["errors"][0].values())]
    mended = json.loads(json.dumps(entry["row"]).replace(json.dumps(cell)[1:-1], {"due": "2026-12-01"}.get(name, "")))
    [planned] = plan(lines({**entry, "row": mended}))
    assert isinstance(planned, Planned)
    assert planned.event.stream_id == f"ann#{SECOND}"


@pytest.mark.parametrize("gone", [["notes", "tags", "metadata"], ["completed", "parent", "order"], ["due", "list"]])
@pytest.mark.parametrize("as_json", [True, False])
def test_a_field_that_the_file_no_longer_has_stays_in_the_todo(gone: list[str], as_json: bool) -> None:
    ledger = GroupLedger()
    load(lines(*ROWS), ledger)
    changed = [{**each, "title": f"{each['title']} again"} for each in ROWS]
    left = [{name: each[name] for name in each if name not in gone} for each in changed]
    text = export_rows.csv_header() + export_rows.csv_lines(changed)
    content = lines(*left) if as_json else write(without(list(csv.reader(io.StringIO(text, newline=""))), *gone))
    summary, rejected = load(content, ledger)
    assert (summary.updated, rejected) == (2, [])
    for before in ROWS:
        state: dict[str, Any] = {**ledger.events[f"ann#{before['id']}"].state}
        assert {name: state[name] for name in gone} == {name: before[name] for name in gone}
        assert state["title"] == f"{before['title']} again"
    summary, _ = load(content, ledger)
    assert (summary.already, summary.updated) == (2, 0)


def test_a_field_that_is_null_is_cleared() -> None:
    ledger = GroupLedger()
    load(lines(*ROWS), ledger)
    load(lines(*({**each, "tags": None, "notes": None} for each in ROWS)), ledger)
    state: dict[str, Any] = {**ledger.events[f"ann#{FIRST}"].state}
    assert (state["tags"], state["notes"]) == (None, None)
