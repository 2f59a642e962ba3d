"""Collections in pages: cursors, links, and the filters of todos. A cursor is valid only for its owner and query."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from chalicelib.api import as_of, filters, represent, stored_todos
from chalicelib.api.cursor_key import cursor_key
from chalicelib.api.filters import parse_choice
from chalicelib.api.problems import Problem, bad_request
from chalicelib.api.request import Request, Several, parameters
from chalicelib.api.response import Response
from chalicelib.todos import content, fields, texts
from chalicelib.views import queries
from chalicelib.views.as_of import reading

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
# Parameters that count for a cursor only where they are given, so that cursors given out before them remain valid.
_ADDED_LATER: Final = ("due", "due_from", "due_until", "at")
# A position is an index key of at most 1,024 bytes; in Base64, with its signature, it takes less than this.
MAX_CURSOR_LENGTH: Final = 2048


def list_todos(request: Request, list_name: str | None) -> Response:
    """A page of the owner's todos, or of one list, by the query's filters and order."""
    parsers: dict[str, Callable[[str], Any] | Several] = {
        **filters.PARSERS,
        "sort": parse_choice("order", "due", "created"),
        "at": as_of.parse_past,
        "limit": parse_limit,
        "cursor": str,
    }
    if list_name is None:
        parsers["list"] = parse_list_name
    query = parameters(request, **parsers)
    position = position_of(request, query)
    size = query["limit"] or DEFAULT_LIMIT
    wanted_list = list_name if list_name is not None else query["list"]
    if query["at"] is not None:
        return _list_as_of(request, query, wanted_list, position, size)
    if filters.is_impossible(query):
        return _answer_todos(request, query, queries.Page([], None))
    if query["sort"] == "due":
        low, high = filters.due_range(query)
        accept = filters.accept(query, wanted_list)
        found = queries.by_due(request.owner, accept, after=position, limit=size, low=low, high=high)
    elif query["sort"] == "created":
        accept = filters.accept(query, wanted_list)
        found = queries.by_created(request.owner, accept, after=position, limit=size)
    else:
        accept = filters.accept(query, None)
        found = queries.by_list(request.owner, accept, list_name=wanted_list, after=position, limit=size)
    return _answer_todos(request, query, found)


def _list_as_of(
    request: Request, query: Mapping[str, Any], list_name: str | None, position: str | None, size: int
) -> Response:
    """A page of the todos as they were at an instant, by id."""
    if query["sort"] is not None:
        errors = [{"parameter": "sort", "detail": "not with at: what was is listed by id"}]
        raise bad_request("The query is not valid.", errors)
    accept = filters.accept(query, list_name)
    found = reading.page(request.owner, query["at"], accept, after=position, limit=size)
    response = _answer_todos(request, query, found)
    response.headers.update(as_of.headers(query["at"]))
    return response


def _answer_todos(request: Request, query: Mapping[str, Any], found: queries.Page) -> Response:
    return answer(request, query, stored_todos.array(request.base_url, found.rows), found.next_after)


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


def limit_to(most: int) -> Callable[[str], int]:
    """The parser of a query parameter that bounds a page: 1 to `most` items; it raises ValueError for another value."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
            raise ValueError(f"expected a whole number from 1 to {most}")
        return int(text)

    return parse


parse_limit: Final = limit_to(MAX_LIMIT)


def cursor_of(request: Request, query: Mapping[str, Any], position: str) -> str:
    """An opaque cursor: where the next page of this owner's query begins."""
    content = json.dumps([_signature(request, query, position), position])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


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
    signature, position = _content_of(cursor)
    if position is None or not hmac.compare_digest(signature, _signature(request, query, position)):
        raise foreign_cursor()
    return position


def was_unsigned(request: Request, query: Mapping[str, Any]) -> bool:
    """Whether the query's cursor is its own, but of the time when cursors were not signed."""
    fingerprint, position = _content_of(query["cursor"])
    return position is not None and fingerprint == _fingerprint(request, query, position)


def _content_of(cursor: str) -> tuple[str, str | None]:
    """The signature and the position in a cursor; the position is None if it has not the form of one."""
    if len(cursor) > MAX_CURSOR_LENGTH:
        return "", None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        signature, position = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError):
        return "", None
    is_cursor = isinstance(signature, str) and signature.isascii() and isinstance(position, str)
    return (signature, position) if is_cursor else ("", None)


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


def answer(request: Request, query: Mapping[str, Any], rows: list[Any] | str, position: str | None) -> Response:
    """A page of a collection: a bare array (or its JSON), and a link to the next page if there may be one."""
    cursor = cursor_of(request, query, position) if position is not None else None
    return represent.answer(200, rows, {"Content-Type": request.media_type, **next_link(request, cursor)})


def _signature(request: Request, query: Mapping[str, Any], position: str) -> str:
    """Binds a cursor to its owner, query and position, so that it is valid for no other, and only as it was made."""
    return hmac.new(cursor_key(), _bound_to(request, query, position), hashlib.sha256).hexdigest()[:32]


def _fingerprint(request: Request, query: Mapping[str, Any], position: str) -> str:
    return hashlib.sha256(_bound_to(request, query, position)).hexdigest()[:16]


def _bound_to(request: Request, query: Mapping[str, Any], position: str) -> bytes:
    asked = {
        name: "\0".join(value) if isinstance(value, list) else str(value)
        for name, value in query.items()
        if name not in ("cursor", "limit") and (value is not None or name not in _ADDED_LATER)
    }
    text = json.dumps([request.owner, request.route, dict(request.path), asked, position], sort_keys=True)
    return text.encode(errors="surrogatepass")
