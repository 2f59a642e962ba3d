"""JSON: one array of objects, read element by element, so that memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.fields import Interpreter
from loaders.rows.json_stream import JsonReader
from loaders.rows.row import BadRow, Row

NAME = "json"
IS_GENERIC = True


def recognise(head: bytes) -> Certainty:
    return Certainty.LIKELY if head.lstrip().startswith(b"[") else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    return read_objects(file, Interpreter(how).interpret)


def read_objects(file: Input, interpret: Callable[[int, dict[str, Any]], Row | BadRow]) -> Iterator[Row | BadRow]:
    """The rows that `interpret` makes of each object and the line that it begins in."""
    reader = JsonReader(file)
    for _ in reader.array():
        record = reader.record()
        yield record if isinstance(record, BadRow) else interpret(*record)
    reader.finish()
