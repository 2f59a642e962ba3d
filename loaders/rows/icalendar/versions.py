"""Which of the to-dos of a calendar stand for the same one (RFC 5545, sections 3.8.4.4 and 3.8.7.4).

A calendar has a UID once, and once more for each occurrence that differs, which has a RECURRENCE-ID. If it has one of
them twice, the later version counts: the one with the higher SEQUENCE, then the younger LAST-MODIFIED or DTSTAMP, then
the first.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from typing import Final, NamedTuple

from loaders.rows.icalendar.properties import NotAProperty, parse
from loaders.rows.temporary import temporary_database

# SQLite keeps this much in memory and the rest in a temporary file of its own.
_CACHE_KIB: Final = 8 * 1024
_PENDING: Final = 2048
# Of one recurring to-do; and of the line of each.
MAX_OVERRIDES: Final = 10_000
_LONGEST_LINE: Final = 300

_LINE: Final = re.compile(
    rb"^(?:(UID|RECURRENCE-ID|SEQUENCE|DTSTAMP|LAST-MODIFIED|X-APPLE-SORT-ORDER)[;:]|(BEGIN|END):)[^\n]*",
    re.IGNORECASE | re.MULTILINE,
)
_MOST_DIGITS: Final = 9


class Heading(NamedTuple):
    """What tells a to-do from others, and its versions apart; one without a UID has none."""

    uid: int | None
    occurrence: int
    recurrence_id: str
    sequence: int
    stamp: str
    is_sorted: bool


def heading_of(content: bytes) -> Heading:
    """The heading of a VTODO."""
    values: dict[bytes, bytes] = {}
    depth = 0
    for found in _LINE.finditer(content):
        if found[2]:
            depth += 1 if found[2].upper() == b"BEGIN" else -1
        elif depth == 1:
            values.setdefault(found[1].upper(), found[0])
    uid = _value(values.get(b"UID", b""))
    recurrence = values.get(b"RECURRENCE-ID", b"")
    sequence = _value(values.get(b"SEQUENCE", b""))
    return Heading(
        _key(uid) if uid else None,
        _key(_value(recurrence)),
        recurrence[:_LONGEST_LINE].decode("utf-8", "replace") if recurrence else "",
        int(sequence) if sequence.isascii() and sequence.isdecimal() and len(sequence) <= _MOST_DIGITS else 0,
        _value(values.get(b"LAST-MODIFIED") or values.get(b"DTSTAMP", b""))[:20],
        b"X-APPLE-SORT-ORDER" in values,
    )


def _value(line: bytes) -> str:
    if b'"' not in line:
        return line.partition(b":")[2].decode("utf-8", "replace").strip()
    try:
        return parse(line.decode("utf-8", "replace")).value.strip()
    except NotAProperty:
        return ""


def _key(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


class Versions:
    """The headings of a calendar's to-dos, in memory that hardly grows with the calendar."""

    def __init__(self) -> None:
        self._database: sqlite3.Connection | None = None
        self._pending: list[tuple[object, ...]] = []
        self._place = 0
        self._has_repeated = False
        self._has_overrides = False
        self.is_sorted = False

    def note(self, line: int, heading: Heading) -> None:
        """Note the next to-do of the calendar, which begins in a line."""
        self.is_sorted |= heading.is_sorted
        if heading.uid is None:
            return
        self._place += 1
        self._has_overrides |= bool(heading.recurrence_id)
        self._pending.append((line, *heading[:-1], self._place))
        if len(self._pending) == _PENDING:
            self._store()

    def finish(self) -> None:
        """All to-dos are noted."""
        if self._place > 1:
            self._store()
            same = "SELECT 1 FROM todos GROUP BY uid, occurrence HAVING count(*) > 1 LIMIT 1"
            self._has_repeated = self._rows(same) != []

    @property
    def compares(self) -> bool:
        """Whether some of the to-dos stand for the same one."""
        return self._has_repeated or self._has_overrides

    def clear(self) -> None:
        """Forget the calendar."""
        if self._database is not None:
            self._database.execute("DELETE FROM todos")
        self._pending.clear()
        self._place = 0
        self._has_repeated = self._has_overrides = self.is_sorted = False

    def repeated_in(self, line: int, heading: Heading) -> str | None:
        """In which line the version of a to-do is that counts, if it is another one."""
        if not self._has_repeated or heading.uid is None:
            return None
        [(first, sequence, stamp)] = self._rows(
            "SELECT line, sequence, stamp FROM todos WHERE uid = ? AND occurrence = ? "
            "ORDER BY sequence DESC, stamp DESC, place LIMIT 1",
            heading.uid,
            heading.occurrence,
        )
        if first == line:
            return None
        is_later = (sequence, stamp) != (heading.sequence, heading.stamp)
        return f"{first}, in a later version" if is_later else f"{first}"

    def overrides(self, heading: Heading) -> list[str]:
        """The RECURRENCE-ID lines of the occurrences of a to-do that differ from it; at most `MAX_OVERRIDES`."""
        if not self._has_overrides or heading.recurrence_id:
            return []
        query = "SELECT DISTINCT recurrence_id FROM todos WHERE uid = ? AND recurrence_id != '' ORDER BY place LIMIT ?"
        return [str(line) for (line,) in self._rows(query, heading.uid, MAX_OVERRIDES)]

    def close(self) -> None:
        """Remove what is on disk."""
        if self._database is not None:
            self._database.close()

    def _store(self) -> None:
        if self._database is None:
            self._database = temporary_database(_CACHE_KIB)
            self._database.execute(
                "CREATE TABLE todos (line INTEGER, uid INTEGER, occurrence INTEGER, recurrence_id TEXT, "
                "sequence INTEGER, stamp TEXT, place INTEGER)"
            )
            self._database.execute("CREATE INDEX by_uid ON todos (uid, occurrence)")
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO todos VALUES (?, ?, ?, ?, ?, ?, ?)", self._pending)
        self._database.execute("COMMIT")
        self._pending.clear()

    def _rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        return [] if self._database is None else self._database.execute(query, values).fetchall()
