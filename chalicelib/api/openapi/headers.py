"""The headers of answers."""

from __future__ import annotations

from typing import Any, Final

# In every answer of the service; refusals by the gateway itself lack `Allow`.
ALWAYS: Final = ("X-Request-Id", "Allow", "X-Content-Type-Options", "Cache-Control")


def _header(description: str, schema: dict[str, Any], example: object, *, required: bool = True) -> dict[str, Any]:
    return {"description": description, "required": required, "schema": schema, "example": example}


COMPONENTS: Final[dict[str, Any]] = {
    "ETag": _header(
        "A todo's version, as `If-Match` takes it; for other answers a weak digest.",
        {"type": "string", "pattern": '^("[1-9][0-9]*"|W/"[0-9a-f]+")$'},
        '"3"',
    ),
    "X-Request-Id": _header(
        "The id that the request had, or one chosen by the gateway.", {"type": "string"}, "1f0c2f1e", required=False
    ),
    "Allow": _header("The methods of the path.", {"type": "string"}, "GET, HEAD, POST, OPTIONS", required=False),
    "Accept-Encoding": _header(
        "Content codings that are accepted.", {"type": "string"}, "identity", required=False
    ),
    "Accept-Patch": _header(
        "The media types that PATCH accepts (RFC 5789), if the path has PATCH.",
        {"type": "string"},
        "application/merge-patch+json, application/json-patch+json, application/json",
        required=False,
    ),
    "Complete-Since": _header(
        "The instant from which on the answer lacks no todo, if the `at` of the request is earlier: what was deleted "
        "before may be missing. Absent otherwise.",
        {"type": "string", "format": "date-time"},
        "2026-08-22T09:00:00.000Z",
        required=False,
    ),
    "Location": _header(
        "The address of the created resource, or the one to use instead.",
        {"type": "string", "format": "uri"},
        "https://api.example.com/todos/0197e1f0-0000-7000-8000-00000000000a",
    ),
    "Link": _header(
        "The next page (RFC 8288); absent after the last. Follow the address unchanged.",
        {"type": "string", "pattern": '^<[^<>]+>; rel="next"$'},
        '<https://api.example.com/todos?cursor=WyJh>; rel="next"',
        required=False,
    ),
    "NextOccurrence": _header(
        "The todo that follows a repeating one, if the request completed it (RFC 8288): made, brought back or found. "
        "Absent if there is none, and after any other change.",
        {"type": "string", "pattern": '^<[^<>]+>; rel="next-occurrence"$'},
        '<https://api.example.com/todos/6b2c1f1e-9a53-5a0e-8a55-0d6f3d1c2b4a>; rel="next-occurrence"',
        required=False,
    ),
    "Operation-Id": _header(
        "The operation that the events of the request, or of the first one with its key, are part of: the one that the "
        "caller stated, or for several changes at once one that begins with `~`. Absent if there is none.",
        {"type": "string", "pattern": "^[!-~]{1,64}$"},
        "tidy-up-2026-12-01",
        required=False,
    ),
    "Preference-Applied": _header(
        "The wait that was applied (RFC 7240). After a write: lists and counts show it, and what it did to the next "
        "occurrence. Absent if the time ran out; the write is done nevertheless.",
        {"type": "string", "pattern": "^wait=[0-9]+$"},
        "wait=5",
        required=False,
    ),
    "RateLimit": _header(
        "What is left of the limit, if there is one (draft-ietf-httpapi-ratelimit-headers-10).",
        {"type": "string"},
        '"waits";r=3;t=5',
        required=False,
    ),
    "RateLimit-Policy": _header(
        "The limit, if there is one.",
        {"type": "string"},
        '"waits";q=4;qu="concurrent-requests"',
        required=False,
    ),
    "Retry-After": _header(
        "The seconds after which to try again.", {"type": "integer", "minimum": 0}, 1
    ),
    "WWW-Authenticate": _header(
        "What the request lacks (RFC 6750, section 3). API Gateway renames it `X-Amzn-Remapped-WWW-Authenticate` where "
        "the API itself answers: when a token expires while the gateway remembers it, and to a bad feed token.",
        {"type": "string", "pattern": "^Bearer"},
        'Bearer error="invalid_token"',
        required=False,
    ),
    "Cache-Control": _header(
        "Whether the answer may be stored: `no-store`, but for reads that succeed.",
        {"type": "string"},
        "no-store",
    ),
    "Content-Disposition": _header(
        "The name to save the file under.", {"type": "string"}, 'attachment; filename="todos.jsonl"'
    ),
    "Content-Security-Policy": _header(
        "What the page may load, and from where.", {"type": "string"}, "default-src 'none'"
    ),
    "X-Content-Type-Options": _header(
        "The media type must not be guessed.", {"type": "string", "const": "nosniff"}, "nosniff"
    ),
}  # fmt: skip


# The headers of components that are not named as their header is.
HEADERS: Final = {"NextOccurrence": "Link"}


def named(*names: str) -> dict[str, Any]:
    """References to header components, by the names of the headers."""
    return {HEADERS.get(name, name): {"$ref": f"#/components/headers/{name}"} for name in names}


def of_any(*sets: dict[str, Any]) -> dict[str, Any]:
    """The headers of an answer that has one of these sets: those that are not in each of them may be absent."""
    found: dict[str, Any] = {}
    for name, header in {name: header for each in sets for name, header in each.items()}.items():
        component = COMPONENTS[header["$ref"].rpartition("/")[2]]
        is_in_each = all(name in each for each in sets)
        found[name] = header if is_in_each or not component["required"] else {**component, "required": False}
    return found
