"""JSON Lines: one JSON object a line (jsonlines.org). Blank lines are skipped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from loaders.formats import Certainty
from loaders.reading.source import MAX_ROW_BYTES, Source
from loaders.reading.strict_json import TOO_DEEP, NotJson, parsed
from loaders.rows.fields import NO_NAMES, Interpreter
from loaders.rows.row import BadRow, Row, not_utf8, unreadable

NAME = "jsonl"

_decode = msgspec.json.Decoder().decode
_NAME_ENDS = re.compile(rb'"\s*:')


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
            value = _decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            try:
                value = _slowly(line, error)
            except UnicodeDecodeError:
                yield not_utf8(number, line.rstrip(b"\r\n"))
                continue
            except ValueError as reason:
                yield unreadable(number, line.decode().rstrip("\r\n"), str(reason))
                continue
        if not isinstance(value, dict):
            yield unreadable(number, value, "expected an object")
        elif (flaw := _flaw(line, value)) is not None:
            yield unreadable(number, line.decode(), flaw)
        else:
            yield interpret(number, value)


def _slowly(line: bytes, error: Exception) -> Any:
    """A value that the fast decoder does not read, such as one with a lone surrogate, of which the planner tells.

    Raises
    ------
    ValueError
        Says what is wrong with the line.
    """
    text = line.decode()
    if isinstance(error, RecursionError):
        raise ValueError(TOO_DEEP)
    hint = "; JSON Lines wants each object on one line" if text.strip() in ("{", "}", "[", "]") else ""
    try:
        return parsed(text)
    except NotJson:
        raise ValueError(f"not JSON: {error}{hint}") from None


def _flaw(line: bytes, value: dict[str, Any]) -> str | None:
    """What is wrong with an object that was read: the decoder keeps one of two values of a name, and loses the other.

    Each name ends like the pattern, and nothing else does so more rarely: with no more ends than names there is no
    doubt. Only else is the line read again, slowly.
    """
    if len(_NAME_ENDS.findall(line)) == len(value):
        return None
    try:
        parsed(line.decode())
    except ValueError as error:
        return str(error)
    return None
