"""A file's bytes: first its head, which shows the format, then lines and chunks of bounded size."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, Final

from loaders.errors import UnreadableFile

# Enough to recognise a format; one read of a pipe.
HEAD_BYTES: Final = 64 * 1024

# A todo's content has at most 30 KB, so a longer row is damaged. A shorter one is kept whole if it is rejected. In
# memory a row takes up to 25 times as much, if its values are as small as can be.
MAX_ROW_BYTES: Final = 2 * 1024 * 1024

PACKED: Final = "it is a zip archive or a workbook: unpack it, or save the sheet as CSV"

_FOREIGN: Final = {
    codecs.BOM_UTF16_LE: "it is UTF-16: save it as UTF-8",
    codecs.BOM_UTF16_BE: "it is UTF-16: save it as UTF-8",
    b"PK\x03\x04": PACKED,
}


class Input:
    """A binary stream without its byte order mark.

    Attributes
    ----------
    head : bytes
        The first bytes, at most `HEAD_BYTES`; reading begins with them.

    Raises
    ------
    UnreadableFile
        The stream is empty or not text.
    """

    def __init__(self, stream: BinaryIO) -> None:
        head = stream.read(HEAD_BYTES)
        for mark, explanation in _FOREIGN.items():
            if head.startswith(mark):
                raise UnreadableFile(explanation)
        if b"\0" in head:
            raise UnreadableFile("it is a binary file, or text that is not UTF-8")
        self.head = head.removeprefix(codecs.BOM_UTF8)
        # As some spreadsheets still end lines ("CSV (Macintosh)").
        has_cr_only = b"\r" in self.head.rstrip() and b"\n" not in self.head
        if has_cr_only:
            self.head = self.head.replace(b"\r", b"\n")
        if not self.head.strip():
            raise UnreadableFile("it is empty")
        self._buffered = io.BufferedReader(_RejoinedStream(self.head, stream, has_cr_only=has_cr_only), 256 * 1024)

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; empty at the end."""
        return self._buffered.read1(size)

    def lines(self) -> Iterator[tuple[int, bytes, bool]]:
        """Each line with its number and whether it is whole; a line is cut off after `MAX_ROW_BYTES`."""
        read = partial(self._buffered.readline, MAX_ROW_BYTES)
        for number, line in enumerate(iter(read, b""), 1):
            if len(line) < MAX_ROW_BYTES or line.endswith(b"\n"):
                yield number, line, True
                continue
            yield number, line, False
            while (rest := read()) and not rest.endswith(b"\n"):
                pass


class _RejoinedStream(io.RawIOBase):
    """A stream from its beginning, although its first bytes were already read."""

    def __init__(self, head: bytes, rest: BinaryIO, *, has_cr_only: bool) -> None:
        self._head = head
        self._rest = rest
        self._has_cr_only = has_cr_only

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._head:
            chunk, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        else:
            # What a pipe has now, without waiting for a full buffer.
            chunk = self._rest.read1(len(buffer)) if hasattr(self._rest, "read1") else self._rest.read(len(buffer))
            if self._has_cr_only:
                chunk = chunk.replace(b"\r", b"\n")
        buffer[: len(chunk)] = chunk
        return len(chunk)
