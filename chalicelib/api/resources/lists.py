"""`/lists`: the owner's lists with their counts, and the collection of one list."""

from __future__ import annotations

from chalice.app import Response

from chalicelib.api import pages
from chalicelib.api.bodies import read_json
from chalicelib.api.headers import parse_idempotency_key
from chalicelib.api.problems import bad_request
from chalicelib.api.represent import answer, wait_for_views
from chalicelib.api.request import Request, parameters
from chalicelib.api.resources import todos
from chalicelib.commands import clear_list
from chalicelib.todos import content
from chalicelib.views import queries


def lists(request: Request) -> Response:
    query = parameters(request, limit=pages.parse_limit, cursor=str)
    after = pages.position_of(request, query)
    counts, next_after = queries.lists(request.owner, after=after, limit=query["limit"] or pages.DEFAULT_LIMIT)
    rows = [
        {"list": count.name, "total": count.total, "open": count.open, "completed": count.completed} for count in counts
    ]
    return pages.answer(request, query, rows, next_after)


def read(request: Request) -> Response:
    return pages.list_todos(request, list_name=_list_name(request))


def create(request: Request) -> Response:
    """Create a todo in the path's list; the body may omit the list, but not name another."""
    body = read_json(request)
    name = _list_name(request)
    if isinstance(body, dict):
        stated, errors = content.compose_fields({"list": body.get("list")}, {})
        if errors:
            raise content.InvalidContent(errors)
        if stated["list"] not in (None, name):
            raise content.InvalidContent([content.FieldError("#/list", "differs from the list in the path")])
        body = {**body, "list": name}
    return todos.create_todo(request, body)


def clear(request: Request) -> Response:
    """Delete what the view shows in the list, each todo by its own event: few at once, many by a queue's worker."""
    deleted = clear_list.clear(
        request.owner,
        _list_name(request),
        actor=request.owner,
        correlation_id=request.request_id,
        key=request.header("idempotency-key", parse_idempotency_key),
    )
    return answer(202) if deleted is None else answer(204, headers=wait_for_views(request, deleted))


def _list_name(request: Request) -> str:
    try:
        return pages.parse_list_name(request.path["list_name"])
    except ValueError as error:
        errors = [{"parameter": "list_name", "detail": str(error)}]
        raise bad_request("The path is not valid.", errors) from None
