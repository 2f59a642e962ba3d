"""The problem types in the contract: each with its schema, and the response that carries it."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import media_types, problem_types
from chalicelib.api.openapi import examples, headers
from chalicelib.api.openapi.schemas import ERROR
from chalicelib.api.problem_types import ProblemType

SCHEMAS: Final[dict[str, Any]] = {}
RESPONSES: Final[dict[str, Any]] = {}


def component_of(kind: ProblemType) -> str:
    """The name of its schema and of its response."""
    return "".join(word.capitalize() for word in kind.name.split("-"))


def responses(*kinds: ProblemType) -> dict[str, Any]:
    """The responses of these problem types, by status; one of several types has a schema and an example for each."""
    by_status: dict[str, list[ProblemType]] = {}
    for kind in kinds:
        by_status.setdefault(str(kind.status), []).append(kind)
    return {status: _response(*of_status) for status, of_status in by_status.items()}


def _response(*kinds: ProblemType) -> dict[str, Any]:
    names = [component_of(kind) for kind in kinds]
    if len(names) == 1:
        return {"$ref": f"#/components/responses/{names[0]}"}
    declared = [RESPONSES[name] for name in names]
    contents = [each["content"][media_types.PROBLEM] for each in declared]
    return {
        "description": " Or: ".join(kind.meaning for kind in kinds),
        "headers": headers.of_any(*(each["headers"] for each in declared)),
        "content": {
            media_types.PROBLEM: {
                "schema": {"oneOf": [content["schema"] for content in contents]},
                "examples": {
                    kind.name: {"value": content["example"]} for kind, content in zip(kinds, contents, strict=True)
                },
            }
        },
    }


def _declare(
    kind: ProblemType,
    detail: str,
    members: dict[str, Any] | None = None,
    *,
    optional: dict[str, Any] | None = None,
    sends: tuple[str, ...] = (),
    example: dict[str, Any] | None = None,
) -> None:
    """Add a problem type to the components.

    Parameters
    ----------
    detail : str
        The example's.
    members, optional : dict, optional
        The schemas of its extension members: those that it always has, and those that it may have.
    sends : tuple of str
        The headers that come with it.
    example : dict, optional
        The example's extension members.
    """
    component = component_of(kind)
    members = members or {}
    properties = {
        "type": {"type": "string", "format": "uri", "pattern": f"{problem_types.PATH}/{kind.name}$"},
        "title": {"type": "string", "const": kind.title},
        "status": {"type": "integer", "const": kind.status},
        "detail": {"type": "string", "description": "What is wrong with this request."},
        **members,
        **(optional or {}),
    }
    description = f"{kind.meaning} {kind.remedy}"
    SCHEMAS[component] = {
        "title": component,
        "description": description,
        "type": "object",
        "properties": properties,
        "required": ["type", "title", "status", "detail", *members],
    }
    RESPONSES[component] = {
        "description": description,
        "headers": headers.named(*sends, *headers.ALWAYS),
        "content": {
            media_types.PROBLEM: {
                "schema": {"$ref": f"#/components/schemas/{component}"},
                "example": {**examples.problem(kind, detail), **(example or {})},
            }
        },
    }


_ERRORS: Final = {
    "type": "array",
    "description": "Each error: in the body by a JSON pointer, in path and query by the parameter.",
    "items": ERROR,
}
_EVENTS_SINCE: Final = {
    "type": "array",
    "description": "After a write of a todo: the events since the version that the caller knew, oldest first, "
    "at most 100. In a batch, at most 32 KB of them, and only once for each todo: empty in later results about it.",
    "items": {"$ref": "#/components/schemas/Event"},
}
_CURRENT: Final = {
    "todo": {
        "description": "After a write of a todo: the current todo; null if it was deleted and was to be brought back.",
        "anyOf": [{"$ref": "#/components/schemas/Todo"}, {"type": "null"}],
    },
    "events": _EVENTS_SINCE,
    "preferences": {
        "description": "After a write of the preferences: as they are.",
        "type": "object",
    },
}

_declare(
    problem_types.BAD_REQUEST,
    "The todo is not valid.",
    optional={"errors": _ERRORS},
    example={"errors": [{"pointer": "#/title", "detail": "required"}]},
)
_declare(problem_types.UNAUTHORIZED, "A valid bearer token is required.", sends=("WWW-Authenticate",))
_declare(problem_types.FORBIDDEN, "The token lacks the scope todos:write.", sends=("WWW-Authenticate",))
_declare(problem_types.NOT_FOUND, "There is no such todo.")
_declare(problem_types.NOT_ACCEPTABLE, "This path answers in application/json.")
_declare(problem_types.TOO_MANY_WEBHOOKS, "There may be 20 webhooks; delete one first.")
_declare(
    problem_types.WEBHOOK_EXISTS,
    "The webhook 6b2c1f1e-9a53-4a0e-8a55-0d6f3d1c2b4a has this URL already. Change that one with PATCH, or delete it "
    "first.",
    members={"webhook": {"type": "string", "format": "uuid", "description": "The id of the webhook with this URL."}},
    example={"webhook": examples.WEBHOOK["id"]},
)
_declare(problem_types.TOO_MANY_FEEDS, "There may be 20 feeds; delete one first.")
_declare(
    problem_types.PATCH_CONFLICT,
    "Operation #/0 does not apply to version 2: the test failed: the todo has another value there.",
    members={"todo": {"$ref": "#/components/schemas/Todo"}, "errors": _ERRORS},
    sends=("ETag",),
    example={
        "todo": examples.PATCHED,
        "errors": [{"pointer": "#/0", "detail": "the test failed: the todo has another value there"}],
    },
)
_declare(problem_types.TOO_MANY_LISTS, "There may be 500 named lists; delete one that is empty first.")
_declare(
    problem_types.LIST_UNFINISHED,
    "1 of the list's todos cannot be changed. The others were.",
    optional={
        "todos": {
            "type": "array",
            "description": "The ids of the todos that cannot be changed.",
            "items": {"type": "string", "format": "uuid"},
        }
    },
    example={"todos": [examples.TODO["id"]]},
)
_declare(
    problem_types.IMPORT_UNFINISHED,
    "The todo's history, or that of its next occurrence, is being loaded. Nothing was written.",
)
_declare(problem_types.OPERATION_RUNNING, "The operation is not finished. Nothing was changed.")
_declare(
    problem_types.DELETED,
    "The todo was deleted at version 4; its events remain, and restore brings it back.",
    optional={
        "todo": {
            "description": "After a write of the todo: its last state, at the version of the deletion.",
            "$ref": "#/components/schemas/Todo",
        },
        "events": _EVENTS_SINCE,
    },
    sends=("ETag",),
    example={
        "todo": {**examples.PATCHED, "version": 4},
        "events": [{**examples.EVENT, "version": 4, "type": "TodoDeleted", "change": {}}],
    },
)
_declare(
    problem_types.CURSOR_EXPIRED,
    "The log goes back to revision 4711. Start over without a cursor, and discard todos that the new sync omits.",
)
_declare(
    problem_types.PRECONDITION_FAILED,
    "The todo is at version 4.",
    optional=_CURRENT,
    sends=("ETag",),
    example={"todo": {**examples.PATCHED, "version": 4}, "events": [{**examples.EVENT, "version": 4}]},
)
_declare(problem_types.PAYLOAD_TOO_LARGE, "The body has 200000 bytes where 131072 are allowed.")
_declare(
    problem_types.UNSUPPORTED_MEDIA_TYPE,
    "text/plain is not supported here; send application/json.",
    sends=("Accept-Patch", "Accept-Encoding"),
)
_declare(problem_types.KEY_REUSED, "The Idempotency-Key was used before, for another request on this todo.")
_declare(
    problem_types.PRECONDITION_REQUIRED,
    "PUT needs If-None-Match: * to create the todo, or If-Match with the version that it replaces.",
)
_declare(
    problem_types.TOO_MANY_REQUESTS,
    "The request rate is above the limit.",
    sends=("Retry-After", "RateLimit", "RateLimit-Policy"),
)
_declare(problem_types.INTERNAL_ERROR, "The service failed unexpectedly; the error was logged.")
_declare(
    problem_types.UNAVAILABLE,
    "Other writers changed the todo each time. Nothing was written.",
    sends=("Retry-After",),
)
