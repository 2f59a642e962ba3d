"""From a row to the event that creates its todo, by the domain's own rules; nothing is written here."""

from __future__ import annotations

import hashlib
import time
from typing import Any, Final

import msgspec
import uuid_utils

from chalicelib.ledger import codec
from chalicelib.ledger.errors import EventTooLarge
from chalicelib.todos import content, decide, fold, ids, instants
from chalicelib.todos.content import FieldError, InvalidContent, pointer
from chalicelib.todos.events import MAX_EVENT_BYTES, Event, canonical_json
from chalicelib.todos.ids import Owner
from chalicelib.todos.strict_json import TOO_DEEP
from loaders.reconcile import ACTOR
from loaders.rows.row import BadRow, Row, unreadable
from loaders.rows.seen import Seen

# What an event takes beside its change, at most: names, ids and instants, and an owner of 255 bytes percent-encoded.
_OVERHEAD_BYTES: Final = 2048

_encode = msgspec.json.Encoder().encode


class Planned(msgspec.Struct, frozen=True, gc=False):
    """A row and the event to append for it.

    Attributes
    ----------
    size : int
        Bytes that the event takes in the ledger, at most.
    key : str, optional
        What stands for the row where it has no id (`loaders.rows.Row.key`).
    format : str, optional
        What the row is read as, where that is not the format of its file (`loaders.rows.Row.format`).
    """

    line: int
    source: Any
    event: Event
    size: int
    key: str | None = None
    format: str | None = None

    def as_bad(self, reason: str) -> BadRow:
        """The row as one that is not in, and why."""
        return BadRow(self.line, self.source, [FieldError("#", reason)], self.key, self.format)


class Planner:
    """Turns the rows of one file into events.

    Parameters
    ----------
    owner : str
    system : str
        What the rows' own ids belong to: with the owner and the row's id it makes the todo's id.
    seen : Seen
        Remembers the file's ids and contents.
    kept : Seen, optional
        Is told the ids of the todos that the file names, those of bad rows too.

    Attributes
    ----------
    keeps_ids : bool
        A row came with the id of its todo (`loaders.rows.Row.keeps_id`).
    """

    def __init__(self, owner: Owner, system: str, seen: Seen, kept: Seen | None = None) -> None:
        self._owner = owner
        self._system = system
        self._partition = ids.partition_of(owner)
        self._seen = seen
        self._kept = kept
        self.keeps_ids = False
        self._milliseconds = 0
        self._instant = ""

    def plan(self, row: Row) -> Planned | BadRow:
        """The event that creates the row's todo, or what keeps it from being one."""
        planned = self._plan(row)
        return planned if row.format is None else msgspec.structs.replace(planned, format=row.format)

    def _plan(self, row: Row) -> Planned | BadRow:
        source_id = row.own_id or row.key
        try:
            if source_id is not None:
                # An id belongs to the first row that has it, even if that is bad: mended, it must not meet the other.
                first_line, times = self._seen.note(f"id:{source_id}", row.line)
                if times > 1:
                    name = row.names.get("source", "id")
                    complaint = FieldError(pointer(name), f"the id is that of line {first_line}")
                    return BadRow(row.line, row.source, [complaint])
            else:
                source_id = self._content_id(row)
            self.keeps_ids |= row.keeps_id
            todo_id = source_id if row.keeps_id else ids.id_for_source(self._owner, self._system, source_id)
            if self._kept is not None:
                self._kept.note(todo_id, row.line)
            stated = self._validated(row)
        except InvalidContent as error:
            key = source_id if row.own_id is None else None
            return BadRow(row.line, row.source, _in_the_sources_words(error, row), key)
        except UnicodeEncodeError:
            return unreadable(row.line, row.source, content.LONE_SURROGATE)
        except RecursionError:
            return unreadable(row.line, row.source, TOO_DEEP)
        except ValueError:
            return unreadable(row.line, row.source, "holds a number that JSON cannot carry")
        if stated["parent"] is not None and self._seen.closes_cycle(todo_id, stated["parent"]):
            detail = "a cycle: its parents, as the rows before it tell them, lead back to this row"
            return BadRow(row.line, row.source, [FieldError(pointer(row.names.get("parent", "parent")), detail)])
        event = self._event(todo_id, stated)
        # The state is the change once more, and some instants. Where the bound is too much, the ledger counts exactly.
        size = 2 * len(_encode(event.change)) + _OVERHEAD_BYTES
        if size > MAX_EVENT_BYTES:
            try:
                size = codec.size_of(event)
            except EventTooLarge as error:
                return unreadable(row.line, row.source, str(error))
        return Planned(row.line, row.source, event, size, source_id if row.own_id is None else None)

    def _validated(self, row: Row) -> dict[str, Any]:
        fields = row.fields
        if row.keeps_id:
            return content.validate(fields)
        if "source" not in fields:
            fields["source"] = self._system if row.own_id is None else f"{self._system}:{row.own_id}"
        if row.parent is not None:
            fields["parent"] = ids.id_for_source(self._owner, self._system, row.parent)
        return content.validate(fields)

    def _content_id(self, row: Row) -> str:
        """Stands for a row that has no id: what the source says, however it is laid out, and which occurrence it is.

        Part of every todo's id that was loaded so: made otherwise, files that are loaded again would come twice.
        """
        digest = hashlib.sha256(canonical_json(row.source).encode())
        _, occurrence = self._seen.note_digest(digest.digest(), row.line)
        return f"content:{digest.hexdigest()}#{occurrence}"

    def _event(self, todo_id: str, stated: dict[str, Any]) -> Event:
        decision = decide.decide(decide.Create(stated), None, 0)
        assert decision is not None, "on nothing, Create makes an event"
        occurred_at = self._now()
        return Event(
            stream_id=ids.stream_id(self._partition, todo_id),
            version=1,
            event_id=str(uuid_utils.uuid7()),
            type=decision.type,
            change=decision.change,
            state=fold.evolve(None, decision.type, decision.change, occurred_at),
            state_schema=fold.STATE_SCHEMA,
            actor=ACTOR,
            occurred_at=occurred_at,
        )

    def _now(self) -> str:
        """The present instant; many rows are planned in one millisecond, and the text is what costs."""
        milliseconds = time.time_ns() // 1_000_000
        if milliseconds != self._milliseconds:
            self._milliseconds, self._instant = milliseconds, instants.format_milliseconds(milliseconds)
        return self._instant


def _in_the_sources_words(error: InvalidContent, row: Row) -> list[FieldError]:
    """The errors with each field called as the row calls it."""
    ours = {pointer(field): pointer(name) for field, name in row.names.items()}
    errors = []
    for found in error.errors:
        steps = found.pointer.split("/")
        field = "/".join(steps[:2])
        errors.append(FieldError("/".join([ours.get(field, field), *steps[2:]]), found.detail))
    return errors
