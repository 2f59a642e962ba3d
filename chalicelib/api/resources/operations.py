"""`/operations/{operation_id}`: the events of an operation, by whom and when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from chalicelib.api import pages
from chalicelib.api.problems import not_found
from chalicelib.api.represent import answer
from chalicelib.api.request import Request, parameters
from chalicelib.api.response import Response
from chalicelib.commands import operations
from chalicelib.ledger import ledger, operation_index
from chalicelib.ledger.operation_index import Found
from chalicelib.todos import ids, representation
from chalicelib.todos.events import MAX_EVENT_BYTES

# As many of the largest events as one answer takes; what is read beyond that is read in vain.
_AT_ONCE: Final = representation.MAX_EVENTS_BYTES // MAX_EVENT_BYTES


def read(request: Request) -> Response:
    """A page of an operation's events in the order of their making; another owner's operation does not exist."""
    query = parameters(request, limit=pages.parse_limit, cursor=str)
    after, limit = pages.position_of(request, query) or "", query["limit"] or pages.DEFAULT_LIMIT
    name = request.path["operation_id"]
    if not re.fullmatch(ids.OPERATION, name):
        raise not_found("There is no such operation.")
    keys = operations.index_keys(ids.partition_of(request.owner), name)
    found = operation_index.page(keys, after, limit + 1)
    if not found and not after:
        raise not_found("There is no such operation.")
    rows = representation.within_bounds(_rows(found[:limit]))
    is_all = len(rows) == len(found)
    cursor = None if is_all else pages.cursor_of(request, query, rows[-1]["event_id"])
    return answer(200, {"operation": name, "events": rows}, pages.next_link(request, cursor))


def _rows(found: list[Found]) -> Iterator[dict[str, Any]]:
    """The events as they are answered, read as far as they are taken."""
    for start in range(0, len(found), _AT_ONCE):
        versions = [(stream, version) for _, stream, version in found[start : start + _AT_ONCE]]
        events = ledger.events_at(versions)
        for at in versions:
            _, todo_id = ids.split_stream_id(at[0])
            yield {"todo": todo_id, **representation.event_answer(events[at])}
