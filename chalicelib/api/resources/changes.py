"""`/changes`: sync, in pages by cursor; a client can wait for the next change."""

from __future__ import annotations

import json
from typing import Any, Final

from chalicelib.api import caching, pages, problem_types, waits
from chalicelib.api.headers import parse_wait
from chalicelib.api.problems import Problem, bad_request
from chalicelib.api.represent import answer
from chalicelib.api.request import Request, parameters
from chalicelib.api.response import Response
from chalicelib.todos import representation
from chalicelib.views.errors import PositionExpired
from chalicelib.views.queries import TodoRow
from chalicelib.views.sync import walk
from chalicelib.views.sync.position import Position

# A first sync of thousands of todos takes a request for each page. A page also ends at 3 MB.
MAX_LIMIT: Final = 2000


def read(request: Request) -> Response:
    """The changes since a cursor; with `Prefer: wait=N`, as soon as there are any."""
    query = parameters(request, since=str, limit=pages.limit_to(MAX_LIMIT))
    limit = query["limit"] or pages.DEFAULT_LIMIT
    seconds = parse_wait(request.headers.get("prefer", ""))
    headers = {"Preference-Applied": f"wait={seconds}"} if seconds else {}
    try:
        since = _position(request, query["since"])
        found = walk.next_page(request.owner, since, limit, 0)
        if seconds and not found.changes:
            # Only a request that waits takes a place.
            with waits.one_more(request.owner, seconds) as left:
                found = walk.next_page(request.owner, found.position, limit, seconds)
            headers |= waits.limit_headers(left)
    except PositionExpired as expired:
        detail = f"{expired} Start over without a cursor, and discard todos that the new sync omits."
        raise Problem(problem_types.CURSOR_EXPIRED, detail) from None
    changes = [_shape(request, row) for row in found.changes]
    cursor = pages.cursor_of(request, {}, str(found.position))
    body = {"changes": changes, "cursor": cursor, "more": found.more}
    # A first sync's cursors contain when it began; only the day of that counts for the entity tag.
    tag = caching.tag_of(json.dumps({**body, "cursor": str(found.position.of_the_day())}))
    return answer(200, body, {"ETag": tag, **headers})


def _shape(request: Request, row: TodoRow) -> dict[str, Any]:
    """A todo; of a deleted one, its tombstone."""
    if row.todo["deleted"]:
        return {"id": row.todo_id, "version": row.version, "deleted": True}
    return representation.todo_answer(request.base_url, row.todo_id, row.version, row.todo)


def _position(request: Request, since: str | None) -> Position | None:
    try:
        text = pages.position_of(request, {"cursor": since})
        return None if text is None else Position.parse(text)
    except (Problem, ValueError, RecursionError):
        if since is not None and pages.was_unsigned(request, {"cursor": since}):
            # Devices keep these for long; they know what to do when one has expired.
            raise PositionExpired("The cursor is older than the key that cursors are signed with.") from None
        error = {"parameter": "since", "detail": "not a cursor that /changes gave to this owner"}
        raise bad_request("The query is not valid.", [error]) from None
