"""The bytes of a file, wherever it lies: its beginning to recognise it by, then lines and chunks of bounded size."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO, Final

from loaders.errors import Unreadable

# Enough to recognise a format by; one read of a pipe.
HEAD_BYTES: Final = 64 * 1024

# A todo's event is at most 64 KB, so a row beyond this is damage. What is shorter is kept whole when it is rejected.
MAX_ROW_BYTES: Final = 16 * 1024 * 1024

_FOREIGN: Final = {
    codecs.BOM_UTF16_LE: "it is UTF-16: save it as UTF-8",
    codecs.BOM_UTF16_BE: "it is UTF-16: save it as UTF-8",
    b"PK\x03\x04": "it is a zip archive or a workbook: unpack it, or save the sheet as CSV",
}


class Source:
    """A binary stream without its byte order mark.

    Attributes
    ----------
    head : bytes
        The first bytes, at most `HEAD_BYTES`; they are read again by what follows.

    Raises
    ------
    Unreadable
        When the stream is empty, or is no text.
    """

    def __init__(self, stream: BinaryIO) -> None:
        head = stream.read(HEAD_BYTES)
        for mark, explanation in _FOREIGN.items():
            if head.startswith(mark):
                raise Unreadable(explanation)
        if b"\0" in head:
            raise Unreadable("it is a binary file, or a text that is not UTF-8")
        self.head = head.removeprefix(codecs.BOM_UTF8)
        if not self.head.strip():
            raise Unreadable("it is empty")
        self._buffered = io.BufferedReader(_Rejoined(self.head, stream), 256 * 1024)

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        return self._buffered.read1(size)

    def lines(self) -> Iterator[tuple[int, bytes, bool]]:
        """Each line with its number, and whether it is whole: beyond `MAX_ROW_BYTES` it is cut."""
        number = 0
        while line := self._buffered.readline(MAX_ROW_BYTES):
            number += 1
            is_whole = len(line) < MAX_ROW_BYTES or line.endswith(b"\n")
            yield number, line, is_whole
            rest = line
            while not is_whole and rest and not rest.endswith(b"\n"):
                rest = self._buffered.readline(MAX_ROW_BYTES)


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were read already, from its beginning again."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._head:
            chunk, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        else:
            # What a pipe has by now, rather than waiting until the buffer is full.
            chunk = self._rest.read1(len(buffer)) if hasattr(self._rest, "read1") else self._rest.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)
