"""What the loader's tests share: reading given bytes, and a ledger in memory at the seam of `LedgerAppender`."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.ledger.ledger import MAX_TRANSACTION_BYTES, MAX_TRANSACTION_ITEMS
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, Event
from chalicelib.todos.ids import Owner, split_stream_id
from loaders.formats import choose_format, formats, system_of
from loaders.into.changes import ChangePolicy
from loaders.into.ledger import LedgerAppender, LedgerDestination, LedgerReader
from loaders.into.pacing.pace import Pace
from loaders.into.writer import Writer
from loaders.load import Load
from loaders.output.progress import TextProgress
from loaders.output.rejected import RejectedRows
from loaders.output.summary import Summary
from loaders.planner import Planned, Planner
from loaders.reading.input import Input
from loaders.reading.open_stream import CountedStream, OpenStream
from loaders.reading.options import ReadOptions
from loaders.reconcile import OnChange
from loaders.rows.row import BadRow, Origin, Row
from loaders.rows.seen import Seen

OWNER = "ann"
PLAINLY = ReadOptions()
FILES = Path(__file__).parent / "files"


def lines(*rows: Any) -> bytes:
    """JSON Lines."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def read(content: bytes, name: str | None = None, how: ReadOptions = PLAINLY) -> list[Row | BadRow]:
    file = Input(io.BytesIO(content))
    chosen = formats()[name] if name else choose_format(file.head)
    return list(chosen.read_rows(file, replace(how, context={})))


def plan(
    content: bytes,
    name: str | None = None,
    system: str = "file",
    owner: str = OWNER,
    how: ReadOptions = PLAINLY,
    *,
    strict: bool = False,
) -> list[Planned | BadRow]:
    with Seen() as seen, Seen() as contents:
        planner = Planner(Owner(owner), system, seen, contents, how, strict=strict)
        return [row if isinstance(row, BadRow) else planner.plan(row) for row in read(content, name, how)]


def rejected_file(
    tmp_path: Path, content: bytes, system: str = "file", name: str | None = None, how: ReadOptions = PLAINLY
) -> list[dict[str, Any]]:
    """What is written of the rows of a file that are bad."""
    file = Input(io.BytesIO(content))
    chosen = formats()[name] if name else choose_format(file.head)
    how = replace(how, context={})
    rejected = RejectedRows(tmp_path / "rejected.jsonl", Origin(chosen.NAME, system, how))
    with Seen() as seen, Seen() as contents:
        planner = Planner(Owner(OWNER), system, seen, contents, how)
        for row in chosen.read_rows(file, how):
            planned = row if isinstance(row, BadRow) else planner.plan(row)
            if isinstance(planned, BadRow):
                rejected.add(planned)
    rejected.close()
    entries = [json.loads(line) for line in (tmp_path / "rejected.jsonl").read_text().splitlines()]
    (tmp_path / "rejected.jsonl").unlink()
    # It tells an edited file from another, and is no part of an entry.
    return [{name: value for name, value in entry.items() if name != "digest"} for entry in entries]


def todos(content: bytes, name: str | None = None) -> list[dict[str, Any]]:
    """The states of the todos that a file makes; no row may be rejected."""
    planned = plan(content, name)
    assert [row for row in planned if isinstance(row, BadRow)] == []
    return [dict(row.event.state) for row in planned if isinstance(row, Planned)]


def stated(file: Path) -> list[dict[str, Any]]:
    """What the rows of a file state, recognised by its content: fields that are set, and the parent by its title."""
    content = file.read_bytes()
    head = Input(io.BytesIO(content)).head
    system = system_of(choose_format(head), head)
    planned = plan(content, system=system)
    assert [row for row in planned if isinstance(row, BadRow)] == []
    events = [row.event for row in planned if isinstance(row, Planned)]
    titles = {split_stream_id(event.stream_id)[1]: event.state["title"] for event in events}
    states = [dict(event.state) for event in events]
    return [
        {
            name: titles.get(str(state["parent"]), "not here") if name == "parent" else state[name]
            for name in CONTENT_FIELDS
            if state[name] != DEFAULTS[name]
        }
        for state in states
    ]


def todo_ids(content: bytes, **options: Any) -> list[str]:
    return [row.event.stream_id for row in plan(content, **options) if isinstance(row, Planned)]


def errors_of(content: bytes, name: str | None = None) -> list[tuple[int, str, str]]:
    """(line, pointer, detail) of everything wrong with a file's rows."""
    return [
        (row.line, error.pointer, error.detail)
        for row in plan(content, name)
        if isinstance(row, BadRow)
        for error in row.errors
    ]


def titles(content: bytes, name: str | None = None) -> list[str]:
    return [row.event.state["title"] for row in plan(content, name) if isinstance(row, Planned)]


class GroupLedger(LedgerAppender):
    """Takes groups as DynamoDB takes transactions: whole or not at all, and no item twice in one."""

    def __init__(self) -> None:
        self.streams: dict[str, list[Event]] = {}
        self.groups: list[int] = []
        self.failures: list[Exception] = []
        self.answers_lost = 0
        self._lock = Lock()

    @property
    def events(self) -> dict[str, Event]:
        """The newest event of each stream."""
        return {stream: events[-1] for stream, events in self.streams.items()}

    def append(self, group: list[Event]) -> dict[int, Event]:
        with self._lock:
            self.groups.append(len(group))
            streams = [event.stream_id for event in group]
            assert len(set(streams)) == len(streams), "DynamoDB refuses two operations on one item"
            assert len(group) <= MAX_TRANSACTION_ITEMS
            assert sum(len(str(event)) for event in group) <= 2 * MAX_TRANSACTION_BYTES
            if self.failures:
                raise self.failures.pop(0)
            standing = {
                position: self.streams[event.stream_id][event.version - 1]
                for position, event in enumerate(group)
                if len(self.streams.get(event.stream_id, [])) >= event.version
            }
            if not standing:
                for event in group:
                    self.streams.setdefault(event.stream_id, []).append(event)
            if not standing and self.answers_lost:
                self.answers_lost -= 1
                raise self.lost_answer()
            return standing

    def first_events(self, streams: list[str]) -> dict[str, Event]:
        if self.failures:
            raise self.failures.pop(0)
        return {stream: self.streams[stream][0] for stream in streams if stream in self.streams}

    def histories(self, standing: list[Event]) -> list[list[Event]]:
        return [list(self.streams[event.stream_id]) for event in standing]

    @staticmethod
    def lost_answer() -> Exception:

        return LedgerUnavailable("no answer")


def load(
    content: bytes,
    ledger: LedgerReader,
    concurrency: int = 1,
    on_change: OnChange = "update",
    is_sure: bool = True,
    pace: Pace | None = None,
    operation: str | None = None,
) -> tuple[Summary, list[tuple[int, str]]]:
    """Load a file; the summary, and (line, reason) of each row that is reported as rejected."""
    file = Input(io.BytesIO(content))
    reported = Reported()
    destination = LedgerDestination(concurrency, ChangePolicy(on_change, is_sure=is_sure), ledger, pace)
    with Writer(concurrency, destination) as writer, Seen() as seen, Seen() as contents:
        planner = Planner(Owner(OWNER), "file", seen, contents, PLAINLY, operation=operation)
        run = Load(planner, writer, reported, TextProgress(nothing_opened()))
        summary = run.load_rows(choose_format(file.head).read_rows(file, PLAINLY))
    return summary, reported.rows


def nothing_opened() -> OpenStream:
    return OpenStream(io.BytesIO(), CountedStream(io.BytesIO()), None)


class Reported(RejectedRows):
    def __init__(self) -> None:
        super().__init__(None, Origin("jsonl", "file", PLAINLY))
        self.rows: list[tuple[int, str]] = []

    def add(self, row: BadRow) -> None:
        super().add(row)
        self.rows.append((row.line, row.errors[0].detail))


def rows(count: int) -> bytes:
    return lines(*({"id": number, "title": f"Todo {number}"} for number in range(count)))


Read = TypeVar("Read", bound=Planned | Row | BadRow)


def by_line(found: Sequence[Read]) -> dict[int, Read]:
    return {row.line: row for row in found}
