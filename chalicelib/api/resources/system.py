"""`/stats` and `/health`: the owner's counts, and liveness."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib import __version__
from chalicelib.api import as_of, pages
from chalicelib.api.problems import bad_request
from chalicelib.api.represent import answer
from chalicelib.api.request import Request, parameters
from chalicelib.api.response import Response
from chalicelib.todos import fold
from chalicelib.views import queries
from chalicelib.views.as_of import reading


def stats(request: Request) -> Response:
    """The counts over all todos: the tally, or what they were at an instant, which comes in pages."""
    query = parameters(request, at=as_of.parse_past, limit=pages.parse_limit, cursor=str)
    if query["at"] is not None:
        return _stats_as_of(request, query)
    errors = [{"parameter": name, "detail": "only with at"} for name in ("limit", "cursor") if query[name] is not None]
    if errors:
        raise bad_request("The query is not valid.", errors)
    tally = queries.tally(request.owner)
    return answer(200, _counts(tally.total, tally.open, tally.completed))


def _stats_as_of(request: Request, query: Mapping[str, Any]) -> Response:
    """The counts of a page's todos and of those before; the last page has those of all."""
    position = pages.position_of(request, query)
    after, total, completed = (None, 0, 0) if position is None else json.loads(position)
    found = reading.page(request.owner, query["at"], None, after=after, limit=query["limit"])
    total += len(found.rows)
    completed += sum(row.todo["completed"] for row in found.rows)
    more = found.next_after is not None
    cursor = pages.cursor_of(request, query, json.dumps([found.next_after, total, completed])) if more else None
    headers = {**pages.next_link(request, cursor), **as_of.headers(query["at"])}
    return answer(200, {**_counts(total, total - completed, completed), "more": more}, headers)


def _counts(total: int, opened: int, completed: int) -> dict[str, int]:
    return {"total": total, "open": opened, "completed": completed}


def health(request: Request) -> Response:
    """Liveness: it reads nothing, so that an outage of the database does not take the API out of service, too."""
    parameters(request)
    return answer(200, {"status": "ok", "version": __version__, "state_schema": fold.STATE_SCHEMA})
