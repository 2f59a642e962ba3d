"""The ids and contents that a file had so far, in memory that does not grow with the file."""

from __future__ import annotations

import hashlib
import mmap
import struct
from types import TracebackType
from typing import Final

from loaders.rows.temporary import temporary_database

# SQLite keeps this much in memory and the rest in a temporary file of its own.
_CACHE_KIB: Final = 10 * 1024

# One bit for each noted text. Of a million texts, 1.5 in 100 find their bit set by another and are looked up.
_FILTER_BYTES: Final = 1 << 23
_PENDING: Final = 4096
_FIRST_EIGHT: Final = struct.Struct(">q")

_INSERT: Final = "INSERT INTO seen VALUES (?, ?, 1)"
_NOTE: Final = "UPDATE seen SET times = times + 1 WHERE key = ? RETURNING first_line, times"


class Seen:
    """Counts texts by 8 bytes of their hash.

    Two texts with the same hash (in 3 of 100 million files of a million rows) count as the same: the second row is
    reported as a repeat or gets another occurrence number, but is never lost silently.

    Nearly all texts are new. A Bloom filter with one hash shows it for most of them, and these are stored together.
    """

    def __init__(self) -> None:
        self._database = temporary_database(_CACHE_KIB)
        self._database.execute("CREATE TABLE seen (key INTEGER PRIMARY KEY, first_line INTEGER, times INTEGER)")
        # By row, its topmost ancestor that was known at the last look-up.
        self._database.execute("CREATE TABLE above (key INTEGER PRIMARY KEY, ancestor INTEGER)")
        self._database.execute("BEGIN")
        # Zeros that take memory only once they are written: many files never note anything here.
        self._filter = mmap.mmap(-1, _FILTER_BYTES)
        self._pending: list[tuple[int, int]] = []

    def note(self, text: str, line: int) -> tuple[int, int]:
        """Count `text` once more; returns the line where it was noted first, and how often it was noted."""
        return self.note_digest(_digest(text), line)

    def note_digest(self, digest: bytes, line: int) -> tuple[int, int]:
        """As `note`, for a text whose hash is known; its first 8 bytes identify it."""
        key = _key(digest)
        place, bit = (key >> 3) % _FILTER_BYTES, 1 << (key & 7)
        bits = self._filter[place]
        if not bits & bit:
            self._filter[place] = bits | bit
        elif found := self._count_again(key):
            return found
        self._pending.append((key, line))
        if len(self._pending) == _PENDING:
            self._store()
        return line, 1

    def has(self, text: str) -> bool:
        """Whether `text` was noted."""
        key = _key(_digest(text))
        if not self._filter[(key >> 3) % _FILTER_BYTES] & (1 << (key & 7)):
            return False
        self._store()
        return self._database.execute("SELECT 1 FROM seen WHERE key = ?", (key,)).fetchone() is not None

    def closes_cycle(self, child: str, parent: str) -> bool:
        """Whether `parent` is `child` or below it; if not, note that `child` is below `parent`.

        A union-find with path compression, so long chains of parents are not walked again for each row.
        """
        execute = self._database.execute
        key, top = _key(_digest(child)), _key(_digest(parent))
        passed = []
        while (above := execute("SELECT ancestor FROM above WHERE key = ?", (top,)).fetchone()) is not None:
            passed.append(top)
            top = above[0]
        for each in passed[:-1]:
            execute("UPDATE above SET ancestor = ? WHERE key = ?", (top, each))
        if top == key:
            return True
        execute("INSERT OR REPLACE INTO above VALUES (?, ?)", (key, top))
        return False

    def close(self) -> None:
        """Remove what was kept on disk."""
        self._database.close()
        self._filter.close()

    def __enter__(self) -> Seen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _count_again(self, key: int) -> tuple[int, int] | None:
        self._store()
        found: list[tuple[int, int]] = self._database.execute(_NOTE, (key,)).fetchall()
        return found[0] if found else None

    def _store(self) -> None:
        # Sorted, so that neighbouring keys are written together.
        self._pending.sort()
        self._database.executemany(_INSERT, self._pending)
        self._pending.clear()


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _key(digest: bytes) -> int:
    key: int = _FIRST_EIGHT.unpack_from(digest)[0]
    return key
