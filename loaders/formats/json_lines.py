"""JSON Lines: one JSON object a line (jsonlines.org). Blank lines are skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chalicelib.todos import strict_json
from loaders.formats import Certainty
from loaders.reading.source import MAX_ROW_BYTES, Source
from loaders.rows.fields import NO_NAMES, Interpreter
from loaders.rows.row import BadRow, Row, not_utf8, unreadable

NAME = "jsonl"


def recognise(head: bytes) -> Certainty:
    return Certainty.LIKELY if head.lstrip().startswith(b"{") else Certainty.NO


def read(source: Source, names: Mapping[str, str] = NO_NAMES) -> Iterator[Row | BadRow]:
    return interpreted(source, Interpreter(names).row)


def interpreted(source: Source, interpret: Callable[[int, dict[str, Any]], Row | BadRow]) -> Iterator[Row | BadRow]:
    """What `interpret` makes of each line's object and the line's number."""
    for number, line, is_whole in source.lines():
        if not is_whole:
            beginning = line[:1000].decode("utf-8", "replace")
            yield unreadable(number, {"begins": beginning}, f"a line of more than {MAX_ROW_BYTES} bytes")
            continue
        if line.isspace():
            continue
        try:
            value = strict_json.parse_bytes(line)
        except UnicodeDecodeError:
            yield not_utf8(number, line.rstrip(b"\r\n"))
            continue
        except strict_json.JsonError as error:
            text = line.decode().rstrip("\r\n")
            hint = "; JSON Lines wants each object on one line" if text.strip() in ("{", "}", "[", "]") else ""
            yield unreadable(number, text, f"{error}{hint}")
        else:
            yield (
                interpret(number, value) if isinstance(value, dict) else unreadable(number, value, "expected an object")
            )
