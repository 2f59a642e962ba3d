"""To-dos that wait for the end of their calendar, which says in which zones and under which name they are."""

from __future__ import annotations

import gzip
import struct
import tempfile
from collections.abc import Iterator
from typing import IO, Final, cast

# Small calendars stay in memory.
MAX_BYTES_IN_MEMORY: Final = 1024 * 1024

_HEADER: Final = struct.Struct("<QI")


class HeldTodos:
    """Texts with their lines, in the order in which they came.

    From `MAX_BYTES_IN_MEMORY` on they are in a temporary file, compressed: so it takes hardly more of the disk than the
    calendar's own file, also where that is compressed.
    """

    def __init__(self) -> None:
        self._recent: list[tuple[int, bytes]] = []
        self._size = 0
        self._file: IO[bytes] | None = None
        self._packed: gzip.GzipFile | None = None

    def add(self, line: int, content: bytes) -> None:
        """Hold one more."""
        self._recent.append((line, content))
        self._size += len(content)
        if self._size > MAX_BYTES_IN_MEMORY:
            self._store()

    def take(self) -> Iterator[tuple[int, bytes]]:
        """All of them; nothing is held then."""
        if self._packed is not None and self._file is not None:
            self._packed.close()
            self._file.seek(0)
            with self._file, gzip.GzipFile(fileobj=self._file, mode="rb") as stored:
                while header := stored.read(_HEADER.size):
                    line, size = _HEADER.unpack(header)
                    yield line, stored.read(size)
        recent = self._recent
        self.__init__()  # type: ignore[misc]
        yield from recent

    def close(self) -> None:
        """Remove what is on disk."""
        if self._file is not None:
            self._file.close()

    def _store(self) -> None:
        if self._packed is None:
            self._file = cast("IO[bytes]", tempfile.TemporaryFile())  # noqa: SIM115 - open until all are taken
            self._packed = gzip.GzipFile(fileobj=self._file, mode="wb", compresslevel=1)
        for line, content in self._recent:
            self._packed.write(_HEADER.pack(line, len(content)) + content)
        self._recent.clear()
        self._size = 0
