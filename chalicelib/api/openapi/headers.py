"""The headers of answers, and where each stands."""

from __future__ import annotations

from typing import Any, Final

# In every answer of the service; what the gateway itself refuses has neither.
ALWAYS: Final = ("X-Request-Id", "Allow")


def _header(description: str, schema: dict[str, Any], example: object, *, required: bool = True) -> dict[str, Any]:
    return {"description": description, "required": required, "schema": schema, "example": example}


COMPONENTS: Final[dict[str, Any]] = {
    "ETag": _header(
        "Of a todo its version, as `If-Match` takes it; of all else a digest, and weak.",
        {"type": "string", "pattern": '^("[1-9][0-9]*"|W/"[0-9a-f]+")$'},
        '"3"',
    ),
    "X-Request-Id": _header(
        "The request's own, or one that it was given.", {"type": "string"}, "1f0c2f1e", required=False
    ),
    "Allow": _header("The methods that the path has.", {"type": "string"}, "GET, HEAD, POST, OPTIONS", required=False),
    "Accept-Encoding": _header(
        "How a body may be packed, where it was in another way.", {"type": "string"}, "identity", required=False
    ),
    "Accept-Patch": _header(
        "What PATCH takes (RFC 5789), where the path has it.",
        {"type": "string"},
        "application/merge-patch+json, application/json",
        required=False,
    ),
    "Location": _header(
        "The address of what was made.",
        {"type": "string", "format": "uri"},
        "https://api.example.com/todos/0197e1f0-0000-7000-8000-00000000000a",
    ),
    "Link": _header(
        "The next page (RFC 8288); absent after the last. The address is to be followed as it is.",
        {"type": "string", "pattern": '^<[^<>]+>; rel="next"$'},
        '<https://api.example.com/todos?cursor=WyJh>; rel="next"',
        required=False,
    ),
    "Preference-Applied": _header(
        "The wait that was done (RFC 7240). After a write: lists and counts show it. Absent where the time ran out; "
        "the write stands.",
        {"type": "string", "pattern": "^wait=[0-9]+$"},
        "wait=5",
        required=False,
    ),
    "RateLimit": _header(
        "What is left of the limit (draft-ietf-httpapi-ratelimit-headers-10), where there is one.",
        {"type": "string"},
        '"waits";r=3;t=5',
        required=False,
    ),
    "RateLimit-Policy": _header(
        "The limit itself, where there is one.",
        {"type": "string"},
        '"waits";q=4;qu="concurrent-requests"',
        required=False,
    ),
    "Retry-After": _header(
        "After how many seconds to try again.", {"type": "integer", "minimum": 0}, 1
    ),
    "WWW-Authenticate": _header(
        "What the request lacks (RFC 6750).",
        {"type": "string", "pattern": "^Bearer"},
        'Bearer error="invalid_token"',
    ),
    "Cache-Control": _header("Whether an answer may be kept.", {"type": "string"}, "private, no-cache"),
    "Content-Disposition": _header(
        "What to save it as.", {"type": "string"}, 'attachment; filename="todos.jsonl"'
    ),
    "Content-Security-Policy": _header(
        "What the page may load, and from where.", {"type": "string"}, "default-src 'none'"
    ),
    "X-Content-Type-Options": _header(
        "The media type is meant as it stands.", {"type": "string", "const": "nosniff"}, "nosniff"
    ),
}  # fmt: skip


def named(*names: str) -> dict[str, Any]:
    """References to header components, by the names of the headers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
