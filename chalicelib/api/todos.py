"""`/todos`: one todo in all its verbs, its history, and undo."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from chalice.app import Response

from chalicelib import keys, ledger, service, shapes
from chalicelib.api import pages
from chalicelib.api.bodies import json_body
from chalicelib.api.headers import etag, idempotency_key, if_match, if_none_match, wait_preference
from chalicelib.api.http import Request, parameters
from chalicelib.api.problems import Problem, answer, bad_request, not_found
from chalicelib.todos import content, decide
from chalicelib.todos.events import CREATED, RESTORED, Event
from chalicelib.views import queries

MERGE_PATCH: Final = "application/merge-patch+json"
MAX_EVENTS_IN_PROBLEM: Final = 100


def list_todos(request: Request) -> Response:
    return pages.todos(request, list_name=None)


def create(request: Request) -> Response:
    return create_todo(request, json_body(request))


def create_todo(request: Request, body: Any) -> Response:
    """Create a todo under an id of ours: derived from the key where there is one, so that a repeat finds the first."""
    key = idempotency_key(request)
    todo_id = keys.id_for_key(request.owner, key) if key else service.new_todo_id()
    command = decide.Create(content.validate(body))
    # The id of a keyed POST follows from the key; it is no part of what the caller asked for.
    return _write(request, todo_id, command, "post", body, is_new=key is None)


def read(request: Request) -> Response:
    asked = parameters(request, version=_version, at=pages.instant)
    event = service.current(request.owner, _todo_id(request))
    if event is None:
        raise not_found()
    if asked["version"] is not None or asked["at"] is not None:
        event = _as_it_was(event, asked)
    if event.state["deleted"]:
        raise decide.TodoIsDeleted
    headers = {"ETag": etag(event.version), "Cache-Control": "private, no-cache"}
    is_known = if_none_match(request)
    if is_known is not None and is_known(event.version):
        return answer(304, None, headers)
    return answer(200, shapes.todo_of(request.base_url, event), headers)


def put(request: Request) -> Response:
    """The whole todo: created with `If-None-Match: *`, replaced with `If-Match`."""
    todo_id = _todo_id(request, refusal=bad_request("A todo's id is a UUID in lower case, with hyphens."))
    body = json_body(request)
    creates, replaces = "if-none-match" in request.headers, "if-match" in request.headers
    if creates and replaces:
        raise bad_request("If-Match and If-None-Match exclude each other here.")
    if creates:
        if request.headers["if-none-match"].strip() != "*":
            raise bad_request("If-None-Match takes * here.")
        return _write(request, todo_id, decide.Create(content.validate(body)), "put", body)
    if replaces:
        return _write(request, todo_id, decide.Replace(content.validate(body)), "put", body)
    detail = "PUT needs If-None-Match: * to create the todo, or If-Match with the version that it replaces."
    raise Problem(428, "precondition-required", "Precondition required", detail)


def patch(request: Request) -> Response:
    body = json_body(request, MERGE_PATCH)
    return _write(request, _todo_id(request), decide.Patch(body), "patch", body)


def delete(request: Request) -> Response:
    return _write(request, _todo_id(request), decide.Delete(), "delete", None)


def restore(request: Request) -> Response:
    return _write(request, _todo_id(request), decide.Restore(), "restore", None)


def revert(request: Request) -> Response:
    body = json_body(request)
    todo_id = _todo_id(request)
    version = body.get("to_version") if isinstance(body, dict) and body.keys() == {"to_version"} else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise content.InvalidContent([content.FieldError("#/to_version", "expected a version, a whole number from 1")])
    then = ledger.at_version(_stream(request, todo_id), version)
    if then is None:
        if service.current(request.owner, todo_id) is None:
            raise not_found()
        raise content.InvalidContent([content.FieldError("#/to_version", "the todo has no such version")])
    return _write(request, todo_id, decide.Revert(then.state), "revert", body)


def history(request: Request) -> Response:
    """The todo's events, oldest first; those of a deleted one too."""
    query = parameters(request, limit=pages.limit, cursor=str)
    position = pages.position_of(request, query)
    if position is not None and not position.isdigit():
        raise pages.foreign_cursor()
    after, limit = int(position or 0), query["limit"] or pages.DEFAULT_LIMIT
    found = ledger.history(_stream(request, _todo_id(request)), after, limit + 1)
    if not found and not after:
        raise not_found()
    events = shapes.events_within_bounds(found[:limit])
    more = str(events[-1]["version"]) if len(events) < len(found) else None
    return pages.answer(request, query, events, more)


def _write(
    request: Request, todo_id: str, command: decide.Command, operation: str, body: Any, *, is_new: bool = False
) -> Response:
    key = idempotency_key(request)
    accepted = None if isinstance(command, decide.Create) else if_match(request)
    order = service.Order(
        owner=request.owner,
        todo_id=todo_id,
        command=command,
        actor=request.owner,
        if_match=accepted,
        idempotency_key=key,
        request_hash=service.request_hash(operation, todo_id, body) if key else None,
        correlation_id=request.request_id,
        is_new=is_new,
    )
    try:
        event = service.execute(order).event
    except (decide.VersionMismatch, decide.TodoExists) as refusal:
        raise _precondition_failed(request, todo_id, accepted) from refusal
    return _written(request, todo_id, command, event)


def _written(request: Request, todo_id: str, command: decide.Command, event: Event) -> Response:
    """The answer that follows from the event alone, so that a repeat with its key gets the same again."""
    headers = {"ETag": etag(event.version)}
    seconds = wait_preference(request)
    # The write stands, whatever becomes of the wait.
    with suppress(queries.ViewsUnavailable):
        if seconds and queries.wait_for_version(request.owner, todo_id, event.version, seconds):
            headers["Preference-Applied"] = f"wait={seconds}"
    if isinstance(command, decide.Delete):
        return answer(204, None, headers)
    # A PUT that created is so answered again, whatever precondition its repeat has; one that changed nothing is not.
    is_repeated = event.idempotency_key is not None and event.idempotency_key == idempotency_key(request)
    creates = isinstance(command, decide.Create) or (isinstance(command, decide.Replace) and is_repeated)
    if creates and event.type in (CREATED, RESTORED):
        headers["Location"] = shapes.todo_url(request.base_url, todo_id)
        return answer(201, shapes.todo_of(request.base_url, event), headers)
    return answer(200, shapes.todo_of(request.base_url, event), headers)


def _precondition_failed(request: Request, todo_id: str, accepted: decide.IfMatch | None) -> Exception:
    """412 with what the caller needs to try again: the todo as it is, and what happened since the version it knew."""
    event = service.current(request.owner, todo_id)
    if event is None or event.state["deleted"]:
        # Deleted between the refusal and this read: for the caller that is the answer.
        return decide.TodoIsDeleted()
    known = max((v for v in (accepted.versions if accepted else None) or () if v <= event.version), default=None)
    # They end where the todo stands that they come with, also when somebody has written since.
    count = 0 if known is None else min(event.version - known, MAX_EVENTS_IN_PROBLEM)
    since = ledger.history(event.stream_id, known, count) if known is not None and count else []
    return Problem(
        412,
        "precondition-failed",
        "Precondition failed",
        f"The todo is at version {event.version}.",
        members={
            "todo": shapes.todo_of(request.base_url, event),
            "events": shapes.events_within_bounds(since),
        },
        headers={"ETag": etag(event.version)},
    )


def _as_it_was(newest: Event, asked: dict[str, Any]) -> Event:
    """The event that the todo was at, by version or by time (inclusive)."""
    if asked["version"] is not None and asked["at"] is not None:
        raise bad_request("version and at exclude each other.")
    if asked["version"] is not None:
        event = ledger.at_version(newest.stream_id, asked["version"])
    else:
        event = ledger.at_instant(newest.stream_id, asked["at"])
    if event is None:
        raise not_found()
    return event


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text)):
        raise ValueError("expected a version, a whole number from 1")
    return int(text)


def _todo_id(request: Request, refusal: Problem | None = None) -> str:
    todo_id = request.path["todo_id"]
    if not keys.is_todo_id(todo_id):
        raise refusal or not_found()
    return todo_id


def _stream(request: Request, todo_id: str) -> str:
    return keys.stream_id(keys.partition_of(request.owner), todo_id)
