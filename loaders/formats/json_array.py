"""JSON: one array of objects, read element by element, so that a file of any size takes little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from loaders.formats import Certainty
from loaders.reading.source import Source
from loaders.rows.fields import NO_NAMES, Interpreter
from loaders.rows.json_stream import JsonReader
from loaders.rows.row import BadRow, Row

NAME = "json"


def recognise(head: bytes) -> Certainty:
    return Certainty.LIKELY if head.lstrip().startswith(b"[") else Certainty.NO


def read(source: Source, names: Mapping[str, str] = NO_NAMES) -> Iterator[Row | BadRow]:
    return interpreted(source, Interpreter(names).row)


def interpreted(source: Source, interpret: Callable[[int, dict[str, Any]], Row | BadRow]) -> Iterator[Row | BadRow]:
    """What `interpret` makes of each object of the array and the line it begins in."""
    reader = JsonReader(source)
    for _ in reader.array():
        record = reader.record()
        yield record if isinstance(record, BadRow) else interpret(*record)
    reader.finish()
