"""Reading again what looked wrong, until it is right or the time is over: the stream may simply lag.

Reads of several items are not a snapshot, so their order matters: the row first and then its event, which must exist.
An owner's partition is read as a first sync reads it: all of it, then what changed meanwhile, until nothing did.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from chalicelib.audit.findings import Difference, Findings
from chalicelib.audit.owner_checks import Partition
from chalicelib.audit.stream_checks import Found, StreamCheck, check_row
from chalicelib.aws.retry import Pauses
from chalicelib.ledger import scan
from chalicelib.todos import ids
from chalicelib.views import schema, table_reads

POLL_FIRST_SECONDS: Final = 0.05
POLL_CEILING_SECONDS: Final = 2.0

# An owner that still changes after this many reads, each shorter than the one before, is read anew a little later.
MAX_ROUNDS: Final = 20

# Sorts after every key with the same prefix.
_END: Final = "\x7f"

Item = dict[str, dict[str, Any]]


@dataclass
class Suspects:
    """What looked wrong: streams, each with the event that its row must have reached, and owners by table."""

    streams: dict[str, Item | None] = field(default_factory=dict)
    owners: set[tuple[str, ids.Partition]] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.streams) + len(self.owners)


@dataclass(frozen=True, slots=True)
class Recheck:
    """How suspects are read again.

    Attributes
    ----------
    tables : tuple of str
        The views tables that are audited.
    since : str
        From when on the log must be complete.
    patience : float
        Seconds for the lag to pass, for all suspects together; 0 reads each once.
    checks_streams : bool
        Whether the ledger itself is audited too.
    """

    tables: tuple[str, ...]
    since: str
    patience: float
    checks_streams: bool
    findings: Findings

    def look_again(self, suspects: Suspects) -> None:
        """Read each suspect until nothing is wrong; what is still wrong when the time is over is a finding."""
        deadline = time.monotonic() + self.patience
        for stream_id, wanted in suspects.streams.items():
            self.findings.add(_last(deadline, partial(self._stream, stream_id, wanted)) or [])
        for table, owner in sorted(suspects.owners):
            differences = _last(deadline, partial(self._owner, table, owner))
            if differences is None:
                self.findings.leave_open(owner)
            else:
                self.findings.add(differences)
        suspects.streams.clear()
        suspects.owners.clear()

    def _stream(self, stream_id: str, wanted: Item | None) -> list[Difference]:
        try:
            owner, todo_id = ids.split_stream_id(stream_id)
        except ValueError as error:
            return [Difference(stream_id, "undecodable", str(error))]
        key = owner, schema.todo_key(todo_id)
        rows = {table: table_reads.items(table, [key]).get(key) for table in self.tables}
        for row in rows.values():
            self.findings.pay_each([row] if row else [], 1)
        check = StreamCheck()
        standing: dict[int, Item] = {}
        versions = {int(row["version"]["N"]) for row in rows.values() if row and "version" in row}
        newest: Item | None = None
        for page in scan.stored(stream_id):
            self.findings.pay_page(page)
            for item in page:
                check.take(item)
                newest = item
                if int(item["version"]["N"]) in versions:
                    standing[int(item["version"]["N"])] = item
        differences = _differences(stream_id, "", check.found) if self.checks_streams else []
        for table, row in rows.items():
            at = standing.get(int(row["version"]["N"])) if row and "version" in row else None
            # The stream's newest event tells a row ahead of its stream from one without any stream.
            found = _readable(owner, todo_id, row, wanted or (newest if at is None else None), at)
            differences += _differences(stream_id, table, found)
        return differences

    def _owner(self, table: str, owner: ids.Partition) -> list[Difference] | None:
        """What is wrong with an owner's partition; None if it kept changing."""
        partition = self._read(table, owner)
        return None if partition is None else _differences(owner, table, partition.check())

    def _read(self, table: str, owner: ids.Partition) -> Partition | None:
        """An owner's partition as it was at one moment; None if it kept changing."""
        known = self._tally(table, owner)
        partition = Partition(owner, self.since)
        self._take(partition, table_reads.partition(table, owner))
        partition.tally = known
        for _ in range(MAX_ROUNDS):
            revision = partition.revision
            partition.tally = self._tally(table, owner)
            if partition.revision == revision:
                return partition
            self._follow(table, partition, revision)
        return None

    def _follow(self, table: str, partition: Partition, revision: int) -> None:
        """Read again what has changed since a revision: the log names the rows; the lists are read anew."""
        known, owner = partition.tally, partition.owner
        self._take(
            partition, table_reads.partition(table, owner, schema.log_key(revision + 1), schema.LOG_PREFIX + _END)
        )
        changed = [todo_id for todo_id, (latest, _) in partition.named.items() if latest > revision]
        wanted = [(owner, schema.todo_key(todo_id)) for todo_id in changed]
        rows = table_reads.items(table, wanted).values()
        self.findings.pay_each(rows, len(wanted))
        for row in rows:
            partition.take(row)
        partition.lists.clear()
        self._take(partition, table_reads.partition(table, owner, schema.LIST_PREFIX, schema.LIST_PREFIX + _END))
        partition.tally = known

    def _take(self, partition: Partition, pages: Iterable[list[Item]]) -> None:
        for page in pages:
            self.findings.pay_page(page)
            for item in page:
                partition.take(item)

    def _tally(self, table: str, owner: ids.Partition) -> Item | None:
        found = table_reads.tally(table, owner)
        self.findings.pay_each([found] if found else [], 1)
        return found


def _last(deadline: float, look: Callable[[], list[Difference] | None]) -> list[Difference] | None:
    """The differences of the last of several looks: the first one that finds none, or the last one in time."""
    pauses = Pauses(POLL_FIRST_SECONDS, POLL_CEILING_SECONDS, growth=2)
    while True:
        differences = look()
        if differences == [] or not pauses.wait(deadline - time.monotonic()):
            return differences


def _differences(subject: str, table: str, found: Iterable[Found]) -> list[Difference]:
    return [Difference(subject, kind, detail, table) for kind, detail in found]


def _readable(
    owner: ids.Partition, todo_id: str, row: Item | None, wanted: Item | None, standing: Item | None
) -> list[Found]:
    """What is wrong with a row, including one that cannot be read."""
    try:
        return list(check_row(owner, todo_id, row, wanted, standing))
    except (LookupError, ValueError, TypeError) as error:
        return [("undecodable", f"the row or its event: {error!r}")]
