"""The arguments of the tools: their types and bounds, and what is wrong with arguments that break them.

Models send null or an empty text for what they do not mean: both count as left out wherever leaving out is allowed. Of
a change, an empty text could mean that a field is to be emptied, and is refused: only `clear` does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta

from chalicelib.api import structs
from chalicelib.api.headers import IDEMPOTENCY_KEY
from chalicelib.mcp.schemas import fields_of_items
from chalicelib.todos import content, fields, ids
from chalicelib.todos.content import FieldError, pointer

# How many items one call may write: more would rarely end within a request, or its answer within a context.
MAX_ITEMS: Final = 50
MAX_ROWS: Final = 50
DEFAULT_ROWS: Final = 20
# The most todos that an undo may name: as many as one request undoes.
MAX_EXPECTED: Final = 200

Loaded = TypeVar("Loaded", bound=msgspec.Struct)

Id = Annotated[str, Meta(description="The todo's id.", pattern=ids.TODO_ID_PATTERN)]
Cursor = Annotated[str, Meta(description="next_cursor of the page before, with the same other arguments.")]
Limit = Annotated[int, Meta(ge=1, le=MAX_ROWS, description=f"At most so many rows; {DEFAULT_ROWS} if left out.")]
IfVersion = Annotated[
    int,
    Meta(ge=1, description="The version that you read. If it has changed since, nothing is done and you are told."),
]
Operation = Annotated[
    str,
    Meta(
        pattern=f"^{ids.STATED_OPERATION}$",
        description="A name of your own for what this is part of; calls of one name can be undone together.",
    ),
]
AllTags = Annotated[list[fields.Tag], Meta(max_length=32, description="All of these.")]
Instant = Annotated[str, Meta(description="An RFC 3339 date or date-time.", examples=["2026-12-01"])]

# The fields of a todo that an assistant can empty; each of the others always has a value.
Clearable = Literal[
    "notes", "tags", "due", "remind_at", "order", "repeat", "repeat_from", "time_zone", "parent"
]  # fmt: skip

EventType = Literal[
    "TodoCreated", "TodoEdited", "TodoCompleted", "TodoReopened", "TodoDeleted", "TodoRestored", "TodoReverted",
    "TodoReminded",
]  # fmt: skip

CLEARABLE: Final[tuple[str, ...]] = get_args(Clearable)
ClearedFields = Annotated[
    list[Clearable], Meta(max_length=len(CLEARABLE), description="Fields to empty. Nothing else empties a field.")
]


class Arguments(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What a tool takes."""


class Find(Arguments):
    """Todos by these filters."""

    text: Annotated[str, Meta(max_length=500, description="In title or notes, whatever the case.")] | None = None
    list: fields.ListName | None = None
    tags: AllTags | None = None
    completed: Annotated[bool, Meta(description="false: open ones only; true: completed ones only.")] | None = None
    priority: fields.Priority | None = None
    due_before: Instant | None = None
    due_after: Instant | None = None
    sort: (
        Annotated[
            Literal["order", "due", "created"],
            Meta(description="By list and order (the default); open ones with a due date, by that; or as created."),
        ]
        | None
    ) = None
    limit: Limit | None = None
    cursor: Cursor | None = None


class Get(Arguments):
    """A todo, and its history if that is wanted."""

    id: Id
    history: Annotated[bool, Meta(description="Also the todo's events, oldest first.")] | None = None
    since_version: (
        Annotated[int, Meta(ge=0, description="Only events after this version; asks for the history.")] | None
    ) = None
    limit: Limit | None = None


class Lists(Arguments):
    """A page of lists."""

    limit: Limit | None = None
    cursor: Cursor | None = None


class Activity(Arguments):
    """Events by these filters."""

    list: fields.ListName | None = None
    todo: Id | None = None
    actor: Annotated[str, Meta(description="Who made it.")] | None = None
    client: Annotated[str, Meta(description="By which program.")] | None = None
    operation: Annotated[str, Meta(description="As part of which operation.")] | None = None
    type: (
        Annotated[
            EventType,
            Meta(description="What happened."),
        ]
        | None
    ) = None
    since: Instant | None = None
    until: Instant | None = None
    before: (
        Annotated[bool, Meta(description="Also the values before, of the fields that each event changed.")] | None
    ) = None
    limit: Limit | None = None
    cursor: Cursor | None = None


class Changes(Arguments):
    """Where a sync goes on."""

    since: (
        Annotated[str, Meta(description="`since` of the last answer. Left out: everything there is, page by page.")]
        | None
    ) = None
    limit: Limit | None = None


class NewTodo(Arguments):
    """A todo to be; what is left out is unset."""

    title: fields.Title
    notes: fields.Notes | None = None
    list: fields.ListName | None = None
    tags: fields.Tags | None = None
    priority: fields.Priority | None = None
    due: fields.Due | None = None
    remind_at: fields.RemindAt | None = None
    order: fields.Order | None = None
    repeat: fields.Repeat | None = None
    repeat_from: fields.RepeatFrom | None = None
    time_zone: fields.TimeZone | None = None
    parent: fields.Parent | None = None


class Add(Arguments):
    """New todos."""

    todos: Annotated[list[NewTodo], Meta(min_length=1, max_length=MAX_ITEMS, description="What to add.")]
    key: (
        Annotated[
            str,
            Meta(
                pattern=f"^{IDEMPOTENCY_KEY}$",
                description=(
                    "For this very call: within a day, another one with the same key adds nothing. Needed only to add "
                    "the same again on purpose, with a new key each time."
                ),
            ),
        ]
        | None
    ) = None
    operation: Operation | None = None


class ChangedTodo(Arguments):
    """A todo with new values; fields that are left out stay as they are."""

    id: Id
    if_version: IfVersion | None = None
    title: fields.Title | None = None
    notes: fields.Notes | None = None
    list: fields.ListName | None = None
    tags: fields.Tags | None = None
    priority: fields.Priority | None = None
    due: fields.Due | None = None
    remind_at: fields.RemindAt | None = None
    order: fields.Order | None = None
    repeat: fields.Repeat | None = None
    repeat_from: fields.RepeatFrom | None = None
    time_zone: fields.TimeZone | None = None
    parent: fields.Parent | None = None
    clear: ClearedFields | None = None


class Change(Arguments):
    """New values of fields."""

    todos: Annotated[list[ChangedTodo], Meta(min_length=1, max_length=MAX_ITEMS, description="What to change.")]
    operation: Operation | None = None


class NamedTodo(Arguments):
    """A todo, as it was read."""

    id: Id
    if_version: IfVersion | None = None


NamedTodos = Annotated[list[NamedTodo], Meta(min_length=1, max_length=MAX_ITEMS, description="Which todos.")]


class Complete(Arguments):
    """Todos that are done, or not done after all."""

    todos: NamedTodos
    completed: Annotated[bool, Meta(description="false to reopen them; true if left out.")] | None = None
    operation: Operation | None = None


class Named(Arguments):
    """Todos to delete or to restore."""

    todos: NamedTodos
    operation: Operation | None = None


class ExpectedTodo(Arguments):
    """A todo as a dry run has shown it."""

    todo: Id
    version: Annotated[int, Meta(ge=1, description="Its version in the preview.")]


class Undo(Arguments):
    """An operation to take back, or, if it is an undo itself, to bring back."""

    operation: Annotated[
        str,
        Meta(
            pattern=f"^{ids.OPERATION}$",
            description="Its name: as a tool has answered it, as activity shows it, or as you stated it.",
        ),
    ]
    dry_run: (
        Annotated[bool, Meta(description="Only show what would change and what would stay. Nothing is written.")] | None
    ) = None
    expect: (
        Annotated[
            list[ExpectedTodo],
            Meta(
                max_length=MAX_EXPECTED,
                description=(
                    "Todo and version of each row of the previews that you looked at. What is not among them, or has "
                    "moved on since, stays and is told as a conflict."
                ),
            ),
        ]
        | None
    ) = None
    limit: Limit | None = None
    cursor: Annotated[str, Meta(description="Of a dry run: next_cursor of the page before.")] | None = None


CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "priority": ("none", "low", "medium", "high"),
    "sort": ("order", "due", "created"),
    "repeat_from": ("due", "completion", "next_future"),
    "clear": CLEARABLE,
    "type": get_args(EventType),
}

# The bounds of a text in words; a model does not read patterns well.
_PATTERNS: Final[Mapping[str, str]] = {
    ids.TODO_ID_PATTERN: "expected a todo's id: a UUID in lower case",
    f"^{ids.STATED_OPERATION}$": "expected 1 to 64 visible ASCII characters without a space, the first not a tilde",
    f"^{ids.OPERATION}$": "expected 1 to 64 visible ASCII characters without a space",
    f"^{IDEMPOTENCY_KEY}$": "expected 1 to 255 visible ASCII characters without a space",
}
_OF_PATTERN: Final = "Expected `str` matching regex "


class InvalidArguments(Exception):
    """The arguments break the bounds of at least one of them."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(f"{error.pointer}: {error.detail}" for error in errors))
        self.errors = errors


def load(struct: type[Loaded], given: Mapping[str, Any]) -> Loaded:
    """The arguments of a call.

    Raises
    ------
    InvalidArguments
        With an error for each that is missing, unknown or of the wrong type.
    """
    stated = structs.with_integers(_stated(struct, given))
    try:
        return content.convert(stated, struct)
    except msgspec.ValidationError:
        errors = _errors(struct, stated, dict(fields_of_items(struct)))
        raise InvalidArguments([_in_words(error) for error in errors]) from None


def _stated(struct: type[msgspec.Struct], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is not left out of the arguments, or of an item of them."""
    items = dict(fields_of_items(struct))
    optional = {field.name for field in msgspec.structs.fields(struct) if not field.required}
    empty = (None,) if struct is ChangedTodo else (None, "")
    stated = {
        name: value for name, value in given.items() if value is not None and not (name in optional and value in empty)
    }
    for name in items.keys() & stated.keys():
        if isinstance(stated[name], list):
            stated[name] = [_stated(items[name], each) if isinstance(each, dict) else each for each in stated[name]]
    return stated


def _in_words(error: FieldError) -> FieldError:
    if not error.detail.startswith(_OF_PATTERN):
        return error
    pattern = error.detail.removeprefix(_OF_PATTERN)[1:-1]
    return replace(error, detail=_PATTERNS.get(pattern, error.detail))


def _errors(
    struct: type[msgspec.Struct], stated: Mapping[str, Any], items: Mapping[str, type[msgspec.Struct]]
) -> list[FieldError]:
    """Everything that is wrong; the decoder itself stops at the first."""
    errors = []
    for name, item in items.items():
        given = stated.get(name)
        # Those beyond are too many, which is an error of the list.
        for position, each in enumerate(given[:MAX_ITEMS] if isinstance(given, list) else ()):
            if isinstance(each, dict):
                errors += content.struct_errors(each, item, name, position, choices=CHOICES)
            else:
                errors.append(FieldError(pointer(name, position), "expected an object"))
    of_items = {error.pointer for error in errors}
    own = content.struct_errors(stated, struct, choices=CHOICES)
    # An error of an item is found again, with less detail, as one of the list.
    is_told = {name for name in items if any(place.startswith(f"#/{name}/") for place in of_items)}
    return [error for error in own if error.pointer.split("/")[1] not in is_told] + errors
