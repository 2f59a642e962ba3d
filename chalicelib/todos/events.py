"""The event types and the todo.

These names are the storage format: they stand in every event ever written, so they are added to and never changed.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable

CREATED: Final = "TodoCreated"
EDITED: Final = "TodoEdited"
COMPLETED: Final = "TodoCompleted"
REOPENED: Final = "TodoReopened"
DELETED: Final = "TodoDeleted"
RESTORED: Final = "TodoRestored"
REVERTED: Final = "TodoReverted"
REMINDED: Final = "TodoReminded"

DEFAULT_LIST: Final = "inbox"

# A whole event; a DynamoDB item may hold 400 KB, but a Lambda's stream batch (6 MB) must hold a hundred of them.
MAX_EVENT_BYTES: Final = 64 * 1024
# A todo's content as JSON. A creation has it twice, as its change and in its state, and must fit an event: the next
# occurrence of a repeating todo is created when nobody is there to shorten it.
MAX_CONTENT_BYTES: Final = 30_000
# What the service writes for a todo that was accepted before its content was bounded: the creation that follows it.
MAX_OLD_EVENT_BYTES: Final = 2 * MAX_EVENT_BYTES + 4 * 1024


class Next(TypedDict):
    """What a todo knows of its next occurrence; no client sets or sees it, and a revert leaves it.

    Attributes
    ----------
    first : str
        The id of the first todo after this one: where each look begins.
    id : str
        The todo that an event of this one wrote last, `first` or one after it.
    version : int
        The version that it was left with; 0 if an event of this one never wrote any.
    at : str, optional
        The todo at which the last look ended, if that is not `id`.
    """

    first: str
    id: str
    version: int
    at: NotRequired[str]


class Todo(TypedDict):
    """A todo after an event. Instants are RFC 3339; an unset field is None."""

    title: str
    notes: str | None
    completed: bool
    list: str
    tags: list[str] | None
    priority: str
    due: str | None
    remind_at: str | None
    order: int | float | None
    repeat: str | None
    repeat_from: str | None
    time_zone: str | None
    parent: str | None
    source: str | None
    metadata: dict[str, Any] | None
    completed_at: str | None
    created_at: str
    updated_at: str
    deleted: bool
    # The value of `remind_at` that the owner was reminded of; no client sets or sees it.
    reminded: str | None
    next: Next | None


DEFAULTS: Final[dict[str, Any]] = {
    "title": "",
    "notes": None,
    "completed": False,
    "list": DEFAULT_LIST,
    "tags": None,
    "priority": "none",
    "due": None,
    "remind_at": None,
    "order": None,
    "repeat": None,
    "repeat_from": None,
    "time_zone": None,
    "parent": None,
    "source": None,
    "metadata": None,
    "completed_at": None,
    "created_at": "",
    "updated_at": "",
    "deleted": False,
    "reminded": None,
    "next": None,
}

# What a client may set; the rest follows from the events.
CONTENT_FIELDS: Final = (
    "title",
    "notes",
    "completed",
    "list",
    "tags",
    "priority",
    "due",
    "remind_at",
    "order",
    "repeat",
    "repeat_from",
    "time_zone",
    "parent",
    "source",
    "metadata",
)
# Also in a change that a load writes, where the source knows them: canonical (`instants.canonical`), and not later than
# the event. No command has them, so no caller of the API can write them.
SOURCE_TIMES: Final = ("created_at", "completed_at")
# What only the service sees, also where an event's change names it.
HIDDEN_FIELDS: Final = frozenset({"deleted", "reminded", "next"})
READ_ONLY_FIELDS: Final = frozenset({"id", "version", "created_at", "updated_at", "completed_at", "url"})

# What an event of an undo does to the changes of the operation that it names.
OFF: Final = "off"
ON: Final = "on"

Change = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one stream, with the state that it led to.

    Attributes
    ----------
    stream_id : str
        ``{owner}#{todo_id}``, each part percent-encoded.
    version : int
        1, 2, 3 … without gaps.
    event_id : str
        UUIDv7, made before the write: it tells a writer its own event from another's.
    change : dict
        The fields that changed, new values only.
    state_schema : int
        The version of the fold that made `state`.
    actor : str
        Who made it, and `client` by what, where the token said that.
    request_hash : str, optional
        What the idempotency key was used for; present exactly when the key is.
    operation : str, optional
        What it is a part of, as the caller named it; a name that begins with ``~`` is the service's.
    undoes : str, optional
        The operation whose changes it switches, of an event of an undo; present exactly when `direction` is, which is
        `OFF` where it takes them back and `ON` where it brings them back.
    imported_at : str, optional
        When it was brought here from another deployment's ledger; it is not published.
    more : bool
        It was brought here with a part of its history that is not the last one. While an event like this is the
        newest of its stream, the history is unfinished: nobody changes the todo, and the views do not have it.
    """

    stream_id: str
    version: int
    event_id: str
    type: str
    change: Change
    state: Todo
    state_schema: int
    actor: str
    occurred_at: str
    correlation_id: str | None = None
    causation_id: str | None = None
    idempotency_key: str | None = None
    request_hash: str | None = None
    imported_at: str | None = None
    more: bool = False
    client: str | None = None
    operation: str | None = None
    undoes: str | None = None
    direction: str | None = None


# Encoders are made once: json.dumps makes one for each call that is not its default.
_dump = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_dump_sorted = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, sort_keys=True).encode
# What both encoders write alike. Floats are not among it: msgspec writes 1e16 where the standard library has 1e+16, and
# what is stored and hashed must not depend on who wrote it.
_WRITTEN_ALIKE: Final = frozenset({str, int, bool, type(None)})
# Objects in objects beyond so many levels are left to the standard library, which says itself what is too deep for it.
_MOST_LEVELS: Final = 10


def dump_json(value: object) -> str:
    """JSON without spaces, as it is stored: what the standard library writes, for nearly all todos by a faster way.

    Raises
    ------
    ValueError, TypeError, RecursionError
        JSON cannot express the value.
    """
    written = _write_fast(value, None)
    return _dump(value) if written is None else written.decode()


def canonical_json(value: object) -> str:
    """As `dump_json`, with the names in order, so that equal values have the same text."""
    written = _write_fast(value, "sorted")
    return _dump_sorted(value) if written is None else written.decode()


def canonical_bytes(value: object) -> bytes:
    """`canonical_json` in UTF-8.

    Raises
    ------
    UnicodeEncodeError
        A text holds a lone surrogate.
    ValueError, TypeError, RecursionError
        As `dump_json` does.
    """
    return _write_fast(value, "sorted") or _dump_sorted(value).encode()


def _write_fast(value: object, order: Literal["sorted"] | None) -> bytes | None:
    """What msgspec writes, if that is the same, and if it is loaded: functions that need it for nothing else do not."""
    if type(value) is not dict or "msgspec" not in sys.modules or not _is_written_alike(value):
        return None
    try:
        return _fast_encoder(order)(value)
    except UnicodeEncodeError:
        # The standard library lets a lone surrogate pass.
        return None


@cache
def _fast_encoder(order: Literal["sorted"] | None) -> Callable[[object], bytes]:
    import msgspec

    return msgspec.json.Encoder(order=order).encode


def _is_written_alike(value: dict[Any, Any], levels: int = _MOST_LEVELS) -> bool:
    """Whether an object has only texts, whole numbers and the like, lists of them, and such objects."""
    for name, member in value.items():
        kind = type(member)
        if type(name) is not str or not (
            kind in _WRITTEN_ALIKE
            or (kind is list and _WRITTEN_ALIKE.issuperset(map(type, member)))
            or (kind is dict and levels > 0 and _is_written_alike(member, levels - 1))
        ):
            return False
    return True
