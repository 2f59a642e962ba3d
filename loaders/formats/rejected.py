"""The loader's own FILE.rejected.jsonl with corrected rows, each in the format of its original file."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import msgspec

from chalicelib.todos import strict_json
from loaders import formats
from loaders.formats import GENERIC_SYSTEM, Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.fields import Interpreter
from loaders.rows.row import BadRow, Origin, Row, bad_row, not_utf8

NAME = "rejected"
IS_GENERIC = True

_TEXT: Final = rb'"(?:[^"\\]|\\.)*"'
_BEGINNING: Final = re.compile(
    rb'\s*\{\s*"line":\s*\d+,\s*"format":\s*' + _TEXT + rb',\s*"source":\s*(' + _TEXT + rb"),"
)


class _Entry(msgspec.Struct):
    format: str
    row: Any
    source: str = GENERIC_SYSTEM
    read: ReadOptions = msgspec.field(default_factory=ReadOptions)
    key: str | None = None


class _Unread(msgspec.Struct):
    format: str
    row: msgspec.Raw
    source: str = GENERIC_SYSTEM
    read: ReadOptions = msgspec.field(default_factory=ReadOptions)
    key: str | None = None


_decode_unread = msgspec.json.Decoder(_Unread).decode


def recognise(head: bytes) -> Certainty:
    return Certainty.CERTAIN if _BEGINNING.match(head) else Certainty.NO


def system_of(head: bytes) -> str:
    found = _BEGINNING.match(head)
    return str(json.loads(found[1])) if found else GENERIC_SYSTEM


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    for number, line, _ in file.lines():
        if line.isspace():
            continue
        try:
            entry = msgspec.convert(strict_json.parse(line.decode()), _Entry)
        except UnicodeDecodeError:
            yield not_utf8(number, line)
            continue
        except (strict_json.NotJson, msgspec.ValidationError) as error:
            yield bad_row(number, line.decode().rstrip(), f"not a rejected row: {error}")
            continue
        except strict_json.JsonError as error:
            yield _ambiguous(number, line, error)
            continue
        chosen = formats.formats().get(entry.format)
        origin = Origin(entry.format, entry.source, _with_given(entry.read, how))
        read_row = partial(getattr(chosen, "row_of", None) or _interpret, how=origin.how)
        row = _row(number, entry, read_row, str if getattr(chosen, "ROWS_ARE_TEXTS", False) else dict)
        is_without_id = isinstance(row, BadRow) or row.own_id is None
        yield msgspec.structs.replace(row, key=entry.key if is_without_id else None, origin=origin)


def _interpret(line: int, original: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    return Interpreter(how).interpret(line, original)


def _with_given(read: ReadOptions, how: ReadOptions) -> ReadOptions:
    """How the row was read before, except for what the user says now."""
    return dataclasses.replace(read, **{name: value for name, value in how.to_json().items() if name != "file_name"})


def _row(line: int, entry: _Entry, read_row: Callable[[int, Any], Row | BadRow], kind: type) -> Row | BadRow:
    value = entry.row
    if isinstance(value, str) and kind is dict:
        # A row that could not be read is written as text.
        try:
            value = strict_json.parse(value)
        except strict_json.NotJson:
            pass
        except strict_json.JsonError as error:
            return bad_row(line, value, str(error))
    if not isinstance(value, kind):
        expected = "an object" if kind is dict else "a text"
        return bad_row(line, entry.row, f"not corrected yet: write the row as {expected}")
    return read_row(line, value)


def _ambiguous(number: int, line: bytes, error: Exception) -> BadRow:
    """The row as it is written, because its value would no longer show the error."""
    try:
        unread = _decode_unread(line)
    except (msgspec.DecodeError, RecursionError):
        return bad_row(number, line.decode().rstrip(), str(error))
    row = bad_row(number, bytes(unread.row).decode(), str(error))
    return msgspec.structs.replace(row, key=unread.key, origin=Origin(unread.format, unread.source, unread.read))
