"""What a journal says: the tables, their items and streams, and the queues' messages, as its records leave them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from stack.local.journal.lines import Record

# Partition and sort key, as the engine has them.
Key = tuple[str, str]


@dataclass
class Stream:
    """What is left of a table's stream.

    Attributes
    ----------
    horizon : int
        How many records came before the first one here.
    records : list
        Event name, partition key, sort key, and time of each.
    positions : dict
        By the mapping's id, how many records it has read since the table's beginning.
    """

    horizon: int = 0
    records: list[list[Any]] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)

    def forget_what_was_read(self) -> None:
        """Drop the records that every mapping has read."""
        if not self.positions:
            return
        read = min(self.positions.values()) - self.horizon
        if read > 0:
            del self.records[:read]
            self.horizon += read


class Contents:
    """The state that the records of a journal lead to.

    Attributes
    ----------
    tables : dict
        By the table's ARN, its description with its settings (`capture.describe`).
    items : dict
        By the table's ARN, its items by their keys.
    streams : dict
        By the table's ARN.
    queues : dict
        By the queue's ARN, its messages by their ids.
    last : int
        The number of the last batch.
    closed : bool
        Whether the engine that wrote it was stopped, and not killed.
    since_start : Counter
        How many items the engine that was started last has written, by their table's name.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Any]] = {}
        self.items: defaultdict[str, dict[Key, dict[str, Any]]] = defaultdict(dict)
        self.streams: defaultdict[str, Stream] = defaultdict(Stream)
        self.queues: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        self.last = 0
        self.closed = True
        self.since_start: Counter[str] = Counter()

    def apply(self, records: list[Record]) -> None:
        """Do what the records of one batch say."""
        self.closed = False
        for record in records:
            match record:
                case ["item", table, partition, sort, item]:
                    self.items[table][partition, sort] = item
                    self.since_start[table.rpartition("/")[2]] += 1
                case ["gone", table, partition, sort]:
                    self.items[table].pop((partition, sort), None)
                case ["stream", table, *what]:
                    self.streams[table].records.append(what)
                case ["read", table, mapping, position]:
                    self._read(table, mapping, position)
                case ["sent", queue, message]:
                    self.queues[queue][message["id"]] = message
                case ["taken", queue, identifier]:
                    self.queues[queue].pop(identifier, None)
                case _:
                    self._apply_rare(record)

    def records(self) -> Iterator[Record]:
        """The records that lead to this state."""
        for table, description in self.tables.items():
            yield ["table", table, description]
        for table, items in self.items.items():
            for (partition, sort), item in items.items():
                yield ["item", table, partition, sort, item]
        for table, stream in self.streams.items():
            stream.forget_what_was_read()
            yield ["horizon", table, stream.horizon]
            for mapping, position in stream.positions.items():
                yield ["read", table, mapping, position]
            for record in stream.records:
                yield ["stream", table, *record]
        for queue, messages in self.queues.items():
            for message in messages.values():
                yield ["sent", queue, message]

    def _apply_rare(self, record: Record) -> None:
        match record:
            case ["table", table, description]:
                self.tables[table] = description
            case ["dropped", table]:
                for by_table in (self.tables, self.items, self.streams):
                    by_table.pop(table, None)
            case ["emptied", table]:
                self.items.pop(table, None)
            case ["horizon", table, position]:
                self.streams[table].horizon = position
            case ["started"]:
                self.since_start.clear()
            case ["closed"]:
                self.closed = True
            case _:
                raise ValueError(f"an unknown record of the journal: {record[:1]}")

    def _read(self, table: str, mapping: str, position: int | None) -> None:
        positions = self.streams[table].positions
        if position is None:
            positions.pop(mapping, None)
        else:
            positions[mapping] = position
