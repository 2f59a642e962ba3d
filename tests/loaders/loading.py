"""What the loader's tests share: reading given bytes, and a ledger in memory at the seam of `append_together`."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from chalicelib.keys import split_stream_id
from chalicelib.ledger import MAX_TRANSACTION_BYTES, MAX_TRANSACTION_ITEMS
from chalicelib.todos.events import CONTENT_FIELDS, UNSET, Event
from loaders.formats import formats, recognised, system_of
from loaders.planning import Planned, Planner
from loaders.progress import Progress
from loaders.rejected import RejectedRows
from loaders.rows import BadRow, Row
from loaders.run import Load, Summary
from loaders.seen import Seen
from loaders.source import Source
from loaders.writing import Writer

OWNER = "ann"
FILES = Path(__file__).parent / "files"


def lines(*rows: Any) -> bytes:
    """JSON Lines."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def read(content: bytes, name: str | None = None) -> list[Row | BadRow]:
    source = Source(io.BytesIO(content))
    chosen = formats()[name] if name else recognised(source.head)
    return list(chosen.read(source))


def plan(content: bytes, name: str | None = None, system: str = "file", owner: str = OWNER) -> list[Planned | BadRow]:
    with Seen() as seen:
        planner = Planner(owner, system, seen)
        return [row if isinstance(row, BadRow) else planner.plan(row) for row in read(content, name)]


def todos(content: bytes, name: str | None = None) -> list[dict[str, Any]]:
    """The states of the todos that a file makes; no row may be rejected."""
    planned = plan(content, name)
    assert [row for row in planned if isinstance(row, BadRow)] == []
    return [dict(row.event.state) for row in planned if isinstance(row, Planned)]


def stated(file: Path) -> list[dict[str, Any]]:
    """What the rows of a file state, recognised by its content: fields that are set, and the parent by its title."""
    content = file.read_bytes()
    system = system_of(recognised(Source(io.BytesIO(content)).head))
    planned = plan(content, system=system)
    assert [row for row in planned if isinstance(row, BadRow)] == []
    events = [row.event for row in planned if isinstance(row, Planned)]
    titles = {split_stream_id(event.stream_id)[1]: event.state["title"] for event in events}
    return [
        {
            name: titles.get(event.state["parent"] or "", "not here") if name == "parent" else event.state[name]
            for name in CONTENT_FIELDS
            if event.state[name] != UNSET[name]
        }
        for event in events
    ]


def todo_ids(content: bytes, **options: Any) -> list[str]:
    return [row.event.stream_id for row in plan(content, **options) if isinstance(row, Planned)]


def complaints(content: bytes, name: str | None = None) -> list[tuple[int, str, str]]:
    """(line, pointer, detail) of everything wrong with a file's rows."""
    return [
        (row.line, error.pointer, error.detail)
        for row in plan(content, name)
        if isinstance(row, BadRow)
        for error in row.errors
    ]


def titles(content: bytes, name: str | None = None) -> list[str]:
    return [row.event.state["title"] for row in plan(content, name) if isinstance(row, Planned)]


class MemoryLedger:
    """Takes groups as DynamoDB takes transactions: whole or not at all, and no item twice in one."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.groups: list[int] = []
        self.failures: list[Exception] = []
        self.answers_lost = 0
        self._lock = Lock()

    def append_together(self, group: list[Event]) -> set[int]:
        with self._lock:
            self.groups.append(len(group))
            streams = [event.stream_id for event in group]
            assert len(set(streams)) == len(streams), "DynamoDB refuses two operations on one item"
            assert len(group) <= MAX_TRANSACTION_ITEMS
            assert sum(len(str(event)) for event in group) <= 2 * MAX_TRANSACTION_BYTES
            if self.failures:
                raise self.failures.pop(0)
            taken = {position for position, stream in enumerate(streams) if stream in self.events}
            if not taken:
                self.events.update(zip(streams, group, strict=True))
            if not taken and self.answers_lost:
                self.answers_lost -= 1
                raise self.lost_answer()
            return taken

    def at_version(self, stream: str, version: int) -> Event | None:
        return self.events.get(stream)

    @staticmethod
    def lost_answer() -> Exception:
        from chalicelib.ledger import LedgerUnavailable

        return LedgerUnavailable("no answer")


def load(content: bytes, ledger: MemoryLedger, concurrency: int = 1) -> tuple[Summary, list[tuple[int, str]]]:
    """Load a file; the summary, and (line, reason) of each row that is reported as rejected."""
    source = Source(io.BytesIO(content))
    reported = _Reported()
    with Writer(concurrency, ledger.append_together, ledger.at_version) as writer, Seen() as seen:
        run = Load(Planner(OWNER, "file", seen), writer, reported, Progress(source, None))
        summary = run.run(recognised(source.head).read(source))
    return summary, reported.rows


class _Reported(RejectedRows):
    def __init__(self) -> None:
        super().__init__(None)
        self.rows: list[tuple[int, str]] = []

    def add(self, row: BadRow) -> None:
        super().add(row)
        self.rows.append((row.line, row.errors[0].detail))


def rows(count: int) -> bytes:
    return lines(*({"id": number, "title": f"Todo {number}"} for number in range(count)))


def by_line(found: Sequence[Row | BadRow]) -> dict[int, Row | BadRow]:
    return {row.line: row for row in found}
