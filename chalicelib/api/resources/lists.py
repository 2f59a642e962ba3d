"""`/lists`: the owner's lists with their counts, their names, and the collection of one list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from chalicelib.api import pages, problem_types, structs
from chalicelib.api.bodies import read_json
from chalicelib.api.headers import parse_idempotency_key, parse_operation_id
from chalicelib.api.problems import Problem, bad_request, not_found
from chalicelib.api.represent import answer, wait_for_views
from chalicelib.api.request import Request, parameters
from chalicelib.api.resources import todos
from chalicelib.api.response import Response
from chalicelib.aws.owned_collection import CollectionFull
from chalicelib.commands import clear_list, execute, named_lists, rename_list
from chalicelib.commands.list_operation import ListUnfinished
from chalicelib.commands.named_lists import MAX_NAMED_LISTS
from chalicelib.todos import content, fields, ids
from chalicelib.todos.content import FieldError
from chalicelib.views import queries, schema
from chalicelib.views.queries import ListCount

# What every answer to a rename says, since its caller may not know who else names the list.
NOTE: Final = (
    "Webhooks and calendar feeds that name the old list keep naming it. Change a webhook with PATCH /webhooks/{id}; "
    "delete a feed and create another."
)


class RenameTo(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The new name of a list."""

    to: fields.ListName


def lists(request: Request) -> Response:
    query = parameters(request, limit=pages.parse_limit, cursor=str)
    after = pages.position_of(request, query)
    limit = query["limit"] or pages.DEFAULT_LIMIT
    counted, counted_to = queries.lists(request.owner, after=after, limit=limit)
    named, named_to = named_lists.page(request.owner, after=after, limit=limit)
    rows, next_after = merge_lists(counted, counted_to, named, named_to, limit)
    return pages.answer(request, query, [_represent(row) for row in rows], next_after)


def merge_lists(
    counted: Sequence[ListCount], counted_to: str | None, named: Sequence[str], named_to: str | None, limit: int
) -> tuple[list[ListCount], str | None]:
    """One page of lists from two that are in the order of their sort keys: lists with todos, and kept names.

    Parameters
    ----------
    counted_to, named_to : str or None
        The last sort key that was read of each, if there may be more.

    Returns
    -------
    list of ListCount
        A name without todos counts nothing.
    str or None
        The sort key behind which the next page begins; None after the last.
    """
    rows = {schema.list_key(name): ListCount(name, 0, 0, 0) for name in named}
    rows |= {schema.list_key(count.name): count for count in counted}
    read_to = min((last for last in (counted_to, named_to) if last is not None), default=None)
    # Behind the last key that was read of one there may be keys that come before the next of the other.
    keys = [key for key in sorted(rows) if read_to is None or key <= read_to]
    shown = keys[:limit]
    is_all = read_to is None and len(shown) == len(keys)
    return [rows[key] for key in shown], None if is_all else (shown[-1] if shown else read_to)


def keep(request: Request) -> Response:
    """Keep the list's name, also while it has no todos: 201, or 200 if it is kept already."""
    name = _list_name(request)
    try:
        is_new = named_lists.add(request.owner, name)
    except CollectionFull:
        detail = f"There may be {MAX_NAMED_LISTS} named lists; delete one that is empty first."
        raise Problem(problem_types.TOO_MANY_LISTS, detail) from None
    location = {"Location": f"{request.base_url}/lists/{ids.encode_list(name)}/todos"} if is_new else {}
    return answer(201 if is_new else 200, {"list": name}, location)


def forget(request: Request) -> Response:
    """Forget the list's name. A list with todos stays, as it does without a name."""
    name = _list_name(request)
    if not named_lists.remove(request.owner, name) and not queries.has_list(request.owner, name):
        raise not_found("There is no such list.")
    return answer(204)


def rename(request: Request) -> Response:
    """Move the list's todos to another name, each by its own event: few at once, many by a queue's worker."""
    body = read_json(request)
    name, to = _list_name(request), _new_name(body)
    try:
        renamed = rename_list.rename(
            request.owner,
            name,
            to,
            actor=request.actor,
            client=request.client,
            correlation_id=request.request_id,
            key=request.header("idempotency-key", parse_idempotency_key),
            operation=request.header("operation-id", parse_operation_id),
        )
    except (execute.KeyReused, ListUnfinished) as error:
        raise _problem_of(error) from error
    said = {"list": name, "to": to, "note": NOTE}
    part_of = _part_of(renamed.operation)
    if not renamed.at_once:
        return answer(202, said, part_of)
    # A repeat does not say that the views have what it cannot name.
    waited = {} if renamed.versions is None else wait_for_views(request, renamed.versions)
    return answer(200, {**said, "todos": renamed.moved}, {**waited, **part_of})


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
    try:
        cleared = clear_list.clear(
            request.owner,
            _list_name(request),
            actor=request.actor,
            client=request.client,
            correlation_id=request.request_id,
            key=request.header("idempotency-key", parse_idempotency_key),
            operation=request.header("operation-id", parse_operation_id),
        )
    except (execute.KeyReused, ListUnfinished) as error:
        raise _problem_of(error) from error
    part_of = _part_of(cleared.operation)
    if cleared.versions is None:
        return answer(202, headers=part_of)
    return answer(204, headers={**wait_for_views(request, cleared.versions), **part_of})


def _part_of(operation: str | None) -> dict[str, str]:
    """The header that names an operation; what version 0.1.0 began has none."""
    return {} if operation is None else {"Operation-Id": operation}


def _represent(row: ListCount) -> dict[str, Any]:
    return {"list": row.name, "total": row.total, "open": row.open, "completed": row.completed}


def _problem_of(error: execute.KeyReused | ListUnfinished) -> Problem:
    if isinstance(error, ListUnfinished):
        members = {"todos": list(error.todo_ids)} if error.todo_ids else {}
        return Problem(problem_types.LIST_UNFINISHED, str(error), members=members)
    detail = "The Idempotency-Key was used before, to clear or rename a list in another way."
    return Problem(problem_types.KEY_REUSED, detail)


def _new_name(body: object) -> str:
    to = structs.load_body(body, RenameTo, "new name").to
    error = content.list_name_error(to)
    if error:
        raise structs.invalid("new name", [FieldError("#/to", error)])
    return to


def _list_name(request: Request) -> str:
    try:
        return pages.parse_list_name(request.path["list_name"])
    except ValueError as error:
        errors = [{"parameter": "list_name", "detail": str(error)}]
        raise bad_request("The path is not valid.", errors) from None
