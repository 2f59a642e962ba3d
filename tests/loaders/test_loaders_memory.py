"""Memory hardly grows with the file, and no single record of a file takes much of it."""

import gzip
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.todos import instants, takeout_rows
from chalicelib.todos.events import Event
from loaders.reading.archive import MAX_FILES
from tests.loaders.loading import FILES, rows
from tests.loaders.measured import Loader
from tests.loaders.samples import SAMPLES, TABLES, Sample
from tests.support.events import following

pytestmark = pytest.mark.slow

# What a load takes at most, whatever is in its file; 50 of it are Python and its modules.
MAX_MEGABYTES = 130


@pytest.fixture(scope="module")
def loader() -> Iterator[Loader]:
    with Loader() as loader:
        yield loader


def _calendar(count: int) -> bytes:
    todos = b"".join(b"BEGIN:VTODO\r\nUID:%d\r\nSUMMARY:Todo %d\r\nEND:VTODO\r\n" % (n, n) for n in range(count))
    return b"BEGIN:VCALENDAR\r\n" + todos + b"END:VCALENDAR\r\n"


def _takeout(count: int) -> bytes:
    tasks = b",".join(b'{"id": "%d", "title": "Todo %d"}' % (n, n) for n in range(count))
    return b'{"kind": "tasks#taskLists", "items": [{"title": "L", "items": [' + tasks + b"]}]}"


def _page(count: int) -> bytes:
    tasks = b",".join(b'{"id": "%d", "title": "Todo %d"}' % (n, n) for n in range(count))
    return b'{"value": [' + tasks + b"]}"


def _outline(count: int) -> bytes:
    return b"TYPE,CONTENT,INDENT\n" + b"".join(b"task,Todo %d,%d\n" % (n, 1 + n % 4) for n in range(count))


def _board(count: int) -> bytes:
    cards = b",".join(b'{"id": "%d", "name": "Todo %d", "idList": "l"}' % (n, n) for n in range(count // 2))
    items = b",".join(
        b'{"id": "k%d", "idCard": "%d", "checkItems": [{"id": "i%d", "name": "x"}]}' % (n, n, n)
        for n in range(count // 2)
    )
    return b'{"id": "b", "name": "B", "lists": [], "cards": [' + cards + b'], "checklists": [' + items + b"]}"


def _history(count: int) -> bytes:
    """A takeout of one todo with so many events."""
    todo_id, first = "0197e1f0-0000-7000-8000-000000000001", instants.milliseconds_of("2026-01-01T00:00:00.000Z")
    rows = [takeout_rows.header("ann", instants.format_milliseconds(first))]
    event: Event | None = None
    for number in range(count):
        kind, at = ("TodoEdited" if number else "TodoCreated"), instants.format_milliseconds(first + number)
        event_id = f"00000000-0000-4000-8000-{number:012}"
        event = following(event, f"ann#{todo_id}", kind, {"title": f"Title {number}"}, at=at, event_id=event_id)
        rows.append(takeout_rows.line_of(todo_id, event, is_last=number == count - 1))
    rows.append(takeout_rows.footer(1, count))
    return "".join(rows).encode()


@pytest.mark.parametrize("made", [rows, _calendar, _takeout, _page, _outline, _board, _history])
def test_many_more_rows_take_hardly_more_memory(loader: Loader, tmp_path: Path, made: Callable[[int], bytes]) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    # Enough to fill the caches, whose size is bounded.
    small.write_bytes(made(6_000))
    large.write_bytes(made(30_000))
    assert loader.peak_megabytes(large) - loader.peak_megabytes(small) < 7


def _arrays(value: Any) -> Iterator[list[dict[str, Any]]]:
    """The arrays of objects in a JSON value."""
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        yield value
    if isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _arrays(each)


def _repeated(content: bytes, count: int) -> bytes:
    """A JSON file whose longest array has so many elements, with ids of their own."""
    value = json.loads(content)
    longest = max(_arrays(value), key=lambda array: len(json.dumps(array)))
    elements = [json.dumps(element) for element in longest]
    longest[:] = [json.loads(elements[number % len(elements)]) for number in range(count)]
    for number, element in enumerate(longest):
        element.update({name: f"{element[name]}-{number}" for name in ("id", "_id", "uuid") if name in element})
    return json.dumps(value).encode()


@pytest.mark.parametrize("file", sorted(FILES.glob("*.json")), ids=lambda file: str(file.stem))
def test_ten_times_the_todos_of_an_app_take_hardly_more_memory(loader: Loader, tmp_path: Path, file: Path) -> None:
    peaks = []
    for count in (2_000, 20_000):
        large = tmp_path / str(count)
        large.write_bytes(_repeated(file.read_bytes(), count))
        peaks.append(loader.peak_megabytes(large, (0, 1, 2)))
    assert peaks[1] - peaks[0] < 10


@pytest.mark.parametrize("sample", TABLES + [each for each in SAMPLES if each.name == "todo.txt"], ids=lambda s: s.name)
def test_ten_times_the_lines_take_hardly_more_memory(loader: Loader, tmp_path: Path, sample: Sample) -> None:
    peaks = []
    for count in (2_000, 20_000):
        large = tmp_path / str(count)
        named = [{"id": str(number)} if sample.has_ids else {"due": "2026-12-01"} for number in range(count)]
        large.write_bytes(sample.file(*(sample.row(f"T {number}", **names) for number, names in enumerate(named))))
        peaks.append(loader.peak_megabytes(large, (0, 1, 2)))
    assert peaks[1] - peaks[0] < 10


MANY = 7_000_000
VTODO = b"BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\n"
# The beginning of a file, what is repeated in it, and how it ends: each is a record that never ends, packed small.
BOMBS: dict[str, tuple[bytes, bytes, bytes]] = {
    "a line of cells": (b"title,notes\n", b"ab,", b"\n"),
    "cells on many lines": (b"title,notes\n", b'"a\n",', b"\n"),
    "a quote that is not closed": (b'title,notes\n"', b"\n", b""),
    "a header of cells": (b"title,", b"ab,", b"\n"),
    "notes of a task": (b"TYPE,CONTENT,INDENT\ntask,a,1\n", b"note,b,\n", b""),
    "our own export": (b'"id","version"\n', b'"a\n', b""),
    "folds of a byte": (VTODO + b"SUMMARY:a", b"\r\n b", b"\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"),
    "properties of two bytes": (VTODO, b"AB\r\n", b"END:VTODO\r\nEND:VCALENDAR\r\n"),
    "one property": (VTODO, b"X:1\r\n", b"END:VTODO\r\nEND:VCALENDAR\r\n"),
    "components in each other": (b"BEGIN:VCALENDAR\r\n", b"BEGIN:X\r\n", b""),
    "time zones": (
        b"BEGIN:VCALENDAR\r\n",
        b"BEGIN:VTIMEZONE\r\nTZID:a\r\nBEGIN:STANDARD\r\nDTSTART:20000101T000000\r\nTZOFFSETFROM:+0100\r\n"
        b"TZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n",
        b"END:VCALENDAR\r\n",
    ),
    "large time zones": (
        b"BEGIN:VCALENDAR\r\n",
        b"BEGIN:VTIMEZONE\r\nTZID:a\r\n" + b"X:1\r\n" * 4_000 + b"END:VTIMEZONE\r\n",
        b"END:VCALENDAR\r\n",
    ),
    "calendars in each other": (b"", b"BEGIN:VCALENDAR\r\n", b"END:VCALENDAR\r\n"),
    "names of a calendar": (b"BEGIN:VCALENDAR\r\n", b"NAME:a\r\nDAYLIGHT:TRUE\r\n", b"END:VCALENDAR\r\n"),
    "alarms": (VTODO, b"BEGIN:VALARM\r\nEND:VALARM\r\n", b"END:VTODO\r\nEND:VCALENDAR\r\n"),
    "exceptions": (
        VTODO + b"RRULE:FREQ=DAILY\r\nDUE:20310101\r\n",
        b"EXDATE:20310101\r\n",
        b"END:VTODO\r\nEND:VCALENDAR\r\n",
    ),
    "an array in a line": (b'{"title": "x", "metadata": [', b"[],", b"[]]}\n"),
    "members of a line": (b'{"title": "x"}\n{"title": "x", "a": [', b'{"":0},', b"0]}\n"),
    "an element of an array": (b'[{"title": "x", "metadata": [', b"[],", b"[]]}]"),
    "tasks before their list's name": (
        b'{"kind": "tasks#taskLists", "items": [{"items": [',
        b'{"id":1},',
        b'{}], "title": "L"}]}',
    ),
    "members of a page": (b'{"displayName": "L", "tasks": [], ', b'"a":[],', b'"b": 1}'),
    "members of an object": (b'{"todos": [{"title": "x"}], ', b'"a":[],', b'"b": 1}'),
    "members of an object before its todos": (b'{"name": "L", ', b'"a":[],', b'"todos": [{"title": "x"}]}'),
    "todos before their list's name": (
        b'{"todos": [',
        b'{"title":"' + b"x" * 400 + b'"},',
        b'{"title": "y"}], "name": "L"}',
    ),
    "an element of an object's array": (b'{"todos": [{"title": "x"}, {"title": "x", "m": [', b"[],", b"[]]}]}"),
    "a name of a member": (b'[{"title": "x"}, {"title": "x", "', b"ab", b'": 1}]'),
    "a text": (b'{"todos": [{"title": "x"}], "next": "', b"ab", b'"}'),
    "a number": (b'[{"title": "x"}, {"title": "x", "order": ', b"12", b"}]"),
    "an array in an array": (b'[{"title": "x"}, ', b"[", b"]"),
    "an object in an object": (b'{"title": "x", "a": ', b'{"a":', b"1}"),
    "a rejected row": (
        b'{"line": 1, "format": "json", "source": "file", "row": {"title": "x"}}\n'
        b'{"line": 1, "format": "json", "source": "file", "row": {"title": "x", "m": [',
        b"[],",
        b"[]]}}\n",
    ),
    "columns of a rejected row": (
        b'{"line": 1, "format": "csv", "source": "file", "row": {"title": "x"}}\n'
        b'{"line": 1, "format": "csv", "source": "file", "row": "x", "read": {"context": {"columns": ["title"',
        b',"a"',
        b'], "separator": ","}}}\n',
    ),
    "cells of our own export": (b"id,version,title,created_at,updated_at,url\n", b'"a",', b"\n"),
    "columns of our own export": (b"id,version,title,created_at,updated_at,url", b",a", b"\n"),
    "labels of a card": (b'{"id": "b", "name": "B", "lists": [], "cards": [{"id": "c", "labels": [', b"{},", b"{}]}]}"),
    "comments of a card": (
        b'{"id": "b", "name": "B", "cards": [{"id": "c", "idList": "l", "name": "x"}], "lists": [], "actions": [',
        b'{"type":"commentCard","date":"2026","data":{"text":"a","card":{"id":"c"}}},',
        b"{}]}",
    ),
    "a file in a board": (
        b'{"_format": "wekan-board-1.0.0", "attachments": [{"file": "',
        b"QUJD",
        b'"}], "cards": []}',
    ),
    "items of a project": (b'[{"type": "project", "attributes": {"title": "x", "items": [', b"{},", b"{}]}}]"),
    "places in a project": (
        b'{"data": {"task": {"ids": [], "entities": {}}, "project": {"entities": {"p": {"taskIds": [',
        b'"a",',
        b'"b"]}}}}}',
    ),
    "a line of a takeout": (b'{"takeout": "todo-ledger", "format": 1}\n{"todo": [', b"[],", b"[]]}\n"),
    "lines of a takeout": (b'{"takeout": "todo-ledger", "format": 1}\n', b'{"todo":0}\n', b""),
    "a line of todo.txt": (b"x 2026-12-01 a @b\n", b"@c ", b"\n"),
}


def _bomb(file: Path, begin: bytes, repeated: bytes, end: bytes) -> None:
    with gzip.open(file, "wb", compresslevel=1) as packed:
        packed.write(begin)
        block = repeated * (1_000_000 // len(repeated))
        for _ in range(MANY // len(block)):
            packed.write(block)
        packed.write(end)


@pytest.mark.parametrize("parts", BOMBS.values(), ids=BOMBS)
def test_no_record_takes_much_memory(loader: Loader, tmp_path: Path, parts: tuple[bytes, bytes, bytes]) -> None:
    file = tmp_path / "bomb.gz"
    _bomb(file, *parts)
    assert loader.peak_megabytes(file, (0, 1, 2, 3)) < MAX_MEGABYTES


def test_a_zip_takes_no_more_memory_for_its_files_however_many_they_are(loader: Loader, tmp_path: Path) -> None:
    file = tmp_path / "many.zip"
    with zipfile.ZipFile(file, "w") as packed:
        for number in range(MAX_FILES - 1):
            packed.writestr(f"{number}.jpg", b"")
        packed.writestr("todo.txt", b"x 2026-12-01 Milk\n")
    assert loader.peak_megabytes(file) < MAX_MEGABYTES


def test_a_record_in_a_zip_takes_no_more_memory_than_in_a_file(loader: Loader, tmp_path: Path) -> None:
    file = tmp_path / "bomb.zip"
    begin, repeated, end = BOMBS["a line of cells"]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("todos.csv", begin + repeated * (MANY // len(repeated)) + end)
    assert loader.peak_megabytes(file, (1, 2)) < MAX_MEGABYTES
