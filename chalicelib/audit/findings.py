"""The counts and differences of an audit, gathered by several threads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

# Enough to see what is wrong. A table that is wrong throughout is not read, twice, to its end.
MAX_DIFFERENCES: Final = 1_000

READ_UNIT_BYTES: Final = 4096

# What an audit counts: the first six it has checked, the last is what that cost.
COUNTED: Final = ("events", "streams", "rows", "owners", "lists", "log_entries", "read_units")

KINDS: Final = {
    "versions": "a version is missing, or stands where another belongs",
    "state": "an event carries another state than its stream's events make",
    "occurred-at": "an event did not occur after the one before it",
    "undecodable": "an event, or a row, cannot be read",
    "unfinished": "a history was loaded in part; nobody can change the todo until the rest is",
    "row-missing": "a todo has no row",
    "row-behind": "a row is of an older version than the stream's newest",
    "row-ahead": "a row is of a version that the stream does not have",
    "row-state": "a row has another state than the event of its version",
    "row-index": "a row stands elsewhere in the indexes than its state says",
    "row-expiry": "a row expires and its todo is not deleted, or the other way round",
    "row-orphan": "a row has no stream",
    "tally": "the owner's tally is not what the rows add up to",
    "tally-missing": "an owner has rows and no tally",
    "list-tally": "a list's tally is missing, or not what its rows add up to",
    "list-empty": "a list without todos has a tally",
    "revision": "an item is of a revision that the owner's tally has not reached",
    "log-gap": "a revision of the last 89 days is missing in the log",
    "log-row": "the log names a version that the todo's row does not have",
    "log-missing": "the log does not name a version that a row has, and that was projected in the last 89 days",
    "log-counts": "the log says of an entry that it brought other events than lie between the versions that it names",
    "unknown-item": "the projection writes no such item",
}

Item = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One thing that is wrong.

    Attributes
    ----------
    subject : str
        The stream id of a todo, or the owner as encoded in keys.
    kind : str
        One of `KINDS`.
    table : str
        The views table; empty if the ledger itself is wrong.
    """

    subject: str
    kind: str
    detail: str
    table: str = ""


@dataclass
class Findings:
    """The counts and differences so far.

    Attributes
    ----------
    unsettled : list of str
        Owners that kept changing, so that their counts could be neither confirmed nor refuted.
    """

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    limit: int = MAX_DIFFERENCES
    unsettled: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def is_full(self) -> bool:
        """Whether so much is wrong that the audit stops."""
        return len(self.differences) >= self.limit

    def count(self, what: str, number: int = 1) -> None:
        """Add to one of the counts; safe in any thread."""
        with self._lock:
            self.counts[what] += number

    def pay_page(self, page: Iterable[Item]) -> None:
        """Count the read units of one page of a consistent Scan or Query: the sum of its items, rounded up."""
        self.count("read_units", _units(sum(map(size_of, page))))

    def pay_each(self, found: Iterable[Item], asked: int) -> None:
        """Count the read units of single reads: each item rounded up, one unit for an item that does not exist."""
        sizes = [size_of(item) for item in found]
        self.count("read_units", sum(map(_units, sizes)) + asked - len(sizes))

    def add(self, differences: Iterable[Difference]) -> None:
        """Add the differences that are not known yet; safe in any thread."""
        with self._lock:
            known = set(self.differences)
            self.differences += [difference for difference in differences if difference not in known]

    def leave_open(self, owner: str) -> None:
        """Note an owner whose view could not be compared, because it kept changing."""
        with self._lock:
            if owner not in self.unsettled:
                self.unsettled.append(owner)

    def to_json(self) -> dict[str, Any]:
        """The content that `from_json` takes and `stack audit --json` prints."""
        return {
            "counts": {name: self.counts[name] for name in COUNTED},
            "differences": [asdict(difference) for difference in sorted(self.differences)],
            "unsettled": self.unsettled,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Findings:
        """The findings that `to_json` gave."""
        return cls(
            Counter(content["counts"]),
            [Difference(**difference) for difference in content["differences"]],
            unsettled=list(content["unsettled"]),
        )


def size_of(item: Item) -> int:
    """An item's approximate size in bytes (DynamoDB Developer Guide, "DynamoDB item sizes and formats")."""
    return sum(len(name) + _size(value) for name, value in item.items())


def _size(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    # A number takes one byte for every two digits, and one more.
    return len(content.encode()) if kind == "S" else len(str(content)) // 2 + 1


def _units(size: int) -> int:
    return max(1, -(-size // READ_UNIT_BYTES))
