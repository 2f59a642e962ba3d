"""The tools that read. Each is served by the handler of the API's route, or by what that asks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from chalicelib.api import pages, resources
from chalicelib.api.problems import not_found
from chalicelib.api.request import Request
from chalicelib.api.response import Response
from chalicelib.commands import execute
from chalicelib.ledger import ledger
from chalicelib.mcp import outputs
from chalicelib.mcp.arguments import DEFAULT_ROWS, Activity, Changes, Find, Get, Lists
from chalicelib.todos import representation

Structured = dict[str, Any]

# Of events in one answer; what does not fit is asked for by the version of the last one.
_MAX_EVENTS_BYTES: Final = outputs.MAX_BYTES // 2


def find(request: Request, asked: Find) -> Structured:
    """A page of the owner's todos, as `GET /todos` answers it."""
    found = _get(
        request,
        "/todos",
        lambda each: pages.list_todos(each, list_name=None),
        q=asked.text,
        list=asked.list,
        tag=asked.tags,
        completed=asked.completed,
        priority=asked.priority,
        due_before=asked.due_before,
        due_after=asked.due_after,
        sort=asked.sort,
        limit=asked.limit or DEFAULT_ROWS,
        cursor=asked.cursor,
    )
    return {"todos": [outputs.todo_row(todo) for todo in json.loads(found.body)], "next_cursor": _next_cursor(found)}


def get(request: Request, asked: Get) -> Structured:
    """A todo as it is now, by whom and with what it was last changed, and its events after a version.

    Raises
    ------
    Problem
        404: there never was such a todo.
    """
    event = execute.current(request.owner, asked.id)
    if event is None:
        raise not_found("There is no such todo.")
    if event.state["deleted"]:
        answer: Structured = {"id": asked.id, "version": event.version, "deleted": True}
    else:
        answer = {"todo": outputs.todo_row(representation.todo_of(request.base_url, event), is_whole=True)}
    answer["last_change"] = outputs.last_writer(event)
    if asked.history or asked.since_version is not None:
        after, limit = asked.since_version or 0, asked.limit or DEFAULT_ROWS
        events, _ = ledger.history_within(event.stream_id, after, limit, _MAX_EVENTS_BYTES)
        rows = representation.within_bounds(map(outputs.event_of_todo, events), _MAX_EVENTS_BYTES)
        last = rows[-1]["version"] if rows else after
        answer |= {"events": rows, "more": last < event.version}
    return answer


def lists(request: Request, asked: Lists) -> Structured:
    """A page of the owner's lists with their counts, as `GET /lists` answers it."""
    found = _get(request, "/lists", resources.lists.lists, limit=asked.limit or DEFAULT_ROWS, cursor=asked.cursor)
    return {"lists": found.body, "next_cursor": _next_cursor(found)}


def activity(request: Request, asked: Activity) -> Structured:
    """A page of what happened, newest first, as `GET /activity` answers it."""
    found = _get(
        request,
        "/activity",
        resources.activity.read,
        actor=asked.actor,
        client=asked.client,
        operation=asked.operation,
        type=asked.type,
        list=asked.list,
        todo=asked.todo,
        since=asked.since,
        until=asked.until,
        include="before" if asked.before else None,
        limit=asked.limit or DEFAULT_ROWS,
        cursor=asked.cursor,
    )
    rows = [outputs.event_row(event) for event in found.body["events"]]
    return {"events": rows, "complete_from": found.body["complete_from"], "next_cursor": _next_cursor(found)}


def changes(request: Request, asked: Changes) -> Structured:
    """The todos that changed since a cursor, as `GET /changes` answers it."""
    found = _get(request, "/changes", resources.changes.read, since=asked.since, limit=asked.limit or DEFAULT_ROWS)
    rows = [each if each.get("deleted") else outputs.todo_row(each) for each in found.body["changes"]]
    return {"changes": rows, "since": found.body["cursor"], "more": found.body["more"]}


def _get(request: Request, route: str, handler: Callable[[Request], Response], **query: Any) -> Any:
    """The answer of a route to the same caller's GET with this query."""
    asked = {name: _texts(value) for name, value in query.items() if value is not None}
    kept = {name: value for name, value in request.headers.items() if name == "x-request-id"}
    return handler(replace(request, method="GET", route=route, path={}, query=asked, headers=kept, body=b""))


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return value
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def _next_cursor(found: Response) -> str | None:
    """The cursor in the link to the next page; None after the last."""
    link = re.match("<([^>]*)>", found.headers.get("Link", ""))
    return parse_qs(urlsplit(link[1]).query)["cursor"][0] if link else None
