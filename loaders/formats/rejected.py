"""The loader's own FILE.rejected.jsonl, its rows mended: each is read as the file that it was rejected from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from chalicelib.todos import strict_json
from loaders import formats
from loaders.formats import GENERIC_SYSTEM, Certainty
from loaders.reading.source import Source
from loaders.rows.fields import NO_NAMES, Interpreter
from loaders.rows.row import BadRow, Row, not_utf8, unreadable

NAME = "rejected"

_TEXT: Final = rb'"(?:[^"\\]|\\.)*"'
_BEGINNING: Final = re.compile(
    rb'\s*\{\s*"line":\s*\d+,\s*"format":\s*' + _TEXT + rb',\s*"source":\s*(' + _TEXT + rb"),"
)


class _Entry(msgspec.Struct):
    format: str
    row: Any
    key: str | None = None


class _Unread(msgspec.Struct):
    format: str
    row: msgspec.Raw
    key: str | None = None


_decode_unread = msgspec.json.Decoder(_Unread).decode


def recognise(head: bytes) -> Certainty:
    return Certainty.CERTAIN if _BEGINNING.match(head) else Certainty.NO


def system_of(head: bytes) -> str:
    found = _BEGINNING.match(head)
    return str(json.loads(found[1])) if found else GENERIC_SYSTEM


def read(source: Source, names: Mapping[str, str] = NO_NAMES) -> Iterator[Row | BadRow]:
    interpreter = Interpreter(names)
    for number, line, _ in source.lines():
        if line.isspace():
            continue
        try:
            entry = msgspec.convert(strict_json.parse(line.decode()), _Entry)
        except UnicodeDecodeError:
            yield not_utf8(number, line)
            continue
        except (strict_json.NotJson, msgspec.ValidationError) as error:
            yield unreadable(number, line.decode().rstrip(), f"no rejected row: {error}")
            continue
        except strict_json.JsonError as error:
            yield _ambiguous(number, line, error)
            continue
        chosen = formats.formats().get(entry.format)
        read_row = getattr(chosen, "row_of", interpreter.row)
        row = _row(number, entry, read_row, str if getattr(chosen, "ROWS_ARE_TEXTS", False) else dict)
        is_without_id = isinstance(row, BadRow) or row.own_id is None
        yield msgspec.structs.replace(row, key=entry.key if is_without_id else None, format=entry.format)


def _row(line: int, entry: _Entry, read_row: Callable[[int, Any], Row | BadRow], kind: type) -> Row | BadRow:
    value = entry.row
    if isinstance(value, str) and kind is dict:
        # What could not be read stands there as text.
        try:
            value = strict_json.parse(value)
        except strict_json.NotJson:
            pass
        except strict_json.JsonError as error:
            return unreadable(line, value, str(error))
    if not isinstance(value, kind):
        return unreadable(
            line, entry.row, f"to be mended: write the row as {'an object' if kind is dict else 'a text'}"
        )
    return read_row(line, value)


def _ambiguous(number: int, line: bytes, error: Exception) -> BadRow:
    """The row as it is written: read, it would have lost what is wrong with it."""
    try:
        unread = _decode_unread(line)
    except (msgspec.DecodeError, RecursionError):
        return unreadable(number, line.decode().rstrip(), str(error))
    row = unreadable(number, bytes(unread.row).decode(), str(error))
    return msgspec.structs.replace(row, key=unread.key, format=unread.format)
