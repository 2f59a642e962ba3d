"""The problem types (RFC 9457): each with its status, its members, and the answer that carries it."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api.contract import examples, headers
from chalicelib.api.contract.schemas import ERROR
from chalicelib.api.problems import PROBLEM_TYPE

MEDIA_TYPE: Final = "application/problem+json"

SCHEMAS: Final[dict[str, Any]] = {}
RESPONSES: Final[dict[str, Any]] = {}

_STATUS: Final[dict[str, str]] = {}


def _problem(
    name: str,
    status: int,
    description: str,
    detail: str,
    members: dict[str, Any] | None = None,
    *,
    optional: dict[str, Any] | None = None,
    sends: tuple[str, ...] = (),
    example: dict[str, Any] | None = None,
) -> str:
    """Declare a problem type, and return the name that operations list it by."""
    component = "".join(word.capitalize() for word in name.split("-"))
    uri = PROBLEM_TYPE + name
    members = members or {}
    properties = {
        "type": {"type": "string", "format": "uri", "const": uri},
        "title": {"type": "string", "description": "The kind of problem, in words."},
        "status": {"type": "integer", "const": status},
        "detail": {"type": "string", "description": "What is wrong with this very request."},
        **members,
        **(optional or {}),
    }
    SCHEMAS[component] = {
        "title": component,
        "description": description,
        "type": "object",
        "properties": properties,
        "required": ["type", "title", "status", "detail", *members],
    }
    shown = {"type": uri, "title": description.partition(".")[0], "status": status, "detail": detail, **(example or {})}
    RESPONSES[component] = {
        "description": description,
        "headers": headers.named(*sends, *headers.ALWAYS),
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{component}"}, "example": shown}},
    }
    _STATUS[component] = str(status)
    return component


def responses(*names: str) -> dict[str, Any]:
    """The responses of these problem types, by status."""
    return {_STATUS[name]: {"$ref": f"#/components/responses/{name}"} for name in names}


_ERRORS: Final = {
    "type": "array",
    "description": "Each thing that is wrong: in the body by a JSON pointer, in path and query by its parameter.",
    "items": ERROR,
}

BAD_REQUEST: Final = _problem(
    "bad-request",
    400,
    "The request is not valid. Nothing was written.",
    "The todo is not valid.",
    optional={"errors": _ERRORS},
    example={"errors": [{"pointer": "#/title", "detail": "required"}]},
)
UNAUTHORIZED: Final = _problem(
    "unauthorized",
    401,
    "There is no valid token.",
    "A valid bearer token is needed.",
    sends=("WWW-Authenticate",),
)
FORBIDDEN: Final = _problem(
    "forbidden",
    403,
    "The token lacks the scope.",
    "The token lacks the scope todos:write.",
    sends=("WWW-Authenticate",),
)
NOT_FOUND: Final = _problem("not-found", 404, "There is no such thing of this owner.", "There is no such todo.")
NOT_ACCEPTABLE: Final = _problem(
    "not-acceptable",
    406,
    "The path answers in none of the accepted media types.",
    "This path answers in application/json.",
)
TOO_MANY_WEBHOOKS: Final = _problem(
    "too-many-webhooks", 409, "The owner has as many webhooks as may be.", "There may be 20 webhooks; delete one first."
)
TOO_MANY_FEEDS: Final = _problem(
    "too-many-feeds", 409, "The owner has as many feeds as may be.", "There may be 20 feeds; delete one first."
)
DELETED: Final = _problem(
    "deleted",
    410,
    "The todo was deleted. Its events remain, and restore brings it back.",
    "The todo was deleted; its events remain, and restore brings it back.",
)
CURSOR_EXPIRED: Final = _problem(
    "cursor-expired",
    410,
    "The cursor is too old. Start over without one, and drop what is not listed then.",
    "The log goes back to revision 4711. Start over without a cursor, and drop what is not listed then.",
)
PRECONDITION_FAILED: Final = _problem(
    "precondition-failed",
    412,
    "The todo is not at a version that the request accepts. It comes along, with what happened since.",
    "The todo is at version 4.",
    members={
        "todo": {
            "description": "The todo as it is; null where it was deleted and was to be brought back.",
            "anyOf": [{"$ref": "#/components/schemas/Todo"}, {"type": "null"}],
        },
        "events": {
            "type": "array",
            "description": "The events since the version that the caller knew, oldest first, at most 100.",
            "items": {"$ref": "#/components/schemas/Event"},
        },
    },
    sends=("ETag",),
    example={"todo": {**examples.PATCHED, "version": 4}, "events": [{**examples.EVENT, "version": 4}]},
)
PAYLOAD_TOO_LARGE: Final = _problem(
    "payload-too-large", 413, "The request or the todo is too large. Nothing was written.",
    "The body has 200000 bytes where 131072 are allowed.",
)  # fmt: skip
UNSUPPORTED_MEDIA_TYPE: Final = _problem(
    "unsupported-media-type", 415, "The body's media type, or how it is packed, is not read here.",
    "text/plain is not read here; send application/json.",
    sends=("Accept-Patch", "Accept-Encoding"),
)  # fmt: skip
KEY_REUSED: Final = _problem(
    "idempotency-key-reused", 422, "The Idempotency-Key stands for another request.",
    "The Idempotency-Key was used before, for another request on this todo.",
)  # fmt: skip
PRECONDITION_REQUIRED: Final = _problem(
    "precondition-required", 428, "PUT must say whether it creates or replaces.",
    "PUT needs If-None-Match: * to create the todo, or If-Match with the version that it replaces.",
)  # fmt: skip
TOO_MANY_REQUESTS: Final = _problem(
    "too-many-requests", 429, "There were too many requests.", "The request rate is above the limit.",
    sends=("Retry-After", "RateLimit", "RateLimit-Policy"),
)  # fmt: skip
INTERNAL_ERROR: Final = _problem(
    "internal-error", 500, "Something went wrong here; it was logged.", "Something went wrong here; it was logged."
)
UNAVAILABLE: Final = _problem(
    "unavailable", 503, "The service could not do it now. A write may have happened: repeat it with its key.",
    "Other writers changed the todo each time. Nothing was written.",
    sends=("Retry-After",),
)  # fmt: skip
