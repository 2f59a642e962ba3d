"""The parameters that several operations share."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import headers
from chalicelib.api.commands import Version
from chalicelib.api.filters import MAX_SOUGHT_LENGTH, MAX_TAGS
from chalicelib.api.headers import MAX_WAIT_SECONDS
from chalicelib.api.openapi.schemas import SOME_ID, Id, schema_of
from chalicelib.api.pages import DEFAULT_LIMIT, MAX_CURSOR_LENGTH, MAX_LIMIT
from chalicelib.todos import instants
from chalicelib.todos.fields import ListName, Priority, Tag


def parameter(
    place: str, name: str, description: str, schema: dict[str, Any], *, example: object = None, required: bool = False
) -> dict[str, Any]:
    """A Parameter Object; one whose values only the service can make has no example."""
    return {
        "name": name,
        "in": place,
        "description": description,
        "required": required,
        "schema": schema,
        **({} if example is None else {"example": example}),
    }


INSTANT: Final = {
    "type": "string",
    "maxLength": instants.MAX_LENGTH,
    "anyOf": [{"format": "date"}, {"format": "date-time"}],
}

TODO_ID: Final = parameter("path", "todo_id", "The todo's id.", schema_of(Id), example=SOME_ID, required=True)
LIST_NAME: Final = parameter(
    "path", "list_name", "The list's name, percent-encoded.", schema_of(ListName), example="groceries", required=True
)
WEBHOOK_ID: Final = parameter("path", "webhook_id", "The webhook's id.", schema_of(Id), example=SOME_ID, required=True)

FEED_ID: Final = parameter("path", "feed_id", "The feed's id.", schema_of(Id), example=SOME_ID, required=True)


def _entity_tags(name: str, description: str, *, example: str) -> dict[str, Any]:
    return parameter("header", name, description, {"type": "string", "pattern": headers.ENTITY_TAGS}, example=example)


IF_MATCH: Final = _entity_tags(
    "If-Match",
    "The versions that the todo may be at (RFC 9110, section 13.1.1); at another the request is refused with 412.",
    example='"3"',
)
IF_MATCH_OF_READ: Final = _entity_tags(
    "If-Match",
    "The `ETag` that the answer is to have (RFC 9110, section 13.1.1, strong comparison); 412 if it has another.",
    example='"3"',
)
IF_NONE_MATCH: Final = _entity_tags(
    "If-None-Match",
    "The `ETag` of the answer that the caller has (RFC 9110, section 13.1.2); 304 if it is still current.",
    example='"3"',
)
UNLESS_AT: Final = _entity_tags(
    "If-None-Match",
    "The versions that must not be changed (RFC 9110, section 13.1.2), `*` for any; at these it is refused with 412.",
    example='"7"',
)
IF_NONE_MATCH_ANY: Final = parameter(
    "header",
    "If-None-Match",
    "`*`: create the todo unless it exists.",
    {"type": "string", "const": "*"},
    example="*",
)
IDEMPOTENCY_KEY: Final = parameter(
    "header",
    "Idempotency-Key",
    "A repeat with the same key takes effect once, and gets the same answer. A todo's keys never expire.",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": f"^{headers.IDEMPOTENCY_KEY}$"},
    example="5f0c2f1e-buy-milk",
)
OPERATION_ID: Final = parameter(
    "header",
    "Operation-Id",
    "What the change is a part of: any name that the caller gives to several requests, except that it does not begin "
    "with `~`. Its events have it as their `operation`, and the response echoes it. It is not part of "
    "what an `Idempotency-Key` identifies: a repeat with another one gets the first answer, with the first operation.",
    {"type": "string", "minLength": 1, "maxLength": 64, "pattern": f"^{headers.OPERATION_ID}$"},
    example="tidy-up-2026-12-01",
)
REQUEST_ID: Final = parameter(
    "header",
    "X-Request-Id",
    "Echoed in the response, and recorded as the `correlation_id` of its events.",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": f"^{headers.REQUEST_ID}$"},
    example="1f0c2f1e",
)
PREFER: Final = parameter(
    "header",
    "Prefer",
    f"`wait=N` (RFC 7240): answer when lists and counts show this write, or after N seconds (at most "
    f"{MAX_WAIT_SECONDS}).",
    {"type": "string"},
    example="wait=5",
)

LIMIT: Final = parameter(
    "query",
    "limit",
    "The maximum length of a page.",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    example=20,
)
COUNT_LIMIT: Final = parameter(
    "query",
    "limit",
    "How many todos a page counts at most; by default as many as it may examine. Only with `at`.",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
    example=200,
)
CURSOR: Final = parameter(
    "query",
    "cursor",
    "Where the page begins, from the `Link` of the previous page; valid only for the same owner and query.",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": MAX_CURSOR_LENGTH},
)
VERSION: Final = parameter("query", "version", "The todo as it was at this version.", schema_of(Version), example=3)
AT: Final = parameter(
    "query",
    "at",
    "The todo as it was at this instant (inclusive); not with `version`.",
    INSTANT,
    example="2026-11-30T18:21:07Z",
)

_OLD: Final = (
    "Of an instant more than 100 days ago, todos that were deleted since may be missing: the answer says "
    "`Complete-Since`. As current as the lists are; an instant less than a minute ago may still gain changes."
)
LIST_AT: Final = parameter(
    "query",
    "at",
    "The todos as they were at this instant (inclusive), by id, and filtered by what they were; not with `sort`, and "
    f"not in the future. {_OLD}",
    INSTANT,
    example="2026-11-20T09:00:00Z",
)
COUNT_AT: Final = parameter(
    "query",
    "at",
    f"The numbers at this instant (inclusive), counted page by page; not in the future. {_OLD}",
    INSTANT,
    example="2026-11-20T09:00:00Z",
)

FILTERS: Final[tuple[dict[str, Any], ...]] = (
    parameter(
        "query",
        "completed",
        "Only completed todos (true), or only open ones (false).",
        {"type": "boolean"},
        example=False,
    ),
    parameter(
        "query",
        "tag",
        "Only todos with this tag; given several times, only those with all of them.",
        {"type": "array", "items": schema_of(Tag), "maxItems": MAX_TAGS},
        example=["home"],
    ),
    parameter("query", "priority", "Only todos of this priority.", schema_of(Priority), example="high"),
    parameter("query", "due", "`none`: only todos without a due date.", {"type": "string", "enum": ["none"]}),
    parameter(
        "query",
        "due_from",
        "Only todos due at this instant or later; of a date, due on this day or later, by the day that the todo's own "
        "`due` states.",
        INSTANT,
        example="2026-12-01",
    ),
    parameter(
        "query",
        "due_until",
        "Only todos due at this instant or earlier; of a date, due on this day or earlier, by the day that the todo's "
        "own `due` states.",
        INSTANT,
        example="2026-12-31",
    ),
    parameter("query", "due_before", "Only todos due before this instant.", INSTANT, example="2027-01-01"),
    parameter("query", "due_after", "Only todos due after this instant.", INSTANT, example="2026-01-01T00:00:00Z"),
    parameter(
        "query",
        "q",
        "Only todos with this text in title or notes, ignoring case.",
        {"type": "string", "maxLength": MAX_SOUGHT_LENGTH},
        example="milk",
    ),
    parameter(
        "query",
        "sort",
        "By list and order within it; or open todos with a due date, by that date; or by when they were created, the "
        "oldest first.",
        {"type": "string", "enum": ["order", "due", "created"], "default": "order"},
        example="due",
    ),
    LIST_AT,
    LIMIT,
    CURSOR,
)
LIST_FILTER: Final = parameter("query", "list", "Only todos in this list.", schema_of(ListName), example="groceries")
