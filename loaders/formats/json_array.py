"""JSON: one array of objects, read element by element, so that a file of any size takes little memory.

The standard library's decoder reads one element at a time out of a growing buffer: as fast as ijson's C backend, and it
tells the line that an element begins in and a name that is given twice, which ijson does not.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from loaders.errors import Unreadable
from loaders.fields import Interpreter
from loaders.formats import Certainty
from loaders.rows import BadRow, Row, not_utf8, unreadable
from loaders.source import MAX_ROW_BYTES, Source

NAME = "json"

_CHUNK_BYTES: Final = 256 * 1024
_SPACE: Final = re.compile(r"[ \t\r\n]*")
# An error this near to the buffer's end may only mean that the rest is not there yet ("-Infinity" is the longest).
_TOKEN: Final = 16


def recognise(head: bytes) -> Certainty:
    return Certainty.LIKELY if head.lstrip().startswith(b"[") else Certainty.NO


def read(source: Source) -> Iterator[Row | BadRow]:
    interpreter = Interpreter()
    for line, text, value, complaint in _Elements(source):
        if not text.isascii() and _has_foreign_bytes(text):
            yield not_utf8(line, text.encode("utf-8", "surrogateescape"))
        elif complaint is not None:
            yield unreadable(line, text, complaint)
        elif not isinstance(value, dict):
            yield unreadable(line, value, "expected an object")
        else:
            yield interpreter.row(line, value)


def _has_foreign_bytes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


class _Elements:
    """The elements of an array: line, text, value, and what is wrong with it although it can be read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._decoder = json.JSONDecoder(object_pairs_hook=self._members, parse_constant=self._constant)
        self._complaint: str | None = None
        self._buffer = ""
        self._position = 0
        self._line = 1
        self._is_at_end = False

    def __iter__(self) -> Iterator[tuple[int, str, Any, str | None]]:
        self._expect("[")
        if self._next_is("]"):
            self._position += 1
        else:
            while True:
                yield self._element()
                if not self._next_is(","):
                    break
                self._position += 1
            self._expect("]")
        if self._peek():
            raise Unreadable(f"line {self._line}: more follows after the array's end")

    def _element(self) -> tuple[int, str, Any, str | None]:
        self._peek()
        while True:
            self._complaint = None
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._position)
            except RecursionError:
                raise Unreadable(f"line {self._line}: nested too deeply") from None
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith("Unterminated") or error.pos >= len(self._buffer) - _TOKEN
                if is_cut and self._read_more():
                    continue
                raise self._broken(error) from None
            # A number near the buffer's end may go on: of 1.5e-7, "1.5e" reads as 1.5.
            is_number = isinstance(value, int | float)
            if not is_number or end <= len(self._buffer) - _TOKEN or not self._read_more():
                break
        line, text = self._line, self._buffer[self._position : end]
        self._advance(end)
        return line, text, value, self._complaint

    def _expect(self, character: str) -> None:
        if not self._next_is(character):
            found = self._peek()
            there = "the file ends" if not found else f"stands {found!r}"
            raise Unreadable(f"line {self._line}: not a JSON array: {there} where {character!r} belongs")
        self._position += 1

    def _next_is(self, character: str) -> bool:
        return self._peek() == character

    def _peek(self) -> str:
        """The next character that is no white space, to stand at; empty at the end."""
        while True:
            match = _SPACE.match(self._buffer, self._position)
            assert match is not None
            self._advance(match.end())
            if self._position < len(self._buffer):
                return self._buffer[self._position]
            if not self._read_more():
                return ""

    def _advance(self, position: int) -> None:
        self._line += self._buffer.count("\n", self._position, position)
        self._position = position

    def _read_more(self) -> bool:
        """Add to the buffer what is not yet consumed, as much again: trying anew then costs little in all."""
        pending = len(self._buffer) - self._position
        if pending > MAX_ROW_BYTES:
            raise Unreadable(f"line {self._line}: an element has more than {MAX_ROW_BYTES} characters, or never ends")
        if self._is_at_end:
            return False
        pieces = [self._buffer[self._position :]]
        wanted = max(_CHUNK_BYTES, pending)
        while wanted > 0 and not self._is_at_end:
            chunk = self._source.read(wanted)
            self._is_at_end = not chunk
            wanted -= len(chunk)
            pieces.append(self._text.decode(chunk, final=self._is_at_end))
        self._buffer, self._position = "".join(pieces), 0
        return True

    def _broken(self, error: json.JSONDecodeError) -> Unreadable:
        line = self._line + self._buffer.count("\n", self._position, error.pos)
        return Unreadable(f"line {line}: not JSON: {error.msg} (in the element that begins in line {self._line})")

    def _members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            self._complaint = f"the member {twice!r} is given twice"
        return members

    def _constant(self, word: str) -> None:
        self._complaint = f"{word} is no JSON value"
