"""What a takeout may say of a todo, one event after the other. A file may be hostile, so nothing of it is believed.

An event says what it changed. Everything that follows from that is computed here: where the event is stored, and the
state that it leads to. A history must also be one that this service could have written, as far as anything depends on
it: the projection, the views' keys and the next command must be able to work with each state.
"""

from __future__ import annotations

from typing import Any

from chalicelib.ledger import codec
from chalicelib.ledger.errors import EventTooLarge
from chalicelib.todos import content, decide, fold, ids, takeout_rows
from chalicelib.todos.content import FieldError, InvalidContent, pointer
from chalicelib.todos.events import (
    COMPLETED,
    CREATED,
    REOPENED,
    SOURCE_TIMES,
    Event,
    Todo,
    canonical_json,
)
from chalicelib.todos.ids import Partition
from chalicelib.views import schema
from loaders.histories.event_rules import check_fields, check_members, instant_error


class HistoryChecks:
    """Checks the events of one todo, oldest first, and folds them.

    Parameters
    ----------
    partition : str
        The owner who gets the todo, as encoded in keys.
    now : str
        Nothing may have occurred later.

    Attributes
    ----------
    version : int
        Of the last event that was right; 0 before the first.
    is_complete : bool
        Whether the last event was the todo's last.
    """

    def __init__(self, partition: Partition, todo_id: str, now: str) -> None:
        self._partition = partition
        self._todo_id = todo_id
        self._stream = ids.stream_id(partition, todo_id)
        self._now = now
        self._before: Event | None = None
        self.version = 0
        self.is_complete = False

    def take(self, row: dict[str, Any]) -> Event:
        """The next event, with the state that the events so far lead to.

        Raises
        ------
        InvalidContent
            It cannot be the next event of such a todo.
        """
        if self.is_complete:
            raise _invalid("state", "an event follows the todo's last one")
        check_members(row)
        self._check_place(row)
        check_fields(row)
        event = event_of(self._stream, row, self._before.state if self._before else None)
        self._check_effect(event)
        self._check_state(event)
        self.is_complete = "state" in row
        if self.is_complete:
            self._check_end(row, event)
        self._before = event
        self.version = event.version
        return event

    def _check_place(self, row: dict[str, Any]) -> None:
        """The version and the instant follow those of the event before."""
        if type(row["version"]) is not int or row["version"] != self.version + 1:
            raise _invalid("version", f"expected version {self.version + 1}")
        if (row["type"] == CREATED) != (self.version == 0):
            raise _invalid("type", f"the first event, and no other, is a {CREATED}")
        at = row["occurred_at"]
        if (error := instant_error(at)) is not None:
            raise _invalid("occurred_at", error)
        if self._before is not None and at <= self._before.occurred_at:
            raise _invalid(
                "occurred_at", f"not later than the event before, which occurred at {self._before.occurred_at}"
            )
        if at > self._now:
            raise _invalid("occurred_at", "it lies in the future")

    def _check_effect(self, event: Event) -> None:
        """The change does what its type and its own instants say."""
        flips = event.state["completed"] != (self._before.state["completed"] if self._before else False)
        if event.type in (COMPLETED, REOPENED) and not (
            flips and event.state["completed"] == (event.type == COMPLETED)
        ):
            raise _invalid("type", "its change does not complete or reopen the todo so")
        for name in SOURCE_TIMES:
            if name in event.change and event.change[name] > event.occurred_at:
                raise _invalid("change", "later than the event", name)
        # A load writes it of a reminder that was past then (`loaders.rows.reminders`).
        if event.change.get("reminded") not in (None, fold.reminded_form(event.state["remind_at"])):
            raise _invalid("change", "another reminder than that of the todo", "reminded")
        if "completed_at" in event.change and not (flips and event.state["completed"]):
            raise _invalid("change", "the event does not complete the todo", "completed_at")

    def _check_state(self, event: Event) -> None:
        """What the ledger and the views make of the state they can store."""
        try:
            schema.index_attributes(self._partition, self._todo_id, codec.dump_state(event.state))
            codec.size_of(event)
        except UnicodeEncodeError:
            raise _invalid("change", content.LONE_SURROGATE) from None
        except (ValueError, OverflowError, RecursionError, EventTooLarge) as error:
            raise _invalid("change", str(error)) from None

    def _check_end(self, row: dict[str, Any], event: Event) -> None:
        """The state is what the file says, and one that could be written today."""
        newest_schema = row["state_schema"]
        if type(newest_schema) is not int or not 1 <= newest_schema <= fold.STATE_SCHEMA:
            raise _invalid(
                "state_schema", f"expected 1 to {fold.STATE_SCHEMA}: a newer version of the service wrote it"
            )
        made = takeout_rows.state_of(event.state)
        if newest_schema == fold.STATE_SCHEMA and not _is_same(row["state"], made):
            raise _invalid("state", "not what the events of the todo lead to")
        try:
            wanted = content.validate(decide.content_of(event.state))
            codec.check_room(event.state, None)
        except InvalidContent as error:
            raise InvalidContent(
                [FieldError(pointer("state") + each.pointer.removeprefix("#"), each.detail) for each in error.errors]
            ) from None
        except EventTooLarge as error:
            raise _invalid("state", str(error)) from None
        if wanted["parent"] == self._todo_id:
            raise _invalid("state", "a todo cannot be its own parent", "parent")


def event_of(stream: str, row: dict[str, Any], before: Todo | None) -> Event:
    """The event of a line that was checked, after a state."""
    return Event(
        stream_id=stream,
        version=row["version"],
        event_id=row["event_id"],
        type=row["type"],
        change=row["change"],
        state=fold.evolve(before, row["type"], row["change"], row["occurred_at"]),
        state_schema=fold.STATE_SCHEMA,
        actor=row["actor"],
        occurred_at=row["occurred_at"],
        **{name: row[name] for name in takeout_rows.SOMETIMES if name in row},
    )


def _invalid(member: str, detail: str, *path: str) -> InvalidContent:
    return InvalidContent([FieldError(pointer(member, *path), detail)])


def _is_same(one: object, other: object) -> bool:
    """Equality as JSON has it."""
    try:
        return one == other and canonical_json(one) == canonical_json(other)
    except (ValueError, RecursionError):
        return False
