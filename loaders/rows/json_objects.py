"""Files of JSON objects: an array, one object a line, or one after the other on several lines each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chalicelib.todos import strict_json
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.rows.json_shape import Layout, layout_of
from loaders.rows.json_stream import JsonReader, no_object
from loaders.rows.row import BadRow, Row, bad_row, not_utf8
from loaders.rows.seen import Seen

Interpret = Callable[[int, dict[str, Any]], Row | BadRow]
InOrder = Callable[[int, dict[str, Any], dict[str, Any], Seen], Iterator[Row | BadRow]]


def read_objects(file: Input, interpret: Interpret) -> Iterator[Row | BadRow]:
    """The rows that `interpret` makes of each object and the line that it begins in."""
    layout = layout_of(file.head)
    if layout is Layout.LINES:
        return read_lines(file, interpret)
    return read_array(file, interpret) if layout is Layout.ARRAY else read_sequence(file, interpret)


def read_array(file: Input, interpret: Interpret) -> Iterator[Row | BadRow]:
    """As `read_objects`, of the elements of an array."""
    reader = JsonReader(file)
    for _ in reader.array():
        record = reader.record()
        yield record if isinstance(record, BadRow) else interpret(*record)
    reader.finish()


def read_in_order(file: Input, is_array: Callable[[str], bool], read: InOrder) -> Iterator[Row | BadRow]:
    """The rows that `read` makes of each object in an array, which is the file or one of its members.

    Parameters
    ----------
    is_array : callable
        Whether the member of this name is such an array; the other members are left out.
    read : callable
        Gets an object's line, the object, its place as ``{"order": number}``, and the file's ids so far.
    """
    reader = JsonReader(file)
    with Seen() as seen:
        if reader.peek() == "[":
            yield from _read_array(reader, read, seen)
        else:
            for name in reader.object():
                if is_array(name) and reader.peek() == "[":
                    yield from _read_array(reader, read, seen)
                else:
                    reader.skip()
    reader.finish()


def _read_array(reader: JsonReader, read: InOrder, seen: Seen) -> Iterator[Row | BadRow]:
    for order, _ in enumerate(reader.array(), 1):
        found = reader.record()
        if isinstance(found, BadRow):
            yield found
        else:
            yield from read(*found, {"order": order}, seen)


def read_sequence(file: Input, interpret: Interpret) -> Iterator[Row | BadRow]:
    """As `read_objects`, of objects that are written one after the other."""
    reader = JsonReader(file)
    while reader.peek():
        record = reader.record()
        yield record if isinstance(record, BadRow) else interpret(*record)


def read_lines(file: Input, interpret: Interpret) -> Iterator[Row | BadRow]:
    """As `read_objects`, of one object a line. Blank lines are skipped."""
    for number, line, is_whole in file.lines():
        if not is_whole:
            yield too_long(number, line)
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
            if isinstance(value, dict):
                yield interpret(number, value)
            else:
                yield no_object(number, value, line.decode().rstrip("\r\n"))


def too_long(number: int, line: bytes) -> BadRow:
    """A line of which only the beginning is read."""
    begins = line[:1000].decode("utf-8", "replace")
    return bad_row(number, {"begins": begins}, f"a line of more than {MAX_ROW_BYTES} bytes")


def read_text(number: int, text: str, interpret: Interpret) -> Row | BadRow:
    """The row that `interpret` makes of an object which is written as text."""
    try:
        value = strict_json.parse(text)
    except strict_json.JsonError as error:
        hint = "; JSON Lines wants each object on one line" if text.strip() in ("{", "}", "[", "]") else ""
        return bad_row(number, text, f"{error}{hint}")
    return interpret(number, value) if isinstance(value, dict) else no_object(number, value, text)
