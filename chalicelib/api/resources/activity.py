"""`/activity`: what happened to the owner's todos, newest first, by whom and with what."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import filters, pages, problem_types
from chalicelib.api.problems import Problem
from chalicelib.api.represent import answer
from chalicelib.api.request import Request, parameters
from chalicelib.api.response import Response
from chalicelib.todos import ids, instants, representation
from chalicelib.todos.events import Event, dump_json
from chalicelib.views.activity.asked import Asked
from chalicelib.views.activity.position import Position
from chalicelib.views.activity.reading import Page, Reader
from chalicelib.views.errors import PositionExpired
from chalicelib.views.recorded import Recorded

_MAX_BYTES: Final = representation.MAX_EVENTS_BYTES


def read(request: Request) -> Response:
    """A page of events; an event that cannot be read is its todo's id and its version alone."""
    query = parameters(
        request,
        actor=str,
        client=str,
        operation=str,
        type=str,
        list=pages.parse_list_name,
        todo=_parse_todo_id,
        since=filters.parse_instant,
        until=filters.parse_instant,
        include=filters.parse_choice("before"),
        limit=pages.parse_limit,
        cursor=str,
    )
    asked = Asked(
        **{name: query[name] for name in ("actor", "client", "operation", "type", "since", "until")},
        list_name=query["list"],
    )
    reader = Reader(request.owner, asked, query["limit"] or pages.DEFAULT_LIMIT, _Room().take)
    page = _page(reader, query["todo"], pages.position_of(request, query))
    found = [given.recorded for given in page.given]
    before = reader.before(found) if query["include"] else None
    rows = representation.within_bounds((_shape(each, before) for each in found), _MAX_BYTES)
    if len(rows) < len(found):
        page = Page([], str(page.given[len(rows) - 1].behind), None)
    complete_from = None if page.complete_from is None else instants.format_milliseconds(page.complete_from)
    cursor = None if page.next is None else pages.cursor_of(request, query, page.next)
    return answer(200, {"events": rows, "complete_from": complete_from}, pages.next_link(request, cursor))


class _Room:
    """How much of an answer is left; what was before its events is not read yet."""

    def __init__(self) -> None:
        self._left = _MAX_BYTES

    def take(self, recorded: Recorded) -> bool:
        """Whether there was room for the event."""
        self._left -= len(dump_json(_shape(recorded, None)).encode())
        return self._left >= 0


def _page(reader: Reader, todo_id: str | None, position: str | None) -> Page:
    if todo_id is not None:
        return reader.page_of_todo(todo_id, None if position is None else int(position))
    try:
        return reader.page(None if position is None else Position.parse(position))
    except PositionExpired as expired:
        raise Problem(problem_types.CURSOR_EXPIRED, f"{expired} Start over without a cursor.") from None


def _shape(recorded: Recorded, before: dict[tuple[str, int], Event] | None) -> dict[str, Any]:
    """An event as the API shows it, with the previous values of what it changed if `before` has them."""
    if recorded.event is None:
        return {"todo": recorded.todo_id, "version": recorded.version}
    event = {"todo": recorded.todo_id, **representation.event_answer(recorded.event)}
    if before is None:
        return event
    found = before.get((recorded.todo_id, recorded.version))
    values: dict[str, Any] = {**found.state} if found is not None else {}
    return {**event, "before": {name: values.get(name) for name in event["change"]} if found is not None else None}


def _parse_todo_id(given: str) -> str:
    if not ids.is_todo_id(given):
        raise ValueError("expected the id of a todo")
    return given
