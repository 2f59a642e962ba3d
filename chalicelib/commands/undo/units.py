"""Todos that an undo looks at together: one, or several that the operation itself made each other's next occurrence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from chalicelib.ledger import codec, ledger, operation_index
from chalicelib.ledger.errors import EventTooLarge
from chalicelib.todos import fold, ids, instants, undo
from chalicelib.todos.decide import Decision
from chalicelib.todos.events import MAX_EVENT_BYTES, Event
from chalicelib.todos.ids import Partition
from chalicelib.todos.standing_writes import StandingWrites
from chalicelib.todos.undo import Conflict, Outcome

AT_THE_SAME_TIME: Final = 8
# One transaction has all of them, and one that completed so many of a series at once is a program's.
MAX_TODOS: Final = 40

UNFINISHED_IMPORT: Final = "unfinished_import"
LONG_SERIES: Final = "long_series"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be undone, and how its events are found.

    Attributes
    ----------
    operation : str
        The one whose changes are switched.
    keys : tuple of str
        Those of the index that have its events.
    expect : mapping of str to int, optional
        The versions of the todos that may be changed.
    """

    partition: Partition
    operation: str
    undo: str
    direction: str
    keys: tuple[str, ...]
    expect: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """Todos that are decided on together, by id.

    Attributes
    ----------
    left : str, optional
        Why none of them may be changed.
    """

    streams: Mapping[str, StandingWrites]
    left: str | None = None

    def outcomes(self, asked: Asked) -> dict[str, Outcome]:
        """What the undo does to each."""
        if self.left is not None:
            reason = Conflict(None, self.left)
            return {
                todo_id: Outcome(stream.version, exists=True, conflicts=[reason])
                for todo_id, stream in self.streams.items()
            }
        return undo.switch(self.streams, asked.undo, asked.direction, expect=asked.expect, check=_size_error)


class Reader:
    """Reads the streams of units, each once."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._streams: dict[str, StandingWrites] = {}
        self._unfinished: set[str] = set()

    def units(self, todo_ids: Iterable[str]) -> list[Unit]:
        """The units that have these todos. One of which the index does not have everything yet is left out."""
        wanted = list(dict.fromkeys(todo_ids))
        self._read(wanted)
        found: dict[str, dict[str, StandingWrites]] = {}
        for todo_id in wanted:
            if todo_id not in found:
                streams = self._together_with(todo_id)
                for each in list(streams):
                    # Some ways lead in one direction only: from a todo to a next occurrence that it did not write.
                    streams |= found.get(each, {})
                found |= dict.fromkeys(streams, streams)
        return [Unit(streams, self._left(streams)) for streams in {id(each): each for each in found.values()}.values()]

    def _together_with(self, todo_id: str) -> dict[str, StandingWrites]:
        """The streams that are decided on together with a todo's; none if the index does not have everything yet."""
        found = {todo_id: self._stream(todo_id)}
        pending = [todo_id]
        while pending and len(found) <= MAX_TODOS:
            stream = found[pending.pop()]
            neighbours = [link.next_id for link in stream.links]
            known = {link.event_id for each in found.values() for link in each.links}
            for cause in set(stream.caused.values()) - known:
                at = operation_index.find(self._asked.keys, cause)
                if at is None:
                    return {}
                neighbours.append(ids.split_stream_id(at[1])[1])
            for each in neighbours:
                if each not in found:
                    found[each] = self._stream(each)
                    pending.append(each)
        return found

    def _left(self, streams: Mapping[str, StandingWrites]) -> str | None:
        if len(streams) > MAX_TODOS:
            return LONG_SERIES
        return UNFINISHED_IMPORT if self._unfinished & streams.keys() else None

    def _stream(self, todo_id: str) -> StandingWrites:
        if todo_id not in self._streams:
            self._streams[todo_id] = self._fold(todo_id)
        return self._streams[todo_id]

    def _read(self, todo_ids: list[str]) -> None:
        ledger.connect()
        with ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
            for todo_id, stream in zip(todo_ids, pool.map(self._fold, todo_ids), strict=True):
                self._streams[todo_id] = stream

    def _fold(self, todo_id: str) -> StandingWrites:
        writes = StandingWrites(self._asked.operation)
        for page in ledger.oldest_first(ids.stream_id(self._asked.partition, todo_id)):
            for event in page:
                writes.follow(event)
        if writes.head is not None and writes.head.more:
            self._unfinished.add(todo_id)
        return writes


def event_of(stream: StandingWrites, decision: Decision, at: str, **attributes: str | None) -> Event:
    """The event of an undo, at an instant that is later than the stream's newest event."""
    head = stream.head
    assert head is not None
    return Event(
        stream_id=head.stream_id,
        version=head.version + 1,
        type=decision.type,
        change=decision.change,
        state=fold.evolve(head.state, decision.type, decision.change, at),
        state_schema=fold.STATE_SCHEMA,
        occurred_at=at,
        **attributes,  # type: ignore[arg-type]
    )


def _size_error(stream: StandingWrites, decision: Decision) -> str | None:
    """What keeps the event of an undo from being one, with room for the attributes that are not known here."""
    assert stream.head is not None
    draft = event_of(stream, decision, instants.instant_after(stream.head.occurred_at), event_id="", actor="")
    try:
        codec.check_room(draft.state, stream.head.state)
        size = codec.size_of(draft) + codec.MAX_OTHER_BYTES
    except EventTooLarge as error:
        return str(error)
    return f"the event would take {size} bytes where {MAX_EVENT_BYTES} are allowed" if size > MAX_EVENT_BYTES else None
