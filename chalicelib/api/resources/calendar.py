"""`/todos.ics`: an owner's todos as iCalendar, for programs that subscribe to a URL and can send no headers."""

from __future__ import annotations

import json
import time
from typing import Final

from chalicelib.api import problem_types
from chalicelib.api.media_types import CALENDAR
from chalicelib.api.problems import Problem
from chalicelib.api.request import Request, parameters
from chalicelib.api.response import Response
from chalicelib.calendar import feeds, vtodo
from chalicelib.calendar.feeds import Feed
from chalicelib.todos import instants
from chalicelib.views import queries
from chalicelib.views.queries import TodoRow

# Todos completed earlier are left out; otherwise a feed would only grow.
COMPLETED_DAYS: Final = 30
# A component takes half a millisecond to make, and the gateway gives up after 29 s.
MAX_TODOS: Final = 5_000
# A Lambda answers at most 6 MB of JSON, in which the calendar is a string.
MAX_BYTES: Final = 5 * 1024 * 1024
# Pages of 3 to 4 MB each; todos beyond them are left out.
MAX_PAGES_READ: Final = 8


def read(request: Request) -> Response:
    """The calendar; 401 if the token is missing, wrong, or revoked."""
    token = parameters(request, token=str)["token"]
    feed = feeds.of_token(token) if token is not None else None
    if feed is None:
        raise Problem(
            problem_types.UNAUTHORIZED,
            "The feed's token is missing, wrong, or was revoked.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    content = _calendar(request.base_url, feed)
    # The gateway knows no caller here, but the answer belongs to one owner.
    headers: dict[str, str] = {
        "Content-Type": f"{CALENDAR}; charset=utf-8",
        "Cache-Control": "private, no-cache",
    }
    return Response(body=content.decode(), status_code=200, headers=headers)


def _calendar(base_url: str, feed: Feed) -> bytes:
    rows, is_whole = _rows(feed)
    components: list[bytes] = []
    size = 0
    for row in rows[:MAX_TODOS]:
        component = vtodo.vtodo(base_url, row.todo_id, row.version, row.todo)
        size += len(json.dumps(component.decode()))
        if size > MAX_BYTES:
            break
        components.append(component)
    is_whole = is_whole and len(components) == len(rows)
    description = (
        None if is_whole else f"Only {len(components)} todos fit; a feed of fewer lists has room for all of theirs."
    )
    used = vtodo.time_zones(row.todo for row in rows[: len(components)])
    return vtodo.calendar(feed.name or vtodo.DEFAULT_NAME, description, [*used, *components])


def _rows(feed: Feed) -> tuple[list[TodoRow], bool]:
    """The open todos in their order, then the completed ones, newest first; and whether these are all."""
    since = instants.format_milliseconds(int((time.time() - COMPLETED_DAYS * 86_400) * 1000))

    def is_wanted(row: TodoRow) -> bool:
        return not row.todo["completed"] or (row.todo["completed_at"] or "") >= since

    opened: list[TodoRow] = []
    completed: list[TodoRow] = []
    pages_left = MAX_PAGES_READ
    for list_name in feed.lists or (None,):
        after: str | None = None
        while True:
            if pages_left == 0 or len(opened) > MAX_TODOS:
                return opened + _newest_first(completed), False
            page = queries.by_list(feed.owner, is_wanted, list_name=list_name, after=after, limit=MAX_TODOS + 1)
            for row in page.rows:
                (completed if row.todo["completed"] else opened).append(row)
            after = page.next_after
            if after is None:
                break
            pages_left -= 1
    return opened + _newest_first(completed), True


def _newest_first(completed: list[TodoRow]) -> list[TodoRow]:
    return sorted(completed, key=lambda row: row.todo["completed_at"] or "", reverse=True)
