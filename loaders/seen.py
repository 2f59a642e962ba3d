"""Which ids and contents a file had so far, and who is below whom, in memory that does not grow with the file."""

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
        # By row, the topmost of its ancestors that was known when somebody asked last.
        self._database.execute("CREATE TABLE above (key INTEGER PRIMARY KEY, ancestor INTEGER)")
        self._database.execute("BEGIN")
        self._execute = self._database.cursor().execute

    def note(self, text: str, line: int) -> tuple[int, int]:
        """Count `text` once more: the line it was noted first, and how often it was noted."""
        noted: tuple[int, int] = self._execute(_NOTE, (_key(text), line)).fetchone()
        return noted

    def closes_cycle(self, child: str, parent: str) -> bool:
        """Whether `parent` is below `child`, or is it; if not, note that `child` is below `parent`.

        A union-find with its paths compressed: long chains of parents are not walked again for each of their rows.
        """
        key, top = _key(child), _key(parent)
        passed = []
        while (above := self._execute("SELECT ancestor FROM above WHERE key = ?", (top,)).fetchone()) is not None:
            passed.append(top)
            top = above[0]
        for each in passed[:-1]:
            self._execute("UPDATE above SET ancestor = ? WHERE key = ?", (top, each))
        if top == key:
            return True
        self._execute("INSERT OR REPLACE INTO above VALUES (?, ?)", (key, top))
        return False

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
