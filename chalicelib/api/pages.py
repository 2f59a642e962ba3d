"""Collections in pages: cursors, links, and the filters of todos. A cursor is valid only for its owner and query."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from chalice.app import Response

from chalicelib.api import represent
from chalicelib.api.problems import Problem, bad_request
from chalicelib.api.request import Request, parameters
from chalicelib.todos import content, fields, instants, representation, texts
from chalicelib.todos.events import Todo
from chalicelib.views import queries

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
MAX_SOUGHT_LENGTH: Final = 500
MAX_TAG_LENGTH: Final = 64
# A position is an index key of at most 1,024 bytes; in Base64, with its signature, it takes less than this.
MAX_CURSOR_LENGTH: Final = 2048


def list_todos(request: Request, list_name: str | None) -> Response:
    """A page of the owner's todos, or of one list, by the query's filters and order."""
    parsers: dict[str, Callable[[str], Any]] = {
        "completed": parse_boolean,
        "tag": parse_text(MAX_TAG_LENGTH),
        "priority": parse_choice("none", "low", "medium", "high"),
        "due_before": parse_instant,
        "due_after": parse_instant,
        "q": parse_text(MAX_SOUGHT_LENGTH),
        "sort": parse_choice("order", "due"),
        "limit": parse_limit,
        "cursor": str,
    }
    if list_name is None:
        parsers["list"] = parse_list_name
    query = parameters(request, **parsers)
    position = position_of(request, query)
    size = query["limit"] or DEFAULT_LIMIT
    wanted_list = list_name if list_name is not None else query["list"]
    if query["sort"] == "due":
        found = queries.by_due(
            request.owner,
            _filter(query, wanted_list),
            after=position,
            limit=size,
            earliest=query["due_after"] or "",
            latest=query["due_before"] or "",
        )
    else:
        found = queries.by_list(request.owner, _filter(query, None), list_name=wanted_list, after=position, limit=size)
    rows = [representation.todo_answer(request.base_url, row.todo_id, row.version, row.todo) for row in found.rows]
    return answer(request, query, rows, found.next_after)


def _filter(query: Mapping[str, Any], list_name: str | None) -> Callable[[Todo], bool] | None:
    """The query's conditions that the index does not cover; None if there are none."""
    tests: list[Callable[[Todo], bool]] = []
    if list_name is not None:
        tests.append(lambda todo: todo["list"] == list_name)
    if (completed := query["completed"]) is not None:
        tests.append(lambda todo: todo["completed"] is completed)
    if (tag := query["tag"]) is not None:
        tests.append(lambda todo: tag in (todo["tags"] or ()))
    if (priority := query["priority"]) is not None:
        tests.append(lambda todo: todo["priority"] == priority)
    if (before := query["due_before"]) is not None:
        tests.append(lambda todo: todo["due"] is not None and instants.sortable(todo["due"]) < before)
    if (after := query["due_after"]) is not None:
        tests.append(lambda todo: todo["due"] is not None and instants.sortable(todo["due"]) > after)
    if (words := query["q"]) is not None:
        sought = words.casefold()
        tests.append(lambda todo: sought in todo["title"].casefold() or sought in (todo["notes"] or "").casefold())
    return (lambda todo: all(test(todo) for test in tests)) if tests else None


def parse_text(limit: int) -> Callable[[str], str]:
    """A parser of a query parameter that is a text of at most so many characters in Unicode's composed form (NFC)."""

    def text(given: str) -> str:
        composed = texts.compose(given, limit)
        if len(composed) > limit:
            raise ValueError(f"{len(composed)} characters where {limit} are allowed")
        if "\0" in composed:
            raise ValueError("contains a NUL character")
        return composed

    return text


def parse_list_name(given: str) -> str:
    """The name of a list, in NFC.

    Raises
    ------
    ValueError
        No list can have it.
    """
    name = texts.compose(given, fields.MAX_LIST_LENGTH)
    error = content.list_name_error(name)
    if error:
        raise ValueError(error)
    return name


def parse_boolean(given: str) -> bool:
    """A query parameter that is `true` or `false`.

    Raises
    ------
    ValueError
        It is neither.
    """
    if given not in ("true", "false"):
        raise ValueError("expected true or false")
    return given == "true"


def parse_choice(*choices: str) -> Callable[[str], str]:
    """A parser of a query parameter that must be one of some words."""

    def choice(given: str) -> str:
        if given not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return given

    return choice


def parse_instant(given: str) -> str:
    """An RFC 3339 date or date-time, as text that sorts in chronological order."""
    return instants.sortable_of(instants.parse_stated(given))


def parse_limit(text: str) -> int:
    """A query parameter that bounds a page: 1 to `MAX_LIMIT` items.

    Raises
    ------
    ValueError
        It is not a whole number within the bounds.
    """
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MAX_LIMIT and len(text) < 4):
        raise ValueError(f"expected a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def cursor_of(request: Request, query: Mapping[str, Any], position: str) -> str:
    """An opaque cursor: where the next page of this owner's query begins."""
    return (
        base64.urlsafe_b64encode(json.dumps([_fingerprint(request, query, position), position]).encode())
        .decode()
        .rstrip("=")
    )


def position_of(request: Request, query: Mapping[str, Any]) -> str | None:
    """The position in the query's cursor; None without a cursor.

    Raises
    ------
    Problem
        400 if the cursor is garbled, or of another owner or query.
    """
    cursor = query.get("cursor")
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        fingerprint, position = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError):
        fingerprint, position = None, None
    if not isinstance(position, str) or fingerprint != _fingerprint(request, query, position):
        raise foreign_cursor()
    return position


def foreign_cursor() -> Problem:
    """The refusal of a cursor that another query, or another owner's, has given out."""
    return bad_request(
        "The cursor does not belong to this query.", [{"parameter": "cursor", "detail": "not of this query"}]
    )


def next_link(request: Request, cursor: str | None) -> dict[str, str]:
    """The `Link` header to the next page (RFC 8288); none after the last."""
    if cursor is None:
        return {}
    path = "/".join(
        quote(request.path[part[1:-1]], safe="") if part.startswith("{") else part for part in request.route.split("/")
    )
    kept = {name: values for name, values in request.query.items() if name != "cursor"}
    query = urlencode({**kept, "cursor": [cursor]}, doseq=True)
    return {"Link": f'<{request.base_url}{path}?{query}>; rel="next"'}


def answer(request: Request, query: Mapping[str, Any], rows: list[Any], position: str | None) -> Response:
    """A page of a collection: a bare array, and a link to the next page if there may be one."""
    cursor = cursor_of(request, query, position) if position is not None else None
    return represent.answer(200, rows, {"Content-Type": request.media_type, **next_link(request, cursor)})


def _fingerprint(request: Request, query: Mapping[str, Any], position: str) -> str:
    """Binds a cursor to its owner, query and position, so that it is valid for no other, and only unchanged."""
    asked = {name: str(value) for name, value in query.items() if name not in ("cursor", "limit")}
    text = json.dumps([request.owner, request.route, dict(request.path), asked, position], sort_keys=True)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
