"""`/changes`: sync, in pages by cursor; a client can wait for the next change."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from chalice.app import Response

from chalicelib.api import caching, pages, problem_types
from chalicelib.api.headers import parse_wait
from chalicelib.api.problems import Problem, bad_request
from chalicelib.api.represent import answer
from chalicelib.api.request import Request, parameters
from chalicelib.todos import representation
from chalicelib.views.errors import PositionExpired
from chalicelib.views.queries import TodoRow
from chalicelib.views.sync import feed
from chalicelib.views.sync.position import Position

# The gateway gives up after 29 s, and the last read may have to be repeated.
MAX_WAIT_SECONDS: Final = 20
# Each waiting request occupies a Lambda, or a thread of the process.
MAX_WAITS: Final = 4
RETRY_AFTER_SECONDS: Final = 5


def read(request: Request) -> Response:
    """The changes since a cursor; with `Prefer: wait=N`, as soon as there are any."""
    query = parameters(request, since=str, limit=pages.parse_limit)
    limit = query["limit"] or pages.DEFAULT_LIMIT
    seconds = parse_wait(request.headers.get("prefer", ""), MAX_WAIT_SECONDS)
    headers: dict[str, str] = {}
    try:
        since = _position(request, query["since"])
        if seconds:
            with _waits.one_more() as left:
                found = feed.next_page(request.owner, since, limit, seconds)
            headers |= {"Preference-Applied": f"wait={seconds}", **_rate_limit(left)}
        else:
            found = feed.next_page(request.owner, since, limit, 0)
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


class _Waits:
    """Limits how many requests of this process wait at the same time."""

    def __init__(self, at_most: int) -> None:
        self._left = at_most
        self._lock = threading.Lock()

    @contextmanager
    def one_more(self) -> Iterator[int]:
        """Let one more wait; yields how many more may.

        Raises
        ------
        Problem
            429 if none may.
        """
        with self._lock:
            if not self._left:
                detail = f"{MAX_WAITS} requests are waiting already. Try again later, or without waiting."
                headers = {"Retry-After": str(RETRY_AFTER_SECONDS), **_rate_limit(0)}
                raise Problem(problem_types.TOO_MANY_REQUESTS, detail, headers=headers)
            self._left -= 1
            left = self._left
        try:
            yield left
        finally:
            with self._lock:
                self._left += 1


def _rate_limit(left: int) -> dict[str, str]:
    """The limit on waits and how many are left (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4)."""
    return {
        "RateLimit-Policy": f'"waits";q={MAX_WAITS};qu="concurrent-requests"',
        "RateLimit": f'"waits";r={left};t={RETRY_AFTER_SECONDS}',
    }


_waits: Final = _Waits(MAX_WAITS)
