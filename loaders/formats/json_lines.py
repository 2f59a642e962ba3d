"""JSON Lines: one JSON object a line (jsonlines.org). Blank lines are skipped."""

from __future__ import annotations

from collections.abc import Iterator

from loaders.formats import Certainty, json_array
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.fields import Interpreter
from loaders.rows.json_objects import read_lines
from loaders.rows.json_shape import Layout, shape_of
from loaders.rows.row import BadRow, Row

NAME = "jsonl"
IS_GENERIC = True
ROWS_ARE_IN_ORDER = True


def recognise(head: bytes) -> Certainty:
    """Lines of objects; objects that hold todos, or are alone and none, are left to the format `json`."""
    shape = shape_of(head)
    is_ours = shape.layout is Layout.LINES and not json_array.is_more_than_rows(shape)
    return Certainty.LIKELY if is_ours else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    return read_lines(file, Interpreter(how).interpret)
