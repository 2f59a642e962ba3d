"""The types that go over the wire: what clients send, as it is validated, and what they are answered."""

from __future__ import annotations

from functools import reduce
from operator import or_
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from chalicelib import __version__
from chalicelib.api.commands import RevertTo, Version
from chalicelib.api.resources.batch import WITHOUT_BODY, Batch
from chalicelib.api.resources.feeds import FeedRequest
from chalicelib.api.resources.feeds import Lists as FeedLists
from chalicelib.api.resources.feeds import Name as FeedName
from chalicelib.api.resources.webhooks import EventType, Subscription, Types, Url
from chalicelib.api.resources.webhooks import Lists as WebhookLists
from chalicelib.todos import ids
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, READ_ONLY_FIELDS
from chalicelib.todos.fields import Content, ListName

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

# As they are validated. The class has a field named `list`, which would hide the type.
FIELDS: Final[dict[str, Any]] = get_type_hints(Content, localns={"list": list}, include_extras=True)


def reference(to: type[msgspec.Struct]) -> dict[str, Any]:
    return {"$ref": REFERENCE.format(name=to.__name__)}


def _set(hint: Any) -> Any:
    """The type of a field that is set."""
    return (
        reduce(or_, (each for each in get_args(hint) if each is not NoneType)) if NoneType in get_args(hint) else hint
    )


# What an answer has for a field that is unset: its default, or null.
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
        ("url", Annotated[str, Meta(description="Its own address.", extra_json_schema={"format": "uri"})]),
    ],
    namespace={"__doc__": "A todo with every field; what is unset is null."},
    kw_only=True,
)

TodoContent = msgspec.defstruct(
    "TodoContent",
    [("title", FIELDS["title"]), *((name, FIELDS[name], DEFAULTS[name]) for name in CONTENT_FIELDS[1:])],
    namespace={"__doc__": "A whole todo as a client states it; what it leaves out, or gives as null, is unset."},
    kw_only=True,
    forbid_unknown_fields=True,
)

TodoContentOfList = msgspec.defstruct(
    "TodoContentOfList",
    [
        ("title", FIELDS["title"]),
        *((name, FIELDS[name], DEFAULTS[name]) for name in CONTENT_FIELDS[1:] if name != "list"),
        ("list", Annotated[None, Meta(description="The path names it; that very name is taken here too.")], None),
    ],
    namespace={"__doc__": "A whole todo of the path's list; what it leaves out, or gives as null, is unset."},
    kw_only=True,
    forbid_unknown_fields=True,
)

TodoPatch = msgspec.defstruct(
    "TodoPatch",
    [("title", FIELDS["title"], msgspec.UNSET), *((name, FIELDS[name], msgspec.UNSET) for name in CONTENT_FIELDS[1:])],
    namespace={
        "__doc__": "A JSON Merge Patch (RFC 7396): the fields to change, null to unset one; metadata is patched within."
    },
    kw_only=True,
    forbid_unknown_fields=True,
)


class Event(msgspec.Struct, kw_only=True):
    """One change of one todo."""

    version: Version
    type: EventType
    event_id: Annotated[str, Meta(description="A UUIDv7.", extra_json_schema={"format": "uuid"})]
    occurred_at: Instant
    actor: Annotated[str, Meta(description="Who did it: the `sub` of the token.", examples=["alice"])]
    change: Annotated[
        dict[str, Any], Meta(description="The fields that changed, new values only.", examples=[{"title": "Buy milk"}])
    ]
    correlation_id: Annotated[str | None, Meta(description="The request that asked for it.")]
    causation_id: Annotated[str | None, Meta(description="The event that led to it, where one did.")]


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


class Told(msgspec.Struct, kw_only=True):
    """An event, and the todo after it."""

    event: Event
    state: Todo  # type: ignore[valid-type]


class CloudEvent(msgspec.Struct, kw_only=True):
    """An event as CloudEvents 1.0 has it."""

    specversion: Literal["1.0"]
    id: Annotated[str, Meta(description="The event's `event_id`.", extra_json_schema={"format": "uuid"})]
    source: Annotated[str, Meta(description="The todo's address.", extra_json_schema={"format": "uri-reference"})]
    type: Annotated[str, Meta(examples=["todo-ledger.TodoCreated"], extra_json_schema={"pattern": "^todo-ledger\\."})]
    subject: Id
    time: Instant
    datacontenttype: Literal["application/json"]
    data: Told


class ProblemInBatch(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What the request of this command alone would be answered with; in short where there is no room for more."""

    type: Annotated[str, Meta(extra_json_schema={"format": "uri"})]
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str
    errors: Annotated[list[Any], Meta(extra_json_schema={"items": ERROR})] | msgspec.UnsetType = msgspec.UNSET
    todo: Todo | msgspec.UnsetType | None = msgspec.UNSET  # type: ignore[valid-type]
    events: list[Event] | msgspec.UnsetType = msgspec.UNSET


class BatchResult(msgspec.Struct, kw_only=True):
    """What became of one command."""

    status: Annotated[int, Meta(ge=200, le=599, description="Of the request of this command alone.")]
    id: Id
    etag: Annotated[str, Meta(examples=['"1"'])] | msgspec.UnsetType = msgspec.UNSET
    location: Annotated[str, Meta(extra_json_schema={"format": "uri"})] | msgspec.UnsetType = msgspec.UNSET
    # Null where there is no room for it.
    todo: Todo | msgspec.UnsetType | None = msgspec.UNSET  # type: ignore[valid-type]
    problem: ProblemInBatch | msgspec.UnsetType = msgspec.UNSET


class BatchResults(msgspec.Struct, kw_only=True):
    """What became of each command, in their order."""

    results: list[BatchResult]


class Tombstone(msgspec.Struct, kw_only=True):
    """What is told of a deleted todo."""

    id: Id
    version: Version
    deleted: Literal[True]


class Changes(msgspec.Struct, kw_only=True):
    """Todos that have changed, and where to go on."""

    changes: Annotated[list[Any], Meta(extra_json_schema={"items": {"anyOf": [reference(Todo), reference(Tombstone)]}})]
    cursor: Annotated[str, Meta(description="Where the next answer begins.")]
    more: Annotated[bool, Meta(description="Whether there is more right away.")]


class Counts(msgspec.Struct, kw_only=True):
    """How many todos there are, deleted ones left out."""

    total: Count
    open: Count
    completed: Count


class ListCounts(Counts, kw_only=True):
    """A list, and how many todos are in it; a list is there as long as a todo is in it."""

    list: ListName


class Webhook(msgspec.Struct, kw_only=True):
    """A subscription as it stands."""

    id: Id
    url: Url
    types: Types | None
    lists: WebhookLists | None
    created_at: Instant
    disabled_at: Annotated[
        Instant | None, Meta(description="When the receiver answered 410; nothing is sent to it since.")
    ]


class NewWebhook(Webhook, kw_only=True):
    """A subscription just made, with its secret, which is told this once."""

    secret: Annotated[
        str,
        Meta(
            description="What messages are signed with (Standard Webhooks).",
            examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfgh2Fm0Dg="],
            extra_json_schema={"pattern": "^whsec_"},
        ),
    ]


class Feed(msgspec.Struct, kw_only=True):
    """A calendar feed as it stands."""

    id: Id
    name: FeedName | None
    lists: FeedLists | None
    created_at: Instant


class NewFeed(Feed, kw_only=True):
    """A calendar feed just made, with its address, which is told this once."""

    url: Annotated[
        str,
        Meta(
            description="What to give to the calendar program: it holds the feed's token.",
            extra_json_schema={"format": "uri"},
        ),
    ]


class Health(msgspec.Struct, kw_only=True):
    """Liveness, with the versions of what runs."""

    status: Literal["ok"]
    version: Annotated[str, Meta(description="Of the service.", examples=[__version__])]
    state_schema: Annotated[int, Meta(description="Of the fold that makes a todo's state of its events.")]


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
    Tombstone,
    Changes,
    Counts,
    ListCounts,
    Subscription,
    Webhook,
    NewWebhook,
    FeedRequest,
    Feed,
    NewFeed,
    Health,
)

# Taken in a body and ignored, so that what was read can be edited and sent back.
_IGNORED: Final = {name: {"description": "Ignored: it follows from the events."} for name in sorted(READ_ONLY_FIELDS)}


_NONE: Final = {"type": "null"}

# What each operation of a batch takes.
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
    """The JSON Schema of a type that stands on its own, such as a parameter's."""
    (found,), _ = msgspec.json.schema_components([hint])
    return found
