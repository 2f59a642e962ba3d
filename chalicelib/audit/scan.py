"""The two passes of an audit, in parts that threads share and in slices that fit a Lambda's time.

The first goes through the ledger and looks up each todo's row; the second goes through each views table and looks up
each row's event. Both use scans, which return a partition's items together: only one stream or one owner is in memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.audit.findings import Findings
from chalicelib.audit.owner_checks import LOG_DAYS, Partition
from chalicelib.audit.recheck import Recheck, Suspects
from chalicelib.audit.stream_checks import StreamCheck, check_row
from chalicelib.ledger import ledger, scan
from chalicelib.todos import ids, instants
from chalicelib.views import schema, table_reads

SEGMENTS: Final = 4
BATCH: Final = 100

# A part reads its suspects again once it has this many, and at its end.
MAX_SUSPECTS: Final = 200

PATIENCE_SECONDS: Final = 30.0

Item = dict[str, dict[str, Any]]


@dataclass
class Part:
    """One segment of the ledger (an empty `table`) or of a views table, and how far it is."""

    table: str
    segment: int
    after: tuple[str, Any] | None = None
    is_done: bool = False


@dataclass
class Audit:
    """An audit under way; `to_json` and `from_json` carry it from one slice to the next.

    Parameters
    ----------
    tables : sequence of str
        The views tables.
    segments : int
        How many parts each table is read in, as many at the same time; 1 stays in the caller's thread.
    patience : float
        Seconds in which a lag must pass.
    checks_streams : bool
        Whether the ledger itself is audited too, beside the views.
    progress : callable
        Called with the findings after each batch, by any thread.
    """

    tables: tuple[str, ...]
    segments: int = SEGMENTS
    patience: float = PATIENCE_SECONDS
    checks_streams: bool = True
    progress: Callable[[Findings], None] = lambda _: None
    findings: Findings = field(default_factory=Findings)
    parts: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.parts:
            self.parts = [Part(table, number) for table in ("", *self.tables) for number in range(self.segments)]

    @property
    def is_done(self) -> bool:
        """Whether every part was read, or as many differences were found as are kept."""
        return self.findings.is_full or all(part.is_done for part in self.parts)

    def advance(self, until: float = float("inf")) -> None:
        """Continue until everything has been checked, or to the first boundary after an instant of `time.monotonic`."""
        left = [part for part in self.parts if not part.is_done]
        worker = _Worker(self, until)
        if self.segments == 1:
            for part in left:
                worker.work(part)
            return
        with ThreadPoolExecutor(self.segments) as pool:
            for _ in pool.map(worker.work, left):
                pass

    def to_json(self) -> dict[str, Any]:
        """The content with which `take_up` continues the audit later."""
        parts = [[part.table, part.segment, part.after, part.is_done] for part in self.parts]
        return {"parts": parts, "findings": self.findings.to_json()}

    def take_up(self, content: dict[str, Any]) -> None:
        """Continue from the content of `to_json`."""
        self.findings = Findings.from_json(content["findings"])
        self.parts = [
            Part(table, segment, tuple(after) if after else None, is_done)
            for table, segment, after, is_done in content["parts"]
        ]


class _Worker:
    """Works through one part after the other."""

    def __init__(self, audit: Audit, until: float) -> None:
        self._tables = audit.tables
        self._segments = audit.segments
        self._until = until
        self._progress = audit.progress
        self._findings = audit.findings
        self._since = instants.format_milliseconds(time.time_ns() // 1_000_000 - LOG_DAYS * 24 * 3600 * 1000)
        self._recheck = Recheck(audit.tables, self._since, audit.patience, audit.checks_streams, audit.findings)

    def work(self, part: Part) -> None:
        suspects = Suspects()
        for after in self._views(part, suspects) if part.table else self._ledger(part, suspects):
            self._progress(self._findings)
            if len(suspects) >= MAX_SUSPECTS:
                self._recheck.look_again(suspects)
            part.after = after
            if time.monotonic() >= self._until or self._findings.is_full:
                self._recheck.look_again(suspects)
                return
        self._recheck.look_again(suspects)
        self._progress(self._findings)
        part.is_done = True

    def _ledger(self, part: Part, suspects: Suspects) -> Iterator[tuple[str, Any]]:
        """Check the streams of a segment in batches; yields where each batch ends: stream id and version."""
        batch: dict[str, Item] = {}
        newest: Item | None = None
        check = StreamCheck()
        for page in scan.scan(part.segment, self._segments, _before(part.after)):
            self._findings.pay_page(page)
            self._findings.count("events", len(page))
            for item in page:
                if newest is not None and item["stream_id"] != newest["stream_id"]:
                    self._end_stream(newest, check, batch, suspects)
                    newest, check = None, StreamCheck()
                    if len(batch) >= BATCH:
                        yield self._end_streams(batch, suspects)
                # A scan promises no order within a stream; one that comes out of order is read again by a query.
                if newest is None or int(item["version"]["N"]) > int(newest["version"]["N"]):
                    newest = item
                check.take(item)
        if newest is not None:
            self._end_stream(newest, check, batch, suspects)
            yield self._end_streams(batch, suspects)

    def _end_stream(self, newest: Item, check: StreamCheck, batch: dict[str, Item], suspects: Suspects) -> None:
        self._findings.count("streams")
        stream_id = newest["stream_id"]["S"]
        batch[stream_id] = newest
        if check.found:
            suspects.streams[stream_id] = newest

    def _end_streams(self, batch: dict[str, Item], suspects: Suspects) -> tuple[str, int]:
        """Compare the rows of a batch of streams with their newest events."""
        places = {}
        for stream_id in batch:
            try:
                places[stream_id] = ids.split_stream_id(stream_id)
            except ValueError:
                suspects.streams[stream_id] = None
        for table in self._tables:
            wanted = {stream_id: (owner, schema.todo_key(todo_id)) for stream_id, (owner, todo_id) in places.items()}
            rows = table_reads.items(table, wanted.values())
            self._findings.pay_each(rows.values(), len(wanted))
            for stream_id, (owner, todo_id) in places.items():
                row, newest = rows.get(wanted[stream_id]), batch[stream_id]
                # A row that is behind or ahead is read again, and its own event after it.
                standing = newest if row is not None and row.get("version") == newest["version"] else None
                if _looks_wrong(owner, todo_id, row, newest, standing):
                    suspects.streams[stream_id] = newest
        last = next(reversed(batch.values()))
        batch.clear()
        return last["stream_id"]["S"], int(last["version"]["N"])

    def _views(self, part: Part, suspects: Suspects) -> Iterator[tuple[str, Any]]:
        """Check the owners of a segment; yields where each one's partition ends: owner and sort key."""
        partition: Partition | None = None
        rows: list[Item] = []
        last: tuple[str, str] | None = None
        for page in table_reads.scan(part.table, part.segment, self._segments, part.after):
            self._findings.pay_page(page)
            for item in page:
                owner = item["owner"]["S"]
                if partition is not None and last is not None and owner != partition.owner:
                    self._end_partition(part.table, partition, rows, suspects)
                    yield last
                    partition = None
                partition = partition or Partition(owner, self._since)
                partition.take(item)
                last = owner, item["sk"]["S"]
                if last[1].startswith(schema.TODO_PREFIX):
                    rows.append(item)
                    if len(rows) >= BATCH:
                        self._look_up_events(rows, suspects)
        if partition is not None and last is not None:
            self._end_partition(part.table, partition, rows, suspects)
            yield last

    def _end_partition(self, table: str, partition: Partition, rows: list[Item], suspects: Suspects) -> None:
        self._look_up_events(rows, suspects)
        self._findings.count("owners")
        self._findings.count("rows", len(partition.rows))
        self._findings.count("lists", len(partition.lists))
        self._findings.count("log_entries", len(partition.revisions))
        if any(partition.check()):
            suspects.owners.add((table, partition.owner))

    def _look_up_events(self, rows: list[Item], suspects: Suspects) -> None:
        """Find rows that differ from their own event in the ledger."""
        named = {}
        for row in rows:
            todo_id = row["sk"]["S"].removeprefix(schema.TODO_PREFIX)
            stream_id = ids.stream_id(row["owner"]["S"], todo_id)
            if "version" in row:
                named[stream_id, int(row["version"]["N"])] = row
            else:
                suspects.streams.setdefault(stream_id, None)
        found = ledger.stored_at(named)
        self._findings.pay_each(found.values(), len(named))
        for (stream_id, version), row in named.items():
            event = found.get((stream_id, version))
            if event is None or _looks_wrong(*ids.split_stream_id(stream_id), row, None, event):
                suspects.streams.setdefault(stream_id, None)
        rows.clear()


def _looks_wrong(
    owner: ids.Partition, todo_id: str, row: Item | None, wanted: Item | None, standing: Item | None
) -> bool:
    """Whether a row may differ from its event."""
    try:
        return any(check_row(owner, todo_id, row, wanted, standing))
    except (LookupError, ValueError, TypeError):
        return True


def _before(after: tuple[str, Any] | None) -> tuple[str, int] | None:
    return (after[0], int(after[1])) if after is not None else None
