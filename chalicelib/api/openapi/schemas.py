"""The types in requests and answers: what clients send, as it is validated, and what they receive."""

from __future__ import annotations

from functools import reduce
from operator import or_
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from chalicelib import __version__
from chalicelib.api.commands import RevertTo, Version
from chalicelib.api.resources.batch_commands import WITHOUT_BODY, Batch
from chalicelib.api.resources.feeds import FeedRequest
from chalicelib.api.resources.feeds import Lists as FeedLists
from chalicelib.api.resources.feeds import Name as FeedName
from chalicelib.api.resources.lists import RenameTo
from chalicelib.api.resources.operations import UndoRequest
from chalicelib.api.resources.webhooks import EventType, Subscription, Types, Url, WebhookPatch
from chalicelib.api.resources.webhooks import Lists as WebhookLists
from chalicelib.commands.undo.records import KEPT_DAYS
from chalicelib.commands.undo.service import SHOWN_CONFLICTS
from chalicelib.todos import ids
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, READ_ONLY_FIELDS
from chalicelib.todos.fields import Content, ListName
from chalicelib.webhooks.delivery_log import RESULTS
from chalicelib.webhooks.webhook import DISABLED_REASONS

REFERENCE: Final = "#/components/schemas/{name}"
SOME_ID: Final = "0197e1f0-0000-7000-8000-00000000000a"

Id = Annotated[
    str,
    Meta(
        description="A UUID in lower case.",
        examples=[SOME_ID],
        extra_json_schema={"format": "uuid", "pattern": ids.TODO_ID_PATTERN},
    ),
]
Instant = Annotated[
    str,
    Meta(
        description="RFC 3339, in UTC.",
        examples=["2026-11-30T18:21:07.412Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
Count = Annotated[int, Meta(ge=0, examples=[7])]
Secret = Annotated[
    str,
    Meta(
        description="The key that messages are signed with (Standard Webhooks).",
        examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfgh2Fm0Dg="],
        extra_json_schema={"pattern": "^whsec_"},
    ),
]

# As they are validated. The class has a field named `list`, which hides the type.
FIELDS: Final[dict[str, Any]] = get_type_hints(Content, localns={"list": list}, include_extras=True)


def reference(to: type[msgspec.Struct]) -> dict[str, Any]:
    """A reference to the schema component of a type."""
    return {"$ref": REFERENCE.format(name=to.__name__)}


def _set(hint: Any) -> Any:
    """The type of a field without None."""
    return (
        reduce(or_, (each for each in get_args(hint) if each is not NoneType)) if NoneType in get_args(hint) else hint
    )


# An answer has the default of an unset field, or null.
_ANSWERED: Final = {name: hint if DEFAULTS[name] is None else _set(hint) for name, hint in FIELDS.items()}

Todo = msgspec.defstruct(
    "Todo",
    [
        ("id", Id),
        ("version", Version),
        *((name, _ANSWERED[name]) for name in CONTENT_FIELDS),
        ("completed_at", Instant | None),
        ("created_at", Instant),
        ("updated_at", Instant),
        ("url", Annotated[str, Meta(description="The todo's address.", extra_json_schema={"format": "uri"})]),
    ],
    namespace={"__doc__": "A todo with every field; unset fields are null."},
    kw_only=True,
)

TodoContent = msgspec.defstruct(
    "TodoContent",
    [("title", FIELDS["title"]), *((name, FIELDS[name], DEFAULTS[name]) for name in CONTENT_FIELDS[1:])],
    namespace={"__doc__": "A whole todo as a client sends it; fields that are omitted or null are unset."},
    kw_only=True,
    forbid_unknown_fields=True,
)

TodoContentOfList = msgspec.defstruct(
    "TodoContentOfList",
    [
        ("title", FIELDS["title"]),
        *((name, FIELDS[name], DEFAULTS[name]) for name in CONTENT_FIELDS[1:] if name != "list"),
        (
            "list",
            Annotated[None, Meta(description="The list is in the path; the same name is accepted here, too.")],
            None,
        ),
    ],
    namespace={"__doc__": "A whole todo in the path's list; fields that are omitted or null are unset."},
    kw_only=True,
    forbid_unknown_fields=True,
)

TodoPatch = msgspec.defstruct(
    "TodoPatch",
    [
        ("title", FIELDS["title"], msgspec.UNSET),
        *((name, FIELDS[name], msgspec.UNSET) for name in CONTENT_FIELDS[1:]),
    ],
    namespace={"__doc__": "A JSON Merge Patch (RFC 7396): fields to change, null to unset one; metadata is merged."},
    kw_only=True,
    forbid_unknown_fields=True,
)


class PublishedEvent(msgspec.Struct, kw_only=True):
    """One change of one todo, as topic and webhooks have it."""

    version: Version
    type: EventType
    event_id: Annotated[str, Meta(description="A UUIDv7.", extra_json_schema={"format": "uuid"})]
    occurred_at: Instant
    actor: Annotated[
        str,
        Meta(
            description=(
                "Who made the change: the `act.sub` of the token, if another acts for the owner (with its issuer and"
                " `#` before it, if that is another one), else the `sub`; or `urn:todo-ledger:` and the name of a"
                " worker of the service."
            ),
            examples=["alice"],
        ),
    ]
    client: Annotated[
        str | None,
        Meta(
            description=(
                "The program by which it was made: the `client_id` of the token, else its `azp`. One that is longer"
                " than 255 bytes is `sha256:` and its hash."
            ),
            examples=["shopping-assistant"],
        ),
    ]
    operation: Annotated[
        str | None,
        Meta(
            description="What it is a part of: the `Operation-Id` of the request, or a name of the service's (`~…`).",
            examples=["tidy-up-2026-12-01"],
        ),
    ]
    undoes: Annotated[
        str | None,
        Meta(description="The operation whose changes it takes or brings back, if it is an event of an undo."),
    ]
    direction: Annotated[
        Literal["off", "on"] | None,
        Meta(description="With `undoes`: `off` if the changes were taken back, `on` if they were brought back."),
    ]
    change: Annotated[
        dict[str, Any], Meta(description="The fields that changed, new values only.", examples=[{"title": "Buy milk"}])
    ]
    correlation_id: Annotated[str | None, Meta(description="The `X-Request-Id` of the request.")]
    causation_id: Annotated[str | None, Meta(description="The event that caused it, if one did.")]


class Event(PublishedEvent, kw_only=True):
    """One change of one todo."""

    idempotency_key: Annotated[
        str | None, Meta(description="The key that it was made with: by it a client knows its own.")
    ]


class EventOfOperation(Event, kw_only=True):
    """One change, and the todo that it is of."""

    todo: Id


class EventOfActivity(EventOfOperation, kw_only=True):
    """One change, the todo that it is of, and what was before."""

    before: Annotated[
        dict[str, Any] | msgspec.UnsetType | None,
        Meta(
            description=(
                "With `include=before`: the previous values of the fields in `change`; null of a todo's first event,"
                " and where the event before cannot be read."
            )
        ),
    ] = msgspec.UNSET


class UnreadableEvent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An event that cannot be read. With a filter other than `todo`, it is left out."""

    todo: Id
    version: Version


class Activity(msgspec.Struct, kw_only=True):
    """What happened, newest first."""

    events: Annotated[
        list[Any],
        Meta(extra_json_schema={"items": {"anyOf": [reference(EventOfActivity), reference(UnreadableEvent)]}}),
    ]
    complete_from: Annotated[
        Instant | None,
        Meta(
            description=(
                "On the last page, the instant from which no event is missing; null on all others, and with `todo`,"
                " where none is missing at all."
            )
        ),
    ]


class UndoConflict(msgspec.Struct, kw_only=True):
    """What an undo leaves as it is."""

    field: Annotated[
        str | None,
        Meta(
            description=(
                "A field of the todo, `metadata/{name}`, or `exists`: whether there is the todo. Null if the todo stays"
                " as a whole."
            ),
            examples=["title"],
        ),
    ]
    reason: Annotated[
        str,
        Meta(
            description=(
                "`changed_since`: another wrote the field later. `used_by_others`: the todo would be deleted, and"
                " others have written to it. `next_occurrence`: a completion and the next occurrence that it made go"
                " together, and one of them stays. `invalid`: the result would not be a valid todo. `moved_on`: the"
                " todo is not at the version in `expect`. `unfinished_import`: its history is being loaded."
                " `long_series`: the operation completed too many todos of one series."
            ),
            examples=["changed_since"],
        ),
    ]
    stays: Annotated[Any, Meta(description="The value that it keeps; null if unset, or long.")]
    wanted: Annotated[Any, Meta(description="The value that the undo would have given it; null if unset, or long.")]
    detail: str | None


class ConflictsOfTodo(msgspec.Struct, kw_only=True):
    """A todo of which something stays."""

    todo: Id
    version: Version
    conflicts: list[UndoConflict]


class Undo(msgspec.Struct, kw_only=True):
    """An undo, as far as it got."""

    undo: Annotated[str, Meta(description="The operation of the undo itself; it can be undone, too.")]
    undoes: Annotated[str, Meta(description="The operation whose changes it takes or brings back.")]
    direction: Annotated[
        Literal["off", "on"], Meta(description="`off`: the changes are taken back; `on`: they are brought back.")
    ]
    state: Annotated[Literal["running", "done"], Meta(description="`running` while a queue works on it.")]
    todos: Annotated[int, Meta(description="Of how many todos it was decided so far.")]
    changed: Annotated[int, Meta(description="How many of them it has changed.")]
    conflict_count: Annotated[int, Meta(description="Of how many of them something stays.")]
    conflicts: Annotated[
        list[ConflictsOfTodo],
        Meta(description=f"The first {SHOWN_CONFLICTS} of them; they are kept for {KEPT_DAYS} days."),
    ]


class OperationEvents(msgspec.Struct, kw_only=True):
    """What was done as part of an operation, and whether it can be undone."""

    operation: str
    can_be_undone: Annotated[
        bool, Meta(description="Whether an undo would begin now: it is neither undone already nor worked on.")
    ]
    undoes: Annotated[str | None, Meta(description="Of an undo: the operation whose changes it takes or brings back.")]
    direction: Annotated[Literal["off", "on"] | None, Meta(description="Of an undo: `off` or `on`, as its events.")]
    undo: Annotated[
        Undo | None,
        Meta(description="The last undo of the operation, or of the one in `undoes`."),
    ]
    events: list[EventOfOperation]


class UndoOfTodo(msgspec.Struct, kw_only=True):
    """What an undo would do to a todo."""

    todo: Id
    version: Version
    type: Annotated[
        EventType | None, Meta(description="Of the event that would be made; null if nothing would change.")
    ]
    change: Annotated[dict[str, Any], Meta(description="The fields that would change, new values only.")]
    conflicts: list[UndoConflict]
    is_done: Annotated[bool, Meta(description="Whether this undo has changed it already.")]


class DryUndo(msgspec.Struct, kw_only=True):
    """A page of what an undo would do."""

    undoes: str
    direction: Literal["off", "on"]
    todos: list[UndoOfTodo]
    cursor: Annotated[str | None, Meta(description="For the next page; null on the last.")]


ERROR: Final = {
    "type": "object",
    "properties": {
        "pointer": {
            "type": "string",
            "format": "uri-reference",
            "description": "A JSON pointer into the body, as a URI fragment (RFC 6901).",
        },
        "parameter": {"type": "string", "description": "The name of a parameter."},
        "detail": {"type": "string"},
    },
    "required": ["detail"],
}


class EventAndState(msgspec.Struct, kw_only=True):
    """An event, and the todo after it."""

    event: PublishedEvent
    state: Todo  # type: ignore[valid-type]


class CloudEvent(msgspec.Struct, kw_only=True):
    """An event in the format of CloudEvents 1.0."""

    specversion: Literal["1.0"]
    id: Annotated[str, Meta(description="The event's `event_id`.", extra_json_schema={"format": "uuid"})]
    source: Annotated[str, Meta(description="The todo's address.", extra_json_schema={"format": "uri-reference"})]
    type: Annotated[str, Meta(examples=["todo-ledger.TodoCreated"], extra_json_schema={"pattern": "^todo-ledger\\."})]
    subject: Id
    time: Instant
    datacontenttype: Literal["application/json"]
    data: EventAndState


class ProblemInBatch(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The problem that the command's own request would get; without its extension members if there is no room."""

    type: Annotated[str, Meta(extra_json_schema={"format": "uri"})]
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str
    errors: Annotated[list[Any], Meta(extra_json_schema={"items": ERROR})] | msgspec.UnsetType = msgspec.UNSET
    todo: Todo | msgspec.UnsetType | None = msgspec.UNSET  # type: ignore[valid-type]
    events: list[Event] | msgspec.UnsetType = msgspec.UNSET


class BatchResult(msgspec.Struct, kw_only=True):
    """The result of one command."""

    status: Annotated[int, Meta(ge=200, le=599, description="The status that the command's own request would have.")]
    id: Id
    etag: Annotated[str, Meta(examples=['"1"'])] | msgspec.UnsetType = msgspec.UNSET
    location: Annotated[str, Meta(extra_json_schema={"format": "uri"})] | msgspec.UnsetType = msgspec.UNSET
    link: (
        Annotated[
            str,
            Meta(description="As the `Link` header: the next occurrence, if the command completed a repeating todo."),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    operation: (
        Annotated[
            str,
            Meta(
                description="As the `Operation-Id` header: that of the batch, or of the first with the command's key."
            ),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    # Null if there is no room for it.
    todo: Todo | msgspec.UnsetType | None = msgspec.UNSET  # type: ignore[valid-type]
    problem: ProblemInBatch | msgspec.UnsetType = msgspec.UNSET


class BatchResults(msgspec.Struct, kw_only=True):
    """The results of the commands, in their order."""

    results: list[BatchResult]


class Tombstone(msgspec.Struct, kw_only=True):
    """A deleted todo."""

    id: Id
    version: Version
    deleted: Literal[True]


class Changes(msgspec.Struct, kw_only=True):
    """Changed todos, and the cursor to continue from."""

    changes: Annotated[list[Any], Meta(extra_json_schema={"items": {"anyOf": [reference(Todo), reference(Tombstone)]}})]
    cursor: Annotated[str, Meta(description="Where to continue.")]
    more: Annotated[bool, Meta(description="Whether there is more to fetch immediately.")]


class Counts(msgspec.Struct, kw_only=True):
    """The numbers of todos, without deleted ones."""

    total: Count
    open: Count
    completed: Count


class OwnerCounts(Counts, kw_only=True):
    """The numbers of all todos."""

    more: Annotated[
        bool | msgspec.UnsetType,
        Meta(
            description=(
                "With `at`: whether todos are still to be counted. These are then the numbers of the todos so far, and "
                "the next page goes on from them."
            )
        ),
    ] = msgspec.UNSET


class ListCounts(Counts, kw_only=True):
    """A list and the numbers of its todos; a list exists while a todo is in it, or while its name is kept."""

    list: ListName


class NamedList(msgspec.Struct, kw_only=True):
    """A list whose name is kept."""

    list: ListName


class RenamingList(msgspec.Struct, kw_only=True):
    """A list that is renamed, and what does not follow it."""

    list: Annotated[ListName, Meta(description="The old name.")]
    to: Annotated[ListName, Meta(description="The new name.")]
    note: Annotated[str, Meta(description="What keeps the old name.")]


class RenamedList(RenamingList, kw_only=True):
    """A list that was renamed, with the number of todos that were moved."""

    todos: Annotated[int, Meta(ge=0, description="How many todos were moved.")]


class Webhook(msgspec.Struct, kw_only=True):
    """A webhook."""

    id: Id
    url: Url
    types: Types | None
    lists: WebhookLists | None
    enabled: Annotated[bool, Meta(description="Whether events are sent, once the URL is verified.")]
    created_at: Instant
    verified_at: Annotated[
        Instant | None, Meta(description="When the receiver answered the challenge; before that, nothing is sent.")
    ]
    active_from: Annotated[
        Instant | None,
        Meta(description="Events from this instant on are sent as the fields now say; earlier ones as they said then."),
    ]
    disabled_at: Annotated[Instant | None, Meta(description="Nothing has been sent since; enabling it ends this.")]
    disabled_reason: Annotated[
        Literal[DISABLED_REASONS] | None,  # type: ignore[valid-type]
        Meta(description="Its owner disabled it, its receiver answered 410, or every try failed for 28 hours."),
    ]
    failing_since: Annotated[Instant | None, Meta(description="All tries since then have failed.")]
    paused_until: Annotated[
        Instant | None, Meta(description="Nothing is sent before this, since the receiver did not answer in time.")
    ]


class RotatedWebhook(Webhook, kw_only=True):
    """A webhook with its new secret."""

    secret: Secret
    old_secret_expires_at: Annotated[Instant, Meta(description="Until then messages are signed with both secrets.")]


class WebhookDelivery(msgspec.Struct, kw_only=True):
    """One try of a delivery, or of a ping."""

    event_id: Annotated[str | None, Meta(description="The event; null for a ping.")]
    type: Annotated[str, Meta(description="The event's type, or `webhook.ping`.", examples=["TodoCompleted"])]
    tried_at: Instant
    result: Literal[RESULTS]  # type: ignore[valid-type]
    status: Annotated[int | None, Meta(description="The status that the receiver answered with, if it did.")]
    milliseconds: Count
    next_try_at: Annotated[Instant | None, Meta(description="When it is tried again; null if it is not.")]


class NewWebhook(Webhook, kw_only=True):
    """A new webhook, with its secret."""

    secret: Secret


class Feed(msgspec.Struct, kw_only=True):
    """A calendar feed."""

    id: Id
    name: FeedName | None
    lists: FeedLists | None
    created_at: Instant


class NewFeed(Feed, kw_only=True):
    """A new calendar feed, with its URL, which is shown only once."""

    url: Annotated[
        str,
        Meta(
            description="The URL for the calendar program; it contains the feed's token.",
            extra_json_schema={"format": "uri"},
        ),
    ]


class Health(msgspec.Struct, kw_only=True):
    """Liveness, and the versions of the running service."""

    status: Literal["ok"]
    version: Annotated[str, Meta(description="The version of the service.", examples=[__version__])]
    state_schema: Annotated[
        int, Meta(description="The version of the fold that computes a todo's state from its events.")
    ]


_TYPES: Final = (
    Todo,
    TodoContent,
    TodoContentOfList,
    TodoPatch,
    RevertTo,
    Event,
    CloudEvent,
    Batch,
    BatchResults,
    OperationEvents,
    UndoConflict,
    ConflictsOfTodo,
    Undo,
    UndoOfTodo,
    DryUndo,
    UndoRequest,
    EventOfActivity,
    UnreadableEvent,
    Activity,
    Tombstone,
    Changes,
    OwnerCounts,
    ListCounts,
    NamedList,
    RenameTo,
    RenamingList,
    RenamedList,
    Subscription,
    WebhookPatch,
    Webhook,
    NewWebhook,
    RotatedWebhook,
    WebhookDelivery,
    FeedRequest,
    Feed,
    NewFeed,
    Health,
)

# Accepted in a body and ignored, so that a todo that was read can be edited and sent back.
_IGNORED: Final = {name: {"description": "Ignored: computed from the events."} for name in sorted(READ_ONLY_FIELDS)}


_NONE: Final = {"type": "null"}

# The members that each operation of a batch takes.
_OPERATIONS: Final = [
    {"title": "creates", "properties": {"op": {"const": "create"}, "if_match": _NONE}},
    {
        "title": "changes",
        "properties": {"op": {"enum": ["put", "patch", "revert"]}, "id": {"type": "string"}},
        "required": ["id"],
    },
    {
        "title": "deletes or restores",
        "properties": {"op": {"enum": list(WITHOUT_BODY)}, "id": {"type": "string"}, "body": _NONE},
        "required": ["id"],
    },
]


def components() -> dict[str, Any]:
    """The JSON Schema (2020-12) of every type, by name."""
    _, found = msgspec.json.schema_components(_TYPES, ref_template=REFERENCE)
    for name in ("TodoContent", "TodoContentOfList", "TodoPatch"):
        found[name]["properties"] |= _IGNORED
    found["Command"]["anyOf"] = _OPERATIONS
    return found


def schema_of(hint: Any) -> dict[str, Any]:
    """The JSON Schema of a single type, such as a parameter's."""
    (found,), _ = msgspec.json.schema_components([hint])
    return found
