"""JSON read piece by piece from a buffer, so that memory does not grow with the file.

The standard library's decoder reads one value at a time. It is as fast as ijson's C backend, and finds the line of each
value and duplicate names, which ijson does not.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

from chalicelib.todos.strict_json import TOO_DEEP, AmbiguousJson, StrictDecoder
from loaders.errors import UnreadableFile
from loaders.reading.input import MAX_ROW_BYTES, Input
from loaders.rows.row import BadRow, bad_row, not_utf8

_CHUNK_BYTES: Final = 256 * 1024
# What is kept in memory of a list whose name comes after its tasks.
MAX_HELD: Final = 1024 * 1024
_SPACE: Final = re.compile(r"[ \t\r\n]*")
# An error this close to the buffer's end may only mean that the rest is missing ("-Infinity" is the longest token).
_TOKEN: Final = 16
# A bracket, a whole text, or a quote whose text does not end in the buffer.
_TOKENS: Final = re.compile(r'[\[\]{}]|"[^"\\]*+(?:\\.[^"\\]*+)*+"|"', re.DOTALL)
_DEPTHS: Final = {"[": 1, "{": 1, "]": -1, "}": -1, '"': 0}
_QUOTE_OR_ESCAPE: Final = re.compile(r'["\\]')
_FEW: Final = 3
_MAX_STEPS: Final = 5


class JsonReader:
    """Walks through the outer arrays and objects of a JSON text, and decodes inner values whole.

    Each element of `array` and each member of `object` must be consumed, by one of these methods or by `value` or
    `record`, before the next one is requested.

    Raises
    ------
    UnreadableFile
        The text is not JSON, or does not have the expected structure.
    """

    def __init__(self, file: Input) -> None:
        self._file = file
        self._text = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._decoder = StrictDecoder()
        self._buffer = ""
        self._position = 0
        self._line = 1
        self._consumed = 0
        self._is_at_end = False

    @property
    def consumed(self) -> int:
        """How many characters are behind the reader."""
        return self._consumed

    @property
    def line(self) -> int:
        """The current line, counted from 1."""
        return self._line

    def array(self) -> Iterator[None]:
        """Walk through an array; at each step the reader is at the next element."""
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
        """Walk through an object: yields each member's name, with the reader at its value.

        Duplicate names are not noticed.
        """
        self._expect("{", "not a JSON object")
        if self._next_is("}"):
            self._position += 1
            return
        while True:
            if not self._next_is('"'):
                raise UnreadableFile(f"line {self._line}: not a JSON object: a member has no name")
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
                raise UnreadableFile(f"line {self._line}: {TOO_DEEP}") from None
            except json.JSONDecodeError as broken:
                is_cut = broken.msg.startswith("Unterminated") or broken.pos >= len(self._buffer) - _TOKEN
                if is_cut and self._read_more():
                    continue
                raise self._broken(broken) from None
            # A number near the buffer's end may continue: "1.5e" of 1.5e-7 reads as 1.5.
            is_number = isinstance(value, int | float)
            if not is_number or end <= len(self._buffer) - _TOKEN or not self._read_more():
                break
        line, text = self._line, self._buffer[self._position : end]
        self._advance(end)
        return line, text, value, error

    def record(self) -> tuple[int, dict[str, Any]] | BadRow:
        """The next value as a row: an object and its line, or the bad row that it is."""
        line, text, value, error = self.value()
        if (bad := bad_value(line, text, error)) is not None:
            return bad
        return (line, value) if isinstance(value, dict) else no_object(line, value, text)

    def skip(self) -> None:
        """Pass the next value without decoding it, however large it is; only its brackets and quotes are looked at."""
        if self.peek() not in ('"', "[", "{"):
            self.value()
            return
        depth = 0
        while True:
            for token in _TOKENS.finditer(self._buffer, self._position):
                begins = self._buffer[token.start()]
                if begins == '"' and token.end() - token.start() == 1:
                    # The text goes on beyond the buffer.
                    self._advance(token.end())
                    self._skip_text()
                    if depth == 0:
                        return
                    break
                depth += _DEPTHS[begins]
                if depth <= 0:
                    self._advance(token.end())
                    return
            else:
                self._advance(len(self._buffer))
                self._must_read_more()

    def _skip_text(self) -> None:
        """Pass the rest of a text."""
        while True:
            found = _QUOTE_OR_ESCAPE.search(self._buffer, self._position)
            if found is None:
                self._advance(len(self._buffer))
                self._must_read_more()
                continue
            self._advance(found.end())
            if found.group() == '"':
                return
            if self._position == len(self._buffer):
                self._must_read_more()
            self._advance(self._position + 1)

    def peek(self) -> str:
        """Skip white space; returns the next character, empty at the end."""
        while True:
            match = _SPACE.match(self._buffer, self._position)
            assert match is not None
            self._advance(match.end())
            if self._position < len(self._buffer):
                return self._buffer[self._position]
            if not self._read_more():
                return ""

    def check_held(self, begins: int) -> None:
        """See that what is held in memory since a place (`consumed`) is not too much.

        Raises
        ------
        UnreadableFile
        """
        if self._consumed - begins > MAX_HELD:
            raise UnreadableFile(
                f"line {self._line}: the name of a list comes after more than {MAX_HELD} characters of its tasks;"
                " write it before them"
            )

    def finish(self) -> None:
        """Check that nothing follows."""
        if self.peek():
            raise UnreadableFile(f"line {self._line}: more text follows after the end")

    def _expect(self, character: str, error: str) -> None:
        if not self._next_is(character):
            found = self.peek()
            there = (
                f"expected {character!r}, found {found!r}" if found else f"the file ends where {character!r} belongs"
            )
            raise UnreadableFile(f"line {self._line}: {error}: {there}")
        self._position += 1

    def _next_is(self, character: str) -> bool:
        return self.peek() == character

    def _advance(self, position: int) -> None:
        self._line += self._buffer.count("\n", self._position, position)
        self._consumed += position - self._position
        self._position = position

    def _read_more(self) -> bool:
        """Double the part of the buffer that is not consumed, so that repeated tries cost little in total."""
        pending = len(self._buffer) - self._position
        if pending > MAX_ROW_BYTES:
            raise UnreadableFile(
                f"line {self._line}: an element has more than {MAX_ROW_BYTES} characters, or never ends"
            )
        if self._is_at_end:
            return False
        pieces = [self._buffer[self._position :]]
        wanted = min(max(_CHUNK_BYTES, pending), MAX_ROW_BYTES + _CHUNK_BYTES - pending)
        while wanted > 0 and not self._is_at_end:
            chunk = self._file.read(wanted)
            self._is_at_end = not chunk
            wanted -= len(chunk)
            pieces.append(self._text.decode(chunk, final=self._is_at_end))
        self._buffer, self._position = "".join(pieces), 0
        return True

    def _must_read_more(self) -> None:
        if not self._read_more():
            raise UnreadableFile(f"line {self._line}: not JSON: the file ends where a value goes on")

    def _broken(self, error: json.JSONDecodeError) -> UnreadableFile:
        line = self._line + self._buffer.count("\n", self._position, error.pos)
        return UnreadableFile(f"line {line}: not JSON: {error.msg} (in the element that begins in line {self._line})")


def first_members(head: bytes) -> dict[str, Any]:
    """The members of the first object, or of the first in an array, as far as a file's head has them.

    A value that is cut off is None; a text that is not JSON has no members.
    """
    found: dict[str, Any] = {}
    if head.lstrip()[:1] not in (b"[", b"{"):
        return found
    reader = JsonReader(Input(BytesIO(head)))
    try:
        if reader.peek() == "[":
            next(reader.array(), None)
        for name in reader.object():
            found[name] = None
            found[name] = reader.value()[2]
    except UnreadableFile:
        pass
    return found


# Every format looks at the same file.
@lru_cache(maxsize=2)
def paths_in(head: bytes) -> frozenset[tuple[str, ...]]:
    """Where a file's head has members: by the names above each, with ``[]`` for an array; at most five steps deep.

    Of an array, the first few elements are looked at. A text that is not JSON has no members.
    """
    found: set[tuple[str, ...]] = set()
    if head.lstrip()[:1] in (b"[", b"{"):
        with suppress(UnreadableFile):
            _note_paths(JsonReader(Input(BytesIO(head))), (), found)
    return frozenset(found)


def _note_paths(reader: JsonReader, above: tuple[str, ...], found: set[tuple[str, ...]]) -> None:
    begins = reader.peek()
    if len(above) == _MAX_STEPS or begins not in ("[", "{"):
        reader.skip()
    elif begins == "{":
        for name in reader.object():
            found.add((*above, name))
            _note_paths(reader, (*above, name), found)
    else:
        for position, _ in enumerate(reader.array()):
            if position < _FEW:
                _note_paths(reader, (*above, "[]"), found)
            elif not above:
                # Nothing else can follow.
                return
            else:
                reader.skip()


def no_object(line: int, value: Any, text: str) -> BadRow:
    """The bad row of a value that is not an object. A text is kept as JSON has it, so that it is read again as one."""
    return bad_row(line, text if isinstance(value, str) else value, "expected an object")


def bad_value(line: int, text: str, error: AmbiguousJson | None) -> BadRow | None:
    """The bad row of a value that could be decoded but must not be loaded; None if it may."""
    if not text.isascii() and _has_foreign_bytes(text):
        return not_utf8(line, text.encode("utf-8", "surrogateescape"))
    return bad_row(line, text, str(error)) if error is not None else None


def _has_foreign_bytes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
