"""Which ids and contents a file had so far, in memory that does not grow with it."""

from __future__ import annotations

import hashlib
import sqlite3
from types import TracebackType
from typing import Final

# SQLite keeps this much in memory and the rest in a temporary file of its own.
_CACHE_KIB: Final = 16 * 1024

_NOTE: Final = """
    INSERT INTO seen VALUES (?, ?, 1)
    ON CONFLICT (key) DO UPDATE SET times = times + 1
    RETURNING first_line, times
"""


class Seen:
    """Counts texts by 8 bytes of their hash.

    Two texts with one hash (3 in 100 million files of a million rows) are taken for one: the second row is then
    reported as a repeat, or gets another occurrence number, but never lost in silence.
    """

    def __init__(self) -> None:
        # An empty name is a temporary database: on disk once it outgrows the cache, and gone when it is closed.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE seen (key INTEGER PRIMARY KEY, first_line INTEGER, times INTEGER)")
        self._database.execute("BEGIN")
        self._execute = self._database.cursor().execute

    def note(self, text: str, line: int) -> tuple[int, int]:
        """Count `text` once more: the line it was noted first, and how often it was noted."""
        noted: tuple[int, int] = self._execute(_NOTE, (_key(text), line)).fetchone()
        return noted

    def has(self, text: str) -> bool:
        return self._execute("SELECT 1 FROM seen WHERE key = ?", (_key(text),)).fetchone() is not None

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Seen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _key(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
