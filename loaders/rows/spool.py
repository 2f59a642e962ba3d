"""Values of one file that refer to each other in any order, in memory that does not grow with the file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final

from loaders.errors import UnreadableFile
from loaders.rows.temporary import temporary_database

# SQLite keeps this much in memory and the rest in a temporary file of its own, which is as large as the file.
CACHE_KIB: Final = 2 * 1024
_MAX_KEY: Final = 1_000

_dump = json.JSONEncoder(ensure_ascii=True).encode


class Spool:
    """Keeps JSON values of several kinds, to be read when the whole file is known; a context manager.

    Everything is put before the first value is read.
    """

    def __init__(self) -> None:
        self._database = temporary_database(CACHE_KIB)
        self._database.execute(
            "CREATE TABLE spool (number INTEGER PRIMARY KEY, kind TEXT, key TEXT, below TEXT, place REAL, line INTEGER,"
            " value TEXT)"
        )
        self._database.execute("BEGIN")
        self._is_indexed = False

    def put(
        self, kind: str, key: object, value: Any, *, below: object = None, place: object = None, line: int = 0
    ) -> None:
        """Keep a value.

        Parameters
        ----------
        kind : str
        key : object
            Identifies the value among those of its kind; of two with one key, the first counts. Only a text or a number
            does.
        below : object, optional
            The key of the value that it is a part of.
        place : object, optional
            Where it is among the parts of that; those without a number come after the others, as they were put.
        line : int
            Where it begins in the file.
        """
        row = (kind, _key(key), _key(below), _place(place), line, _dump(value))
        self._do("INSERT INTO spool (kind, key, below, place, line, value) VALUES (?, ?, ?, ?, ?, ?)", row)

    def get(self, kind: str, key: object) -> Any:
        """The value with a key; None if there is none."""
        self._index()
        found = self._do(
            "SELECT value FROM spool WHERE kind = ? AND key = ? ORDER BY number LIMIT 1", (kind, _key(key))
        ).fetchone()
        return json.loads(found[0]) if found else None

    def parts(self, kind: str, below: object, most: int | None = None) -> Iterator[tuple[int, Any]]:
        """The parts of a value with their lines, by their places.

        Parameters
        ----------
        most : int, optional
            Of how many characters together, for parts that are in memory at once.
        """
        self._index()
        query = "SELECT line, value FROM spool WHERE kind = ? AND below = ? ORDER BY place IS NULL, place, number"
        size = 0
        for line, value in self._do(query, (kind, _key(below))):
            size += len(value)
            if most is not None and size > most:
                return
            yield line, json.loads(value)

    def all(self, kind: str) -> Iterator[tuple[int, Any]]:
        """The values of a kind with their lines, as they were put."""
        self._index()
        for line, value in self._do("SELECT line, value FROM spool WHERE kind = ? ORDER BY number", (kind,)):
            yield line, json.loads(value)

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def _index(self) -> None:
        if not self._is_indexed:
            self._is_indexed = True
            self._do("CREATE INDEX by_key ON spool (kind, key)")
            self._do("CREATE INDEX by_place ON spool (kind, below, place)")

    def _do(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._database.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise UnreadableFile(f"what it has cannot be kept in a temporary file: {error}") from None


def _key(key: object) -> str | None:
    """A key as text, so that 7 and "7" are the same; None for what cannot be one."""
    if isinstance(key, bool) or not isinstance(key, str | int | float):
        return None
    return str(key)[:_MAX_KEY].encode("utf-8", "replace").decode()


def _place(place: object) -> float | None:
    return float(place) if isinstance(place, int | float) and not isinstance(place, bool) else None
