"""One todo's history on its way from a takeout to the ledger, in memory that does not grow with its length."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import IO, Any, Final

import msgspec

from chalicelib.ledger import codec, ledger
from chalicelib.todos import fold, strict_json
from chalicelib.todos.content import FieldError
from chalicelib.todos.events import Event, Todo
from loaders.histories.checks import event_of
from loaders.rows.row import BadRow

# What the marks of the import add to an event and its state, at most.
_MARKS_BYTES: Final = 256


class Part(msgspec.Struct, frozen=True, gc=False):
    """As many events of a history as one transaction takes, as the file states them.

    Attributes
    ----------
    is_last : bool
        Whether the history ends with them.
    """

    events: list[Event]
    is_last: bool

    def stamped(self, state: Todo | None, imported_at: str) -> list[Event]:
        """The events as they are stored: when they came, and what they lead to from the `state` before the first.

        Every event of a part that is not the last is marked. Were it only the part's last event, the projection, which
        takes whatever event it is handed, would show the one before.
        """
        found = []
        for stated in self.events:
            event = replace(stated, imported_at=imported_at, more=not self.is_last)
            state = fold.follow(state, event)
            found.append(replace(event, state=state))
        return found


class History:
    """The events of one todo. Those beyond the first part are kept in a temporary file.

    Parameters
    ----------
    line : int
        Where it begins in the takeout.

    Attributes
    ----------
    count : int
        How many events it has so far.
    size : int
        The most bytes that they take in the ledger.
    """

    def __init__(self, line: int, todo_id: str, stream: str) -> None:
        self.line = line
        self.todo_id = todo_id
        self.stream = stream
        self.count = 0
        self.size = 0
        self._first: list[Event] = []
        self._rest: IO[bytes] | None = None

    @property
    def fits(self) -> bool:
        """Whether one transaction takes all of it."""
        return self._rest is None

    def add(self, event: Event, line: bytes) -> None:
        """Add the next event, which `line` states."""
        self.count += 1
        self.size += _size_of(event)
        if self._rest is None and not _is_too_much(self.count, self.size):
            self._first.append(event)
            return
        if self._rest is None:
            self._rest = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the history
        self._rest.write(line.rstrip() + b"\n")

    def events(self) -> Iterator[Event]:
        """Every event as the file states it, with the state that the file's events lead to."""
        yield from self._first
        if self._rest is not None:
            self._rest.seek(0)
            state = self._first[-1].state
            for line in self._rest:
                event = event_of(self.stream, strict_json.parse_bytes(line), state)
                state = event.state
                yield event

    def parts(self, after: int = 0) -> Iterator[Part]:
        """The events after a version, in parts."""
        group: list[Event] = []
        size = 0
        for event in self.events():
            if event.version <= after:
                continue
            size += _size_of(event)
            if group and _is_too_much(len(group) + 1, size):
                yield Part(group, is_last=False)
                group, size = [], _size_of(event)
            group.append(event)
        if group:
            yield Part(group, is_last=True)

    def as_bad(self, reason: str) -> BadRow:
        """The todo as one that is not loaded, with the reason; its events stay in the takeout."""
        return BadRow(self.line, original_of(self.todo_id), [FieldError("#", reason)])

    def close(self) -> None:
        """Remove what is kept on disk."""
        if self._rest is not None:
            self._rest.close()


def group_histories(histories: Iterable[History]) -> Iterator[list[History]]:
    """Histories in groups that one transaction takes; one that is too long for it is a group of its own."""
    group: list[History] = []
    events = size = 0
    for history in histories:
        if group and (not history.fits or _is_too_much(events + history.count, size + history.size)):
            yield group
            group, events, size = [], 0, 0
        group.append(history)
        events += history.count
        size += history.size
        if not history.fits:
            yield group
            group, events, size = [], 0, 0
    if group:
        yield group


def original_of(todo_id: Any) -> dict[str, Any]:
    """What takes the place of a history among rejected rows."""
    return {"todo": todo_id}


def _size_of(event: Event) -> int:
    return codec.size_of(event) + _MARKS_BYTES


def _is_too_much(events: int, size: int) -> bool:
    return events > ledger.MAX_TRANSACTION_ITEMS or size > ledger.MAX_TRANSACTION_BYTES
