"""What a takeout may say of a todo, one event after the other. A file may be hostile, so nothing of it is believed.

An event says what it changed. Everything that follows from that is computed here: where the event is stored, and the
state that it leads to. A history must also be one that this service could have written, as far as anything depends on
it: the projection, the views' keys and the next command must be able to work with each state.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, get_type_hints

import msgspec

from chalicelib.ledger import codec
from chalicelib.ledger.errors import EventTooLarge
from chalicelib.todos import content, decide, fold, ids, instants, takeout_rows
from chalicelib.todos.content import FieldError, InvalidContent, pointer
from chalicelib.todos.events import (
    COMPLETED,
    CONTENT_FIELDS,
    CREATED,
    DELETED,
    EDITED,
    REMINDED,
    REOPENED,
    RESTORED,
    REVERTED,
    SOURCE_TIMES,
    Event,
    Next,
    Todo,
    canonical_json,
)
from chalicelib.todos.fields import MAX_ORDER
from chalicelib.todos.ids import Partition
from chalicelib.views import schema

_CONTENT: Final = frozenset(CONTENT_FIELDS)
# The fields that a type's change may have; the fold itself takes any.
FIELDS_OF: Final[dict[str, frozenset[str]]] = {
    CREATED: _CONTENT.union(SOURCE_TIMES, {"reminded"}),
    EDITED: _CONTENT | {"reminded"},
    COMPLETED: _CONTENT | {"next", "completed_at", "reminded"},
    REOPENED: _CONTENT | {"next", "reminded"},
    DELETED: frozenset(),
    RESTORED: _CONTENT | {"next", "completed_at", "reminded"},
    REVERTED: _CONTENT | {"next", "completed_at"},
    REMINDED: frozenset(),
}

_MAX_NAME_BYTES: Final = 1024
_MEMBERS: Final = frozenset({"todo", *takeout_rows.ALWAYS, *takeout_rows.SOMETIMES, *takeout_rows.LAST})
_TYPES: Final = get_type_hints(Todo)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_KEY: Final = re.compile(r"[!-~]{1,255}", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)

Rule = Callable[[Any], str | None]


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
        _check_members(row)
        self._check_place(row)
        _check_fields(row)
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
        if (error := _instant_error(at)) is not None:
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


def _check_members(row: dict[str, Any]) -> None:
    errors = [FieldError(pointer(name), "unknown member") for name in row if name not in _MEMBERS][:10]
    errors += [FieldError(pointer(name), "required") for name in takeout_rows.ALWAYS if name not in row]
    errors += [FieldError(pointer(other), "required") for one, other in _PAIRS if one in row and other not in row]
    if errors:
        raise InvalidContent(errors)
    errors = [
        FieldError(pointer(name), error)
        for name, rule in _RULES.items()
        if name in row and (error := rule(row[name])) is not None
    ]
    if errors:
        raise InvalidContent(errors)


def _check_fields(row: dict[str, Any]) -> None:
    """Each field is one that the type may change, to a value that it can have had."""
    errors = []
    for name, value in row["change"].items():
        error = f"not a field that a {row['type']} changes"
        if name in FIELDS_OF[row["type"]]:
            error = _value_error(name, value) or ""
        if error:
            errors.append(FieldError(pointer("change", name), error))
    if errors:
        raise InvalidContent(errors[:10])


def _invalid(member: str, detail: str, *path: str) -> InvalidContent:
    return InvalidContent([FieldError(pointer(member, *path), detail)])


def _event_id(value: object) -> str | None:
    return None if isinstance(value, str) and ids.is_todo_id(value) else "expected a UUID in lower case"


def _type(value: object) -> str | None:
    if isinstance(value, str) and value in FIELDS_OF:
        return None
    return f"expected one of {', '.join(FIELDS_OF)}: a newer version of the service may have others"


def _object(value: object) -> str | None:
    return None if isinstance(value, dict) else "expected an object"


def _name(value: object) -> str | None:
    """Who, or what else: a text that fits an event beside everything else."""
    if not isinstance(value, str) or not value:
        return "expected a text"
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return content.LONE_SURROGATE
    return None if size <= _MAX_NAME_BYTES else f"{size} bytes of UTF-8 where {_MAX_NAME_BYTES} are allowed"


def _matching(pattern: re.Pattern[str], expected: str) -> Rule:
    def rule(value: object) -> str | None:
        return None if isinstance(value, str) and pattern.fullmatch(value) else f"expected {expected}"

    return rule


# By member, beside what depends on other events. Whoever gives an event another attribute adds it here and to
# `takeout_rows.SOMETIMES`.
_RULES: Final[dict[str, Rule]] = {
    "event_id": _event_id,
    "type": _type,
    "change": _object,
    "actor": _name,
    "correlation_id": _name,
    "causation_id": _name,
    "idempotency_key": _matching(_KEY, "1 to 255 visible ASCII characters"),
    "request_hash": _matching(_HASH, "64 hexadecimal digits"),
    "state": _object,
}
# The first of each comes with the second.
_PAIRS: Final = (
    ("idempotency_key", "request_hash"),
    ("request_hash", "idempotency_key"),
    ("state", "state_schema"),
    ("state_schema", "state"),
)


def _instant_error(value: object) -> str | None:
    """What keeps a value from being an instant as the ledger writes them."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            if instants.format_milliseconds(instants.milliseconds_of(value)) == value:
                return None
        except (ValueError, OverflowError):
            pass
    return "expected an instant in UTC with three decimals, such as 2026-12-01T09:00:00.000Z"


def _value_error(name: str, value: object) -> str | None:
    """What keeps a field from having had a value. Earlier versions let values pass that are refused today."""
    if name in SOURCE_TIMES:
        return _instant_error(value)
    if name == "next":
        return _next_error(value)
    if content.is_too_deep(value):
        return "nested too deeply"
    try:
        content.convert(value, _TYPES[name])
        if name not in _STORABLE or value is None or content.is_acceptable(name, value):
            return None
        return _STORABLE[name](value)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        return str(error)


def _parse(value: str) -> None:
    instants.parse(value)


def _order(value: float) -> str | None:
    return None if -MAX_ORDER <= value <= MAX_ORDER else "out of range"


# What keys of the views are made of has bounds that were never wider.
_STORABLE: Final[dict[str, Rule]] = {
    "list": content.list_name_error,
    "due": _parse,
    "remind_at": _parse,
    "order": _order,
}


def _next_error(value: object) -> str | None:
    if value is None:
        return None
    try:
        found = content.convert(value, Next)
    except msgspec.ValidationError as error:
        return str(error)
    if not isinstance(value, dict) or value.keys() - {"first", "id", "version", "at"}:
        return "has an unknown member"
    if not all(ids.is_todo_id(each) for each in (found["first"], found["id"], found.get("at", found["id"]))):
        return "expected ids of todos"
    return None if 0 <= found["version"] <= MAX_ORDER else "expected a version"


def _is_same(one: object, other: object) -> bool:
    """Equality as JSON has it."""
    try:
        return one == other and canonical_json(one) == canonical_json(other)
    except (ValueError, RecursionError):
        return False
