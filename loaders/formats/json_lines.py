"""JSON Lines: one JSON object a line (jsonlines.org). Blank lines are skipped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from loaders.fields import NO_NAMES, Interpreter
from loaders.formats import Certainty
from loaders.rows import BadRow, Row, not_utf8, unreadable
from loaders.source import MAX_ROW_BYTES, Source

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
            if not isinstance(value, dict):
                yield unreadable(number, value, "expected an object")
            elif (twice := _given_twice(line, value)) is not None:
                yield unreadable(number, line.decode(), f"the member {twice!r} is given twice")
            else:
                yield interpret(number, value)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            yield _broken(number, line, error)


def _broken(number: int, line: bytes, error: Exception) -> BadRow:
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        return not_utf8(number, line.rstrip(b"\r\n"))
    hint = "; JSON Lines wants each object on one line" if text.strip() in ("{", "}", "[", "]") else ""
    return unreadable(number, text, f"not JSON: {error}{hint}")


def _given_twice(line: bytes, value: dict[str, Any]) -> str | None:
    """A name that an object of the line has twice: the decoder would keep one value and lose the other.

    Each name ends like the pattern, and nothing else does so more rarely: with no more ends than names there is no
    doubt. Only else is the line read again, slowly.
    """
    if len(_NAME_ENDS.findall(line)) == len(value):
        return None
    twice: list[str] = []

    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            names = [name for name, _ in pairs]
            twice.append(next(name for name in names if names.count(name) > 1))
        return members

    json.loads(line, object_pairs_hook=check)
    return twice[0] if twice else None
