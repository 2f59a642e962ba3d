"""Takeouts of our own making, and a ledger in memory that takes histories as DynamoDB takes transactions."""

from __future__ import annotations

import io
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.ledger.ledger import MAX_TRANSACTION_BYTES, MAX_TRANSACTION_ITEMS
from chalicelib.todos import ids, instants, takeout_rows
from chalicelib.todos.events import COMPLETED, CREATED, DELETED, EDITED, REMINDED, REOPENED, RESTORED, Event
from chalicelib.todos.ids import Owner, Partition
from loaders.errors import UnreadableFile
from loaders.histories.history import History
from loaders.histories.reader import TakeoutReader
from loaders.into.histories import HistoryAppender, HistoryDestination
from loaders.into.writer import GroupWriter
from loaders.load import HistoriesLoad
from loaders.output.progress import TextProgress
from loaders.output.summary import Summary
from loaders.reading.input import Input
from loaders.rows.row import BadRow
from loaders.rows.seen import Seen
from tests.loaders.loading import Reported, nothing_opened
from tests.support.events import following

# The todos move from one owner to another.
SOURCE, OWNER = ids.Partition("ann"), ids.Partition("bob")
NOW = "2026-11-30T12:00:00.000Z"
_BEGAN = instants.milliseconds_of("2026-01-01T00:00:00.000Z")

_STEPS: list[tuple[str, dict[str, Any]]] = [
    (EDITED, {"title": "Buy oat milk", "tags": ["a", "ü"], "list": "a/b #1"}),
    (COMPLETED, {"completed": True}),
    (REOPENED, {"completed": False, "notes": "Two litres"}),
    (EDITED, {}),
    (DELETED, {}),
    (RESTORED, {}),
    (EDITED, {"remind_at": "2026-01-01", "metadata": {"a": [1, True, None]}}),
    (REMINDED, {}),
]


def history(count: int = 9, *, todo_id: str | None = None, notes: str = "") -> list[Event]:
    """The events of a todo in the ledger that it comes from."""
    stream = ids.stream_id(SOURCE, todo_id or str(uuid.uuid4()))
    events: list[Event] = []
    for number in range(count):
        kind, change = (CREATED, {"title": "Buy milk"}) if number == 0 else _STEPS[(number - 1) % len(_STEPS)]
        stated: dict[str, Any] = {"event_id": str(uuid.uuid4()), "actor": "ann", "correlation_id": f"request-{number}"}
        if number % 2:
            stated |= {"client": "shopping-app", "operation": f"carol#{number}"}
        if number % 3 == 1:
            stated |= {"idempotency_key": f"key-{number}", "request_hash": f"{number:064x}", "causation_id": "why"}
        if notes and kind == EDITED:
            change = {**change, "notes": notes}
        at = instants.format_milliseconds(_BEGAN + 1000 * number)
        events.append(following(events[-1] if events else None, stream, kind, change, at=at, **stated))
    return events


def todo_id_of(events: list[Event]) -> str:
    return ids.split_stream_id(events[0].stream_id)[1]


def rows_of(*histories: list[Event]) -> list[dict[str, Any]]:
    """The lines of a takeout, as objects that a test may forge."""
    lines = [takeout_rows.header("ann", NOW)]
    for events in histories:
        for event in events:
            lines.append(takeout_rows.line_of(todo_id_of(events), event, is_last=event is events[-1]))
    lines.append(takeout_rows.footer(len(histories), sum(map(len, histories))))
    return [json.loads(line) for line in lines]


def takeout(*histories: list[Event]) -> bytes:
    return text_of(rows_of(*histories))


def text_of(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


class Killed(BaseException):
    """The process ends here."""


class HistoryLedger(HistoryAppender):
    """Takes groups whole or not at all.

    Attributes
    ----------
    groups : list of int
        How many events each transaction had.
    killed_before, killed_after : int, optional
        The number of the transaction at which the process ends, not yet or just written.
    answers_lost : int
        So many transactions are written and get no answer.
    """

    def __init__(self) -> None:
        self.streams: dict[str, list[Event]] = {}
        self.groups: list[int] = []
        self.killed_before: int | None = None
        self.killed_after: int | None = None
        self.answers_lost = 0
        self._lock = threading.Lock()

    def append(self, group: list[Event]) -> dict[int, Event]:
        with self._lock:
            number = len(self.groups)
            self.groups.append(len(group))
            assert len({(event.stream_id, event.version) for event in group}) == len(group) <= MAX_TRANSACTION_ITEMS
            assert sum(len(str(event)) for event in group) <= 2 * MAX_TRANSACTION_BYTES
            if number == self.killed_before:
                raise Killed
            existing = {
                position: self.streams[event.stream_id][event.version - 1]
                for position, event in enumerate(group)
                if len(self.streams.get(event.stream_id, [])) >= event.version
            }
            if existing:
                return existing
            for event in group:
                stream = self.streams.setdefault(event.stream_id, [])
                assert event.version == len(stream) + 1, "a version is left out"
                stream.append(event)
            if number == self.killed_after:
                raise Killed
            if self.answers_lost:
                self.answers_lost -= 1
                raise LedgerUnavailable("no answer")
            return {}

    def stored(self, stream: str) -> Iterator[Event]:
        yield from list(self.streams.get(stream, []))

    def is_unfinished(self, stream: str) -> bool:
        return self.streams[stream][-1].more


def read(content: bytes, partition: Partition = OWNER, now: str = NOW) -> list[History | BadRow]:
    with Seen() as seen:
        return list(TakeoutReader(partition, now, seen).read(Input(io.BytesIO(content))))


def rejections(content: bytes) -> list[tuple[str | None, str, str]]:
    """(todo, pointer, detail) of everything wrong with the histories of a takeout."""
    found: list[tuple[str | None, str, str]] = []
    with Seen() as seen, suppress(UnreadableFile):
        for row in TakeoutReader(OWNER, NOW, seen).read(Input(io.BytesIO(content))):
            if isinstance(row, BadRow):
                found += [(row.original["todo"], error.pointer, error.detail) for error in row.errors]
    return found


def load(content: bytes, ledger: HistoryLedger, owner: str = "bob") -> tuple[Summary, list[tuple[int, str]]]:
    """Load a takeout; the counts, and (line, reason) of each todo that is rejected or reported."""
    reported = Reported()
    with GroupWriter(1, HistoryDestination(1, ledger)) as writer, Seen() as seen:
        reader = TakeoutReader(ids.partition_of(Owner(owner)), NOW, seen)
        run = HistoriesLoad(writer, reported, TextProgress(nothing_opened()))
        summary = run.load_histories(reader.read(Input(io.BytesIO(content))))
    return summary, reported.rows
