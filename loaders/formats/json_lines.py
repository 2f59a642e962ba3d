"""JSON Lines: one JSON object a line (jsonlines.org). Blank lines are skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from chalicelib.todos import strict_json
from loaders.formats import Certainty
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.reading.options import ReadOptions
from loaders.rows.fields import Interpreter
from loaders.rows.row import BadRow, Row, bad_row, not_utf8

NAME = "jsonl"
IS_GENERIC = True

NO_OBJECT: Final = "expected an object"


def recognise(head: bytes) -> Certainty:
    return Certainty.LIKELY if head.lstrip().startswith(b"{") else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    return read_objects(file, Interpreter(how).interpret)


def read_objects(file: Input, interpret: Callable[[int, dict[str, Any]], Row | BadRow]) -> Iterator[Row | BadRow]:
    """The rows that `interpret` makes of each line's number and object."""
    for number, line, is_whole in file.lines():
        if not is_whole:
            begins = line[:1000].decode("utf-8", "replace")
            yield bad_row(number, {"begins": begins}, f"a line of more than {MAX_ROW_BYTES} bytes")
            continue
        if line.isspace():
            continue
        try:
            value = strict_json.parse_bytes(line)
        except UnicodeDecodeError:
            yield not_utf8(number, line.rstrip(b"\r\n"))
        except strict_json.JsonError:
            yield read_text(number, line.decode().rstrip("\r\n"), interpret)
        else:
            yield interpret(number, value) if isinstance(value, dict) else bad_row(number, value, NO_OBJECT)


def read_text(number: int, text: str, interpret: Callable[[int, dict[str, Any]], Row | BadRow]) -> Row | BadRow:
    """The row that `interpret` makes of an object which is written as text."""
    try:
        value = strict_json.parse(text)
    except strict_json.JsonError as error:
        hint = "; JSON Lines wants each object on one line" if text.strip() in ("{", "}", "[", "]") else ""
        return bad_row(number, text, f"{error}{hint}")
    return interpret(number, value) if isinstance(value, dict) else bad_row(number, value, NO_OBJECT)
