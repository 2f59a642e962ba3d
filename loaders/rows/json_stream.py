"""JSON read piece by piece out of a growing buffer, so that a file of any size takes little memory.

The standard library's decoder reads one value at a time: as fast as ijson's C backend, and it tells the line that a
value begins in and a name that is given twice, which ijson does not.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

from chalicelib.todos.strict_json import TOO_DEEP, AmbiguousJson, StrictDecoder
from loaders.errors import Unreadable
from loaders.reading.source import MAX_ROW_BYTES, Source
from loaders.rows.row import BadRow, not_utf8, unreadable

_CHUNK_BYTES: Final = 256 * 1024
_SPACE: Final = re.compile(r"[ \t\r\n]*")
# An error this near to the buffer's end may only mean that the rest is not there yet ("-Infinity" is the longest).
_TOKEN: Final = 16


class JsonReader:
    """A JSON text whose outer arrays and objects are walked through, and whose inner values are decoded whole.

    Every element of `array` and every member of `object` must be consumed, by one of these or by `value` or `record`,
    before the next is asked for.

    Raises
    ------
    Unreadable
        Where the text is not JSON, or not of the structure that was asked for.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._decoder = StrictDecoder()
        self._buffer = ""
        self._position = 0
        self._line = 1
        self._is_at_end = False

    @property
    def line(self) -> int:
        """Where the reader stands."""
        return self._line

    def array(self) -> Iterator[None]:
        """Walk through an array: each time the reader stands at the next element."""
        self._expect("[", "not a JSON array")
        if self._next_is("]"):
            self._position += 1
            return
        while True:
            yield
            if not self._next_is(","):
                break
            self._position += 1
        self._expect("]", "not a JSON array")

    def object(self) -> Iterator[str]:
        """Walk through an object: each time the name of the next member, with the reader at its value.

        A name that is given twice is not noticed.
        """
        self._expect("{", "not a JSON object")
        if self._next_is("}"):
            self._position += 1
            return
        while True:
            if not self._next_is('"'):
                raise Unreadable(f"line {self._line}: not a JSON object: a member has no name")
            name: str = self.value()[2]
            self._expect(":", "not a JSON object")
            yield name
            if not self._next_is(","):
                break
            self._position += 1
        self._expect("}", "not a JSON object")

    def value(self) -> tuple[int, str, Any, AmbiguousJson | None]:
        """The next value whole: its line, its text, the value, and its error if it is read only ambiguously."""
        self.peek()
        while True:
            try:
                value, end, error = self._decoder.decode(self._buffer, self._position)
            except RecursionError:
                raise Unreadable(f"line {self._line}: {TOO_DEEP}") from None
            except json.JSONDecodeError as broken:
                is_cut = broken.msg.startswith("Unterminated") or broken.pos >= len(self._buffer) - _TOKEN
                if is_cut and self._read_more():
                    continue
                raise self._broken(broken) from None
            # A number near the buffer's end may go on: of 1.5e-7, "1.5e" reads as 1.5.
            is_number = isinstance(value, int | float)
            if not is_number or end <= len(self._buffer) - _TOKEN or not self._read_more():
                break
        line, text = self._line, self._buffer[self._position : end]
        self._advance(end)
        return line, text, value, error

    def record(self) -> tuple[int, dict[str, Any]] | BadRow:
        """The next value as a row: an object and the line it begins in, or what is wrong with it."""
        line, text, value, error = self.value()
        if (bad := refused(line, text, error)) is not None:
            return bad
        if not isinstance(value, dict):
            return unreadable(line, value, "expected an object")
        return line, value

    def peek(self) -> str:
        """The next character that is no white space, to stand at; empty at the end."""
        while True:
            match = _SPACE.match(self._buffer, self._position)
            assert match is not None
            self._advance(match.end())
            if self._position < len(self._buffer):
                return self._buffer[self._position]
            if not self._read_more():
                return ""

    def finish(self) -> None:
        """See to it that nothing follows."""
        if self.peek():
            raise Unreadable(f"line {self._line}: more follows after the end")

    def _expect(self, character: str, complaint: str) -> None:
        if not self._next_is(character):
            found = self.peek()
            there = "the file ends" if not found else f"stands {found!r}"
            raise Unreadable(f"line {self._line}: {complaint}: {there} where {character!r} belongs")
        self._position += 1

    def _next_is(self, character: str) -> bool:
        return self.peek() == character

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


def beginning(head: bytes) -> dict[str, Any]:
    """The members of the first object, or of the first in an array, as far as a file's beginning shows them.

    The value that the beginning breaks off in is None; a text that is no JSON has no members.
    """
    found: dict[str, Any] = {}
    if head.lstrip()[:1] not in (b"[", b"{"):
        return found
    reader = JsonReader(Source(BytesIO(head)))
    try:
        if reader.peek() == "[":
            next(reader.array(), None)
        for name in reader.object():
            found[name] = None
            found[name] = reader.value()[2]
    except Unreadable:
        pass
    return found


def refused(line: int, text: str, error: AmbiguousJson | None) -> BadRow | None:
    """What keeps a value that could be read from being a row."""
    if not text.isascii() and _has_foreign_bytes(text):
        return not_utf8(line, text.encode("utf-8", "surrogateescape"))
    return unreadable(line, text, str(error)) if error is not None else None


def _has_foreign_bytes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
