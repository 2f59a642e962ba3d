"""What a line of a takeout may say by itself: its members, and the fields that an event of its type changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, get_type_hints

import msgspec

from chalicelib.todos import content, ids, instants, takeout_rows
from chalicelib.todos.content import FieldError, InvalidContent, pointer
from chalicelib.todos.events import (
    COMPLETED,
    CONTENT_FIELDS,
    CREATED,
    DELETED,
    EDITED,
    OFF,
    ON,
    REMINDED,
    REOPENED,
    RESTORED,
    REVERTED,
    SOURCE_TIMES,
    Next,
    Todo,
)
from chalicelib.todos.fields import MAX_ORDER

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
_OPERATION: Final = re.compile(ids.OPERATION, re.ASCII)
_DIRECTION: Final = re.compile(f"{OFF}|{ON}", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)

Rule = Callable[[Any], str | None]


def check_members(row: dict[str, Any]) -> None:
    """See that a line has the members of an event, each with a value that it can have.

    Raises
    ------
    InvalidContent
    """
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


def check_fields(row: dict[str, Any]) -> None:
    """See that each field is one that the type may change, to a value that it can have had.

    Raises
    ------
    InvalidContent
    """
    errors = []
    # A deletion by an undo takes back what else its operation changed.
    changed = _CONTENT if row["type"] == DELETED and "undoes" in row else FIELDS_OF[row["type"]]
    for name, value in row["change"].items():
        error = f"not a field that a {row['type']} changes"
        if name in changed:
            error = _value_error(name, value) or ""
        if error:
            errors.append(FieldError(pointer("change", name), error))
    if errors:
        raise InvalidContent(errors[:10])


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
    "client": _name,
    "operation": _matching(_OPERATION, "1 to 64 visible ASCII characters"),
    "undoes": _matching(_OPERATION, "1 to 64 visible ASCII characters"),
    "direction": _matching(_DIRECTION, f"{OFF} or {ON}"),
    "state": _object,
}
# The first of each comes with the second.
_PAIRS: Final = (
    ("idempotency_key", "request_hash"),
    ("request_hash", "idempotency_key"),
    ("undoes", "direction"),
    ("direction", "undoes"),
    ("state", "state_schema"),
    ("state_schema", "state"),
)


def instant_error(value: object) -> str | None:
    """What keeps a value from being an instant as the ledger writes them; None if nothing does."""
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
        return instant_error(value)
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
