"""`/todos`: one todo in all its verbs, its history, and undo."""

from __future__ import annotations

from typing import Any

from chalice.app import Response

from chalicelib.api import commands, pages
from chalicelib.api.bodies import json_body
from chalicelib.api.commands import Asked, Operation
from chalicelib.api.headers import etag, parse_idempotency_key, parse_if_match, parse_if_none_match
from chalicelib.api.media_types import MERGE_PATCH
from chalicelib.api.problems import Problem, answer, bad_request, not_found
from chalicelib.api.request import Request, parameters
from chalicelib.commands import execute
from chalicelib.ledger import ledger
from chalicelib.publishing import cloudevents
from chalicelib.todos import decide, ids, representation
from chalicelib.todos.events import Event


def list_todos(request: Request) -> Response:
    return pages.todos(request, list_name=None)


def create(request: Request) -> Response:
    return create_todo(request, json_body(request))


def create_todo(request: Request, body: Any) -> Response:
    """Create a todo under an id of ours: derived from the key where there is one, so that a repeat finds the first."""
    key = request.header("idempotency-key", parse_idempotency_key)
    return _answer(request, Asked("post", commands.id_for_new(request.owner, key), body, key=key))


def read(request: Request) -> Response:
    asked = parameters(request, version=_version, at=pages.instant)
    event = execute.current(request.owner, _todo_id(request))
    if event is None:
        raise not_found()
    if asked["version"] is not None or asked["at"] is not None:
        event = _as_it_was(event, asked)
    if event.state["deleted"]:
        raise decide.TodoIsDeleted
    return answer(200, representation.todo_of(request.base_url, event), {"ETag": etag(event.version)})


def put(request: Request) -> Response:
    """The whole todo: created with `If-None-Match: *`, replaced with `If-Match`."""
    todo_id = _todo_id(request, refusal=bad_request("A todo's id is a UUID in lower case, with hyphens."))
    body = json_body(request)
    creates = "if-none-match" in request.headers
    if creates and "if-match" in request.headers:
        raise bad_request("If-Match and If-None-Match exclude each other here.")
    if creates and request.headers["if-none-match"].strip() != "*":
        raise bad_request("If-None-Match takes * here.")
    return _write(request, "put", todo_id, body, creates=creates)


def patch(request: Request) -> Response:
    body = json_body(request, MERGE_PATCH)
    return _write(request, "patch", _todo_id(request), body)


def delete(request: Request) -> Response:
    return _write(request, "delete", _todo_id(request))


def restore(request: Request) -> Response:
    return _write(request, "restore", _todo_id(request))


def revert(request: Request) -> Response:
    body = json_body(request)
    return _write(request, "revert", _todo_id(request), body)


def history(request: Request) -> Response:
    """The todo's events, oldest first, as they are or as CloudEvents; those of a deleted one too."""
    query = parameters(request, limit=pages.limit, cursor=str)
    position = pages.position_of(request, query)
    if position is not None and not position.isdigit():
        raise pages.foreign_cursor()
    after, limit = int(position or 0), query["limit"] or pages.DEFAULT_LIMIT
    found = ledger.history(_stream(request, _todo_id(request)), after, limit + 1)
    if not found and not after:
        raise not_found()
    if request.media_type == cloudevents.BATCH_MEDIA_TYPE:
        events = representation.within_bounds(
            cloudevents.cloudevent(event, request.base_url) for event in found[:limit]
        )
    else:
        events = representation.events_within_bounds(found[:limit])
    more = str(found[len(events) - 1].version) if len(events) < len(found) else None
    return pages.answer(request, query, events, more)


def _write(
    request: Request, operation: Operation, todo_id: str, body: Any = None, *, creates: bool = False
) -> Response:
    asked = Asked(
        operation,
        todo_id,
        body,
        creates,
        if_match=request.header("if-match", parse_if_match),
        # Of PUT, `*` is what says that it creates.
        if_none_match=None if operation == "put" else request.header("if-none-match", parse_if_none_match),
        key=request.header("idempotency-key", parse_idempotency_key),
    )
    return _answer(request, asked)


def _answer(request: Request, asked: Asked) -> Response:
    done = commands.run(request, asked)
    waited = commands.wait_for_views(request, {asked.todo_id: done.version})
    return answer(done.status, done.todo, {**done.headers, **waited})


def _as_it_was(newest: Event, asked: dict[str, Any]) -> Event:
    """The event that the todo was at, by version or by time (inclusive)."""
    if asked["version"] is not None and asked["at"] is not None:
        raise bad_request("version and at exclude each other.")
    if asked["version"] is not None:
        event = ledger.at_version(newest.stream_id, asked["version"])
    else:
        event = ledger.at_instant(newest.stream_id, asked["at"])
    if event is None:
        raise not_found("The todo has no such version." if asked["version"] else "The todo was not there yet.")
    return event


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text)):
        raise ValueError("expected a version, a whole number from 1")
    return int(text)


def _todo_id(request: Request, refusal: Problem | None = None) -> str:
    todo_id = request.path["todo_id"]
    if not ids.is_todo_id(todo_id):
        raise refusal or not_found()
    return todo_id


def _stream(request: Request, todo_id: str) -> str:
    return ids.stream_id(ids.partition_of(request.owner), todo_id)
