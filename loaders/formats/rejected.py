"""The loader's own FILE.rejected.jsonl with corrected rows, each in the format of its original file.

An entry says how its row was read: its format, `source`, and under `read` the options and what the head of its file
said, such as the columns of a table. So a corrected row becomes the todo that it would have been, and one that is not
corrected is rejected again for the same reason. A row is corrected as what it is: an object, or the text that it was in
its file. The options of this run go before those that an entry has. Anybody can edit the file, so nothing that it says
is taken unseen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import msgspec

from chalicelib.todos import strict_json
from chalicelib.todos.content import FieldError
from loaders import formats
from loaders.errors import UnreadableFile
from loaders.formats import GENERIC_SYSTEM, Certainty, Format
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.fields import Interpreter
from loaders.rows.json_objects import read_objects, read_text, too_long
from loaders.rows.json_shape import Layout, layout_of
from loaders.rows.json_stream import first_members
from loaders.rows.option_checks import read_options, system_error
from loaders.rows.row import BadRow, Origin, Row, bad_row, not_utf8, text_in
from loaders.rows.table import header_in, read_record

NAME = "rejected"
IS_GENERIC = True

# An entry may be the row of another, if it could not be read itself.
_MAX_NESTING: Final = 10
_MAX_KEY_LENGTH: Final = 1_000


class _Entry(msgspec.Struct):
    format: str
    row: Any
    source: str = GENERIC_SYSTEM
    read: Any = None
    key: str | None = None
    reason: str = ""
    errors: list[FieldError] = []
    contested: tuple[str, str] | None = None
    line: Any = None
    digest: Any = None


class _Unread(msgspec.Struct):
    format: str
    row: msgspec.Raw
    source: str = GENERIC_SYSTEM
    read: Any = None
    key: str | None = None


_NAMES: Final = frozenset(_Entry.__struct_fields__)
_decode_unread = msgspec.json.Decoder(_Unread).decode


class _BadEntry(ValueError):
    """The entry is not one."""


def recognise(head: bytes) -> Certainty:
    names = first_members(head).keys()
    is_entry = {"format", "row"} <= names <= _NAMES and len(names) > 2
    # A long row may be cut off, and what is before it in the entry is not.
    is_cut = {"line", "format", "source", "reason"} <= names <= _NAMES
    return Certainty.CERTAIN if is_entry or is_cut else Certainty.NO


def system_of(head: bytes) -> str:
    system = first_members(head).get("source")
    return system if isinstance(system, str) and system_error(system) is None else GENERIC_SYSTEM


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    if layout_of(file.head) is not Layout.LINES:
        # A program has saved it again, with other white space.
        yield from read_objects(file, partial(row_of, how=how))
        return
    for number, line, is_whole in file.lines():
        if line.isspace():
            continue
        if not is_whole:
            yield too_long(number, line)
            continue
        try:
            text = line.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            yield not_utf8(number, line)
            continue
        yield _read_text(number, text, how)


def row_of(line: int, original: Any, how: ReadOptions, depth: int = 0) -> Row | BadRow:
    """The row of an entry."""
    try:
        if depth > _MAX_NESTING:
            raise _BadEntry("entries are nested too deeply")
        return _read_entry(line, _entry(original), how, depth)
    except _BadEntry as error:
        return bad_row(line, original, f"not a rejected row: {error}")


def _read_text(line: int, text: str, how: ReadOptions, depth: int = 0) -> Row | BadRow:
    try:
        return row_of(line, strict_json.parse(text), how, depth)
    except strict_json.AmbiguousJson as error:
        return _ambiguous(line, text, error)
    except strict_json.JsonError as error:
        return bad_row(line, text, f"not a rejected row: {error}")


def _entry(original: Any) -> _Entry:
    try:
        entry = msgspec.convert(original, _Entry)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _BadEntry(error) from None
    if (wrong := system_error(entry.source)) is not None:
        raise _BadEntry(f"source: {wrong}")
    if len(entry.key or "") > _MAX_KEY_LENGTH:
        raise _BadEntry(f"key: more than {_MAX_KEY_LENGTH} characters")
    return entry


def _read_entry(line: int, entry: _Entry, how: ReadOptions, depth: int) -> Row | BadRow:
    chosen = formats.formats().get(entry.format)
    if chosen is None:
        raise _BadEntry(f"its format {entry.format!r:.80} is not one of {', '.join(sorted(formats.formats()))}")
    if chosen.NAME == NAME:
        nested = entry.row
        return (
            _read_text(line, nested, how, depth + 1)
            if isinstance(nested, str)
            else row_of(line, nested, how, depth + 1)
        )
    try:
        read = read_options(entry.read)
    except ValueError as error:
        raise _BadEntry(error) from None
    origin = Origin(entry.format, entry.source, _with_given(read, how))
    try:
        row = _row(line, entry, chosen, origin.how)
    except (ValueError, UnreadableFile) as error:
        row = bad_row(line, entry.row, str(error))
    except (TypeError, KeyError, IndexError, AttributeError, RecursionError):
        # What a format writes about its rows itself, it reads again without a look.
        row = bad_row(line, entry.row, f"not a row as {entry.format} has it")
    if isinstance(row, Row) and _is_contested(entry, row):
        row = BadRow(line, entry.row, entry.errors, contested=entry.contested)
    is_without_id = isinstance(row, BadRow) or row.own_id is None
    return msgspec.structs.replace(row, key=entry.key if is_without_id else None, origin=origin)


def _with_given(read: ReadOptions, how: ReadOptions) -> ReadOptions:
    """How the row was read before, except for what the user says now."""
    given = {name: value for name, value in how.to_json().items() if name not in ("file_name", "context")}
    return dataclasses.replace(read, **given)


def _row(line: int, entry: _Entry, chosen: Format, how: ReadOptions) -> Row | BadRow:
    """The row in its own format.

    Raises
    ------
    ValueError, UnreadableFile
        It is not corrected yet, or not a row at all.
    """
    value = text if (text := text_in(entry.row)) is not None else entry.row
    read_row: Callable[..., Row | BadRow] | None = getattr(chosen, "row_of", None)
    if read_row is None and getattr(chosen, "IS_GENERIC", False):
        read_row = _interpret
    if read_row is None:
        raise ValueError(f"a row of the format {chosen.NAME} cannot be loaded from here: {entry.reason}")
    if getattr(chosen, "ROWS_ARE_TEXTS", False):
        if not isinstance(value, str):
            raise ValueError(entry.reason if _is_beginning(value) else "expected a text")
        return read_row(line, value, how)
    if isinstance(value, dict):
        if _is_beginning(value):
            raise ValueError(entry.reason)
        return read_row(line, value, how)
    if not isinstance(value, str):
        raise ValueError("expected an object")
    header = header_in(how.context)
    if header is None or value.lstrip().startswith("{"):
        return read_text(line, value, lambda line, value: read_row(line, value, how))
    if hasattr(chosen, "row_of_text"):
        found: Row | BadRow = chosen.row_of_text(line, value, how)
        return found
    cells = read_record(line, value, header, entry.reason)
    return cells if isinstance(cells, BadRow) else read_row(line, cells, how)


def _is_beginning(value: Any) -> bool:
    """Whether there is only the beginning of a row that was too long."""
    return isinstance(value, dict) and value.keys() == {"begins"}


def _is_contested(entry: _Entry, row: Row) -> bool:
    """Whether the row still has the value for which it was refused beside the other rows of its file."""
    if entry.contested is None or not entry.errors:
        return False
    field, value = entry.contested
    return value == (row.own_id if field == "id" else row.parent or row.fields.get("parent"))


def _interpret(line: int, original: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    return Interpreter(how).interpret(line, original)


def _ambiguous(number: int, line: str, error: Exception) -> BadRow:
    """The row as it is written, because its value would no longer show the error."""
    try:
        unread = _decode_unread(line)
        origin = Origin(unread.format, unread.source, read_options(unread.read))
    except (msgspec.DecodeError, RecursionError, ValueError):
        return bad_row(number, line, str(error))
    row = bad_row(number, bytes(unread.row).decode(), str(error))
    return msgspec.structs.replace(row, key=unread.key, origin=origin)
