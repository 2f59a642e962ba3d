"""This service's own export (`GET /export`), as JSON Lines or CSV: every todo as it was, under its own id.

A todo's id is unique to its owner, so another owner can have the same id, and parents need no translation. Loading an
export where it comes from adds nothing. A todo keeps when it was created and completed; its history, and with it its
version and when it was updated, begins anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from chalicelib.todos import ids, strict_json
from chalicelib.todos.content import FieldError, pointer
from chalicelib.todos.events import CONTENT_FIELDS, SOURCE_TIMES
from chalicelib.todos.export_rows import COLUMNS, JSON_COLUMNS
from loaders.formats import Certainty
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow, Row, bad_row, not_utf8

NAME = "todo-ledger"

_JSON_LINES: Final = re.compile(rb'\s*\{"id":\s*"[0-9a-f-]{36}",\s*"version":\s*[0-9]+,\s*"title":')
# Columns that exports have not always had.
_YOUNGER: Final = frozenset({"repeat_from", "time_zone"})
_CELL: Final = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",]*))(,|\Z)')


def recognise(head: bytes) -> Certainty:
    is_ours = _JSON_LINES.match(head) or _columns_in(head.split(b"\n", 1)[0]) is not None
    return Certainty.CERTAIN if is_ours else Certainty.NO


def _columns_in(line: bytes) -> tuple[str, ...] | None:
    """The columns that the first line of an export names; None if it is not one."""
    names = tuple(line.rstrip().decode("ascii", "replace").split(","))
    return (
        names if names in (COLUMNS, tuple(name for name in COLUMNS if name in names or name not in _YOUNGER)) else None
    )


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    if file.head.lstrip().startswith(b"{"):
        records, parse = _lines(file), _object
    else:
        header = file.head.split(b"\n", 1)[0].rstrip()
        records, parse = _records(file, header), partial(_cells, _columns_in(header) or COLUMNS)
    for number, content in records:
        try:
            text = content.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            yield not_utf8(number, content)
            continue
        try:
            yield row_of(number, parse(text), how)
        except ValueError as error:
            yield bad_row(number, text, str(error))


def _lines(file: Input) -> Iterator[tuple[int, bytes]]:
    for number, line, _ in file.lines():
        if not line.isspace():
            yield number, line


def _records(file: Input, header: bytes) -> Iterator[tuple[int, bytes]]:
    """Each record except the header; a record continues on the next line while a quote is open."""
    pieces: list[bytes] = []
    first = size = 0
    is_open = False
    for number, line, _ in file.lines():
        if not pieces:
            first, size = number, 0
        pieces.append(line)
        size += len(line)
        is_open ^= line.count(b'"') % 2 == 1
        # A longer record has a quote that is never closed: it is given up, and the next line begins a new one.
        if not is_open or size > MAX_ROW_BYTES:
            record = b"".join(pieces)
            if record.rstrip() not in (header, b""):
                yield first, record
            pieces.clear()
            is_open = False
    if pieces:
        yield first, b"".join(pieces)


def _object(text: str) -> dict[str, Any]:
    row = strict_json.parse(text)
    if not isinstance(row, dict):
        raise ValueError("expected an object")
    return row


def _cells(columns: tuple[str, ...], text: str) -> dict[str, Any]:
    cells: list[str | None] = []
    position, separator = 0, ","
    while separator:
        found = _CELL.match(text, position)
        if found is None:
            raise ValueError("a quote is in the wrong place or not closed")
        quoted, bare, separator = found.groups()
        cells.append(quoted.replace('""', '"') if quoted is not None else bare or None)
        position = found.end()
    if len(cells) != len(columns):
        raise ValueError(f"has {len(cells)} values where the header has {len(columns)} names")
    return {name: _value(name, cell) for name, cell in zip(columns, cells, strict=True)}


def _value(name: str, cell: str | None) -> Any:
    if cell is None or name not in JSON_COLUMNS:
        return cell
    try:
        # Spreadsheets write TRUE.
        return strict_json.parse(cell.lower() if name == "completed" else cell)
    except strict_json.NotJson:
        raise ValueError(f"{name}: expected JSON") from None
    except strict_json.JsonError as error:
        raise ValueError(f"{name}: {error}") from None


def row_of(line: int, row: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    errors = [FieldError(pointer(name), "unknown field") for name in row.keys() - set(COLUMNS)]
    todo_id = row.get("id")
    if not isinstance(todo_id, str) or not ids.is_todo_id(todo_id):
        errors.append(FieldError(pointer("id"), "expected a todo's id: a lower-case UUID"))
    if errors:
        return BadRow(line, row, errors)
    fields = {name: row[name] for name in (*CONTENT_FIELDS, *SOURCE_TIMES) if row.get(name) is not None}
    return Row(line, row, fields, own_id=todo_id, keeps_id=True)
