"""The ids and contents that a file had so far, in memory that does not grow with the file."""

from __future__ import annotations

import hashlib
import mmap
import sqlite3
import struct
from types import TracebackType
from typing import Final

from loaders.rows.temporary import temporary_database

# SQLite keeps this much in memory and the rest in a temporary file of its own.
_CACHE_KIB: Final = 10 * 1024

# So many new texts are in memory before they are stored together; most files have no more rows.
_MOST_RECENT: Final = 1 << 16
# One bit for each stored text. Of a million texts, 1.5 in 100 find their bit set by another and are looked up.
_FILTER_BYTES: Final = 1 << 23
_FIRST_EIGHT: Final = struct.Struct(">q")

_INSERT: Final = "INSERT INTO seen VALUES (?, ?, ?)"
_NOTE: Final = "UPDATE seen SET times = times + 1 WHERE key = ? RETURNING first_line, times"


class Seen:
    """Counts texts by 8 bytes of their hash.

    Two texts with the same hash (in 3 of 100 million files of a million rows) count as the same: the second row is
    reported as a repeat or gets another occurrence number, but is never lost silently.

    The latest are in memory, the others in a database. A Bloom filter with one hash shows for most texts that they are
    not there.
    """

    def __init__(self) -> None:
        # By key, the first line; and how often it was noted, if that is not once.
        self._recent: dict[int, int] = {}
        self._repeats: dict[int, int] = {}
        # Zeros that take memory only once they are written: most files never store anything.
        self._filter = mmap.mmap(-1, _FILTER_BYTES)
        self._has_stored = False
        self._opened: sqlite3.Connection | None = None

    @property
    def _database(self) -> sqlite3.Connection:
        """Where what is not in memory is; most files need none."""
        if self._opened is None:
            self._opened = database = temporary_database(_CACHE_KIB)
            database.execute("CREATE TABLE seen (key INTEGER PRIMARY KEY, first_line INTEGER, times INTEGER)")
            # By row, its topmost ancestor that was known at the last look-up.
            database.execute("CREATE TABLE above (key INTEGER PRIMARY KEY, ancestor INTEGER)")
            database.execute("BEGIN")
        return self._opened

    def note(self, text: str, line: int) -> tuple[int, int]:
        """Count `text` once more; returns the line where it was noted first, and how often it was noted."""
        return self.note_digest(_digest(text), line)

    def note_digest(self, digest: bytes, line: int) -> tuple[int, int]:
        """As `note`, for a text whose hash is known; its first 8 bytes identify it."""
        (key,) = _FIRST_EIGHT.unpack_from(digest)
        first_line = self._recent.get(key)
        if first_line is not None:
            times = self._repeats[key] = self._repeats.get(key, 1) + 1
            return first_line, times
        if self._has_stored and self._may_be_stored(key):
            found: list[tuple[int, int]] = self._database.execute(_NOTE, (key,)).fetchall()
            if found:
                return found[0]
        self._recent[key] = line
        if len(self._recent) == _MOST_RECENT:
            self._store()
        return line, 1

    def has(self, text: str) -> bool:
        """Whether `text` was noted."""
        key = _key(_digest(text))
        if key in self._recent:
            return True
        if not (self._has_stored and self._may_be_stored(key)):
            return False
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
        if self._opened is not None:
            self._opened.close()
        self._filter.close()

    def __enter__(self) -> Seen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _may_be_stored(self, key: int) -> bool:
        return bool(self._filter[(key >> 3) % _FILTER_BYTES] & (1 << (key & 7)))

    def _store(self) -> None:
        recent, repeats, bits = self._recent, self._repeats, self._filter
        for key in recent:
            bits[(key >> 3) % _FILTER_BYTES] |= 1 << (key & 7)
        # Sorted, so that neighbouring keys are written together.
        self._database.executemany(_INSERT, ((key, recent[key], repeats.get(key, 1)) for key in sorted(recent)))
        recent.clear()
        repeats.clear()
        self._has_stored = True


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _key(digest: bytes) -> int:
    key: int = _FIRST_EIGHT.unpack_from(digest)[0]
    return key
