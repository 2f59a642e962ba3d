"""From a row to the event that creates its todo, by the domain's rules. Nothing is written here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
import uuid_utils

from chalicelib.ledger import codec
from chalicelib.ledger.errors import EventTooLarge
from chalicelib.todos import content, decide, fold, ids, instants
from chalicelib.todos.content import FieldError, InvalidContent, pointer
from chalicelib.todos.events import MAX_EVENT_BYTES, Event, canonical_bytes
from chalicelib.todos.fields import Content
from chalicelib.todos.ids import Owner
from chalicelib.todos.strict_json import TOO_DEEP
from loaders.reading.options import ReadOptions
from loaders.reconcile import ACTOR
from loaders.rows import reminders
from loaders.rows.claims import Claims
from loaders.rows.loss import Loss
from loaders.rows.row import BadRow, Origin, Row, bad_row
from loaders.rows.seen import Seen
from loaders.rows.times import NO_TIMES, Times, take_times
from loaders.rows.wording import content_errors, explain

# The most that an event takes beside its content, which is in its change and in its state: names, ids, instants, and
# twice an owner of 255 bytes percent-encoded.
_OVERHEAD_BYTES: Final = 2560

_encode = msgspec.json.Encoder().encode


class Former(msgspec.Struct, frozen=True, gc=False):
    """What earlier versions of the loader made of a row.

    Attributes
    ----------
    ids : tuple of str
        The ids of its todos (`loaders.into.former`).
    parents : tuple of str
        The ids of the todos that they made of its parent.
    unset : tuple of str
        The fields that they did not set (`loaders.reconcile.without_unset`).
    list_name : str, optional
        The list that they put its todos into.
    """

    ids: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    list_name: str | None = None


NO_FORMER: Final = Former()


class Creation(msgspec.Struct, gc=False):
    """The event that creates a todo, made when it is first asked for: a dry run seldom asks.

    Attributes
    ----------
    made : Event or callable
        The event, or what makes it of `of`.
    of : tuple
        A row, what identifies it, its content and its times.
    """

    made: Event | Callable[[Row, str, Content, Times], Event]
    of: tuple[Row, str, Content, Times] | None = None

    @property
    def event(self) -> Event:
        """The event, always the same."""
        if not isinstance(self.made, Event):
            assert self.of is not None
            self.made = self.made(*self.of)
        return self.made


class Planned(msgspec.Struct, frozen=True, gc=False):
    """A row and the event to append for it.

    Attributes
    ----------
    creation : Creation
        Makes the event.
    size : int
        The most bytes that the event takes in the ledger.
    key : str, optional
        Identifies the row if it has no id (`loaders.rows.row.Row.key`).
    origin : Origin, optional
        Where the row comes from if not from this file (`loaders.rows.row.Row.origin`).
    former : Former
        What earlier versions of the loader made of the row, as far as it differs.
    loss : Loss, optional
        What no field of the todo holds.
    times : Times
        When the todo was created and completed at its source.
    unstated : tuple of str
        The fields of which the row says nothing (`loaders.rows.row.Row.unstated`).
    """

    line: int
    original: Any
    creation: Creation
    size: int
    key: str | None = None
    origin: Origin | None = None
    former: Former = NO_FORMER
    loss: Loss | None = None
    times: Times = NO_TIMES
    unstated: tuple[str, ...] = ()

    @property
    def event(self) -> Event:
        """The event that creates the row's todo."""
        return self.creation.event

    def as_bad(self, reason: str) -> BadRow:
        """The row as one that is not loaded, with the reason."""
        return BadRow(self.line, self.original, [FieldError("#", reason)], self.key, self.origin)


class Planner:
    """Turns the rows of one file into events.

    Parameters
    ----------
    owner : str
    system : str
        The list that the rows' ids belong to. A todo's id is derived from the owner, this name and the row's id.
    seen : Seen
        Remembers the file's ids.
    contents : Seen
        Remembers the contents of the rows without an id, of all files of a run: equal rows are as many todos, whichever
        file they are in.
    how : ReadOptions
    strict : bool
        A row that is not read without loss is refused.
    claims : Claims, optional
        The todos of the other files of the run, where there are any.
    kept : Seen, optional
        Collects the ids of the todos that the file has, those of bad rows included.
    ids_of : str, optional
        The owner whose ids the rows have, if that was another when they were loaded first.
    operation : str, optional
        What the events are part of.

    Attributes
    ----------
    keeps_ids : bool
        A row had the id of its todo (`loaders.rows.row.Row.keeps_id`).
    """

    def __init__(
        self,
        owner: Owner,
        system: str,
        seen: Seen,
        contents: Seen,
        how: ReadOptions,
        *,
        strict: bool = False,
        claims: Claims | None = None,
        kept: Seen | None = None,
        ids_of: Owner | None = None,
        operation: str | None = None,
    ) -> None:
        self._ids_of = ids_of or owner
        self._system = system
        self._partition = ids.partition_of(owner)
        self._seen = seen
        self._contents = contents
        self._list_name = how.list_name
        self._strict = strict
        self._claims = claims
        self._kept = kept
        self._time_zone = how.time_zone
        self._operation = operation
        self.keeps_ids = False
        self._formatted = (0, "")

    def plan(self, row: Row) -> Planned | BadRow:
        """The event that creates the row's todo, or the row with its errors."""
        times: Times = NO_TIMES
        fields, loss = row.fields, row.loss
        if "created_at" in fields or "completed_at" in fields:
            time_zone = self._time_zone if row.origin is None else row.origin.how.time_zone
            times, loss = take_times(row, self._now(), time_zone)
        if loss is not None and self._strict:
            planned: Planned | BadRow = bad_row(row.line, row.original, f"refused by --strict: {loss.text()}")
        else:
            planned = self._plan(row, times, loss)
        return planned if row.origin is None else msgspec.structs.replace(planned, origin=row.origin)

    def _plan(self, row: Row, times: Times, loss: Loss | None) -> Planned | BadRow:
        source_id = row.own_id or row.key
        if source_id is not None and (repeated := self._repeated_id(row, source_id)) is not None:
            return repeated
        try:
            if source_id is None:
                source_id = self._content_id(row)
            if row.keeps_id:
                self.keeps_ids = True
            if self._kept is not None or not source_id.isascii():
                self._keep(row, source_id)
            # A corrected row is the todo of a row that may be in another file of the run.
            claims = self._claims if row.origin is None else None
            elsewhere = claims.claim(self._todo_id(row, source_id), row.line) if claims is not None else None
            stated = self._stated(row)
            found, size = content.accept_plain(stated) or (Content(**content.validate_closely(stated)), None)
        except (InvalidContent, RecursionError, ValueError) as error:
            return _refused(row, source_id, error)
        if claims is not None and (bad := self._rival(claims, row, source_id, found, elsewhere)) is not None:
            return bad
        if found.parent is not None and (bad := self._cycle(row, source_id, found.parent)) is not None:
            return bad
        creation = Creation(self._event, (row, source_id, found, times))
        if found.remind_at is not None:
            loss = reminders.with_notice(loss, creation.event.change)
        try:
            # What is accepted at once has room in an event twice, and leaves room for what follows.
            most_bytes = _checked_size_of(creation.event) if size is None else 2 * size + _OVERHEAD_BYTES
        except EventTooLarge as error:
            return bad_row(row.line, row.original, str(error))
        former = NO_FORMER
        if row.former_ids or row.former_parents or row.former_unset:
            former = self._former(row, creation.event.state["list"])
        key = source_id if row.own_id is None else None
        return Planned(row.line, row.original, creation, most_bytes, key, row.origin, former, loss, times, row.unstated)

    def _keep(self, row: Row, source_id: str) -> None:
        """Note the id of a row's todo, where that is asked for; one that cannot be encoded is refused here."""
        todo_id = self._todo_id(row, source_id)
        if self._kept is not None:
            self._kept.note(todo_id, row.line)

    def _todo_id(self, row: Row, source_id: str) -> str:
        return source_id if row.keeps_id else ids.id_for_source(self._ids_of, self._system_of(row), source_id)

    def _system_of(self, row: Row) -> str:
        return self._system if row.origin is None else row.origin.system

    def _former(self, row: Row, list_name: str) -> Former:
        system = self._system_of(row)
        # An id that a row of the file has is that row's.
        own = [each for each in row.former_ids if not self._seen.has(f"id:{each}")]
        former = self._ids(own, system) + (self._ids(own, row.former_system) if row.former_system else ())
        return Former(
            former,
            self._ids(row.former_parents, system),
            row.former_unset,
            list_name if row.former_in_list else None,
        )

    def _ids(self, source_ids: Iterable[str], system: str) -> tuple[str, ...]:
        return tuple(ids.id_for_source(self._ids_of, system, each) for each in source_ids)

    def _repeated_id(self, row: Row, source_id: str) -> BadRow | None:
        """The bad row of an id that an earlier row has.

        An id belongs to its first row even if that row is bad: corrected, it must not meet the second.
        """
        first_line, times = self._seen.note(f"id:{source_id}", row.line)
        if times == 1:
            return None
        error = FieldError(pointer(row.names.get("source", "id")), f"the id already occurs in line {first_line}")
        return BadRow(row.line, row.original, [error], contested=("id", source_id))

    def _rival(self, claims: Claims, row: Row, source_id: str, found: Content, elsewhere: str | None) -> BadRow | None:
        """The bad row of an id that a row of another file (`elsewhere`) has, with other values."""
        if claims.note_content(self._todo_id(row, source_id), content.complete(found)) or elsewhere is None:
            return None
        advice = "load the newer file alone"
        if not row.keeps_id:
            advice = f"if they are two lists, load each with a --source of its own; otherwise {advice}"
        detail = f"{elsewhere} has the same id and other values: {advice}"
        error = FieldError(pointer(row.names.get("source", "id")), detail)
        return BadRow(row.line, row.original, [error], contested=("id", row.own_id) if row.own_id else None)

    def _cycle(self, row: Row, source_id: str, parent: str) -> BadRow | None:
        """The bad row of a todo that is an ancestor of its own parent."""
        if not self._seen.closes_cycle(self._todo_id(row, source_id), parent):
            return None
        detail = "a cycle: the row is an ancestor of its own parent"
        error = FieldError(pointer(row.names.get("parent", "parent")), detail)
        return BadRow(row.line, row.original, [error], contested=("parent", row.parent or parent))

    def _stated(self, row: Row) -> dict[str, Any]:
        """The content that a row states for its todo, not yet validated."""
        if row.errors:
            raise InvalidContent([])
        fields, origin, system, list_name = row.fields, row.origin, self._system, self._list_name
        if origin is not None:
            system, list_name = origin.system, origin.how.list_name
        if list_name is not None and fields.get("list") is None:
            fields["list"] = list_name
        if row.keeps_id:
            return fields
        if "source" not in fields:
            fields["source"] = system if row.own_id is None else f"{system}:{row.own_id}"
        if row.parent is not None:
            fields["parent"] = ids.id_for_source(self._ids_of, system, row.parent)
        return fields

    def _content_id(self, row: Row) -> str:
        """Identifies a row without an id: its content, however it is laid out, and how often it came before.

        The todo's id is derived from it, so computing it differently would load the same files twice.
        """
        identity = row.original if row.content is None else row.content
        digest = hashlib.sha256(canonical_bytes(identity)).digest()
        _, occurrence = self._contents.note_digest(digest, row.line)
        return f"content:{digest.hex()}#{occurrence}"

    def _event(self, row: Row, source_id: str, found: Content, times: Times) -> Event:
        todo_fields, occurred_at = content.complete(found), self._now()
        decision = decide.decide(decide.Create(todo_fields), None, 0)
        assert decision is not None, "Create always makes an event if there is no todo"
        change = decision.change
        if times is not NO_TIMES:
            change = {**change, **times.taken}
        if todo_fields["remind_at"] is not None:
            change = {**change, **reminders.reminded_before(todo_fields, occurred_at)}
        return Event(
            stream_id=ids.stream_id(self._partition, self._todo_id(row, source_id)),
            version=1,
            event_id=str(uuid_utils.uuid7()),
            type=decision.type,
            change=change,
            state=fold.evolve(None, decision.type, change, occurred_at),
            state_schema=fold.STATE_SCHEMA,
            actor=ACTOR,
            occurred_at=occurred_at,
            operation=self._operation,
        )

    def _now(self) -> str:
        """Now as text; formatted once a millisecond, in which many events are made."""
        now = instants.now_milliseconds()
        # One value, because several threads make events.
        found, text = self._formatted
        if now != found:
            text = instants.format_milliseconds(now)
            self._formatted = (now, text)
        return text


def _refused(row: Row, source_id: str | None, error: Exception) -> BadRow:
    """The bad row of an error that its content raised."""
    if isinstance(error, InvalidContent):
        key = source_id if row.own_id is None else None
        return BadRow(row.line, row.original, _errors_of(row, error), key)
    if isinstance(error, UnicodeEncodeError):
        return bad_row(row.line, row.original, content.LONE_SURROGATE)
    if isinstance(error, RecursionError):
        return bad_row(row.line, row.original, TOO_DEEP)
    return bad_row(row.line, row.original, "holds a number that JSON cannot express")


def _errors_of(row: Row, invalid: InvalidContent) -> list[FieldError]:
    """All that is wrong with a row: what its reader found and what else is, or what the domain found."""
    if row.errors:
        return [*row.errors, *content_errors(row.fields, row.names, row.errors)]
    return explain(invalid.errors, row.fields, row.names)


def _checked_size_of(event: Event) -> int:
    """The most bytes that an event takes in the ledger.

    Raises
    ------
    EventTooLarge
        Or its todo leaves no room for the service's own events.
    """
    codec.check_room(event.state, None)
    # If this bound is too large, the exact size decides.
    bound = 2 * len(_encode(event.change)) + _OVERHEAD_BYTES
    return bound if bound <= MAX_EVENT_BYTES else codec.size_of(event)
