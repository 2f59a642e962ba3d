"""`/todos`: one todo in all its verbs, its history, and undo."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import commands, filters, pages
from chalicelib.api.bodies import media_type_of, read_json
from chalicelib.api.headers import parse_idempotency_key, parse_if_match, parse_if_none_match, parse_operation_id
from chalicelib.api.media_types import JSON, JSON_PATCH, MERGE_PATCH
from chalicelib.api.problems import Problem, bad_request, not_found
from chalicelib.api.represent import answer, deleted, patch_conflict, precondition_failed, wait_for_views
from chalicelib.api.request import Request, parameters
from chalicelib.api.response import Response
from chalicelib.commands import execute
from chalicelib.commands.execute import CommandRequest
from chalicelib.ledger import ledger
from chalicelib.publishing import cloudevents
from chalicelib.todos import decide, fields, ids, representation
from chalicelib.todos.decide import Command, Create, Delete, Patch, Replace, Restore
from chalicelib.todos.events import CREATED, RESTORED, Event
from chalicelib.todos.ids import Owner

# The relation (RFC 8288) of a completed todo to the one that follows it.
NEXT_OCCURRENCE: Final = "next-occurrence"


def list_todos(request: Request) -> Response:
    return pages.list_todos(request, list_name=None)


def create(request: Request) -> Response:
    return create_todo(request, read_json(request))


def create_todo(request: Request, body: Any) -> Response:
    """Create a todo under an id that the service chooses."""
    key = request.header("idempotency-key", parse_idempotency_key)
    todo_id = id_for_new(request.owner, key)
    return _write(request, "post", todo_id, body, commands.creation(body), idempotency_key=key)


def read(request: Request) -> Response:
    """The todo as it is now, or as it was at a version or at an instant."""
    query = parameters(request, version=_version, at=filters.parse_instant)
    event = execute.current(request.owner, _todo_id(request))
    if event is None:
        raise not_found()
    if query["version"] is not None or query["at"] is not None:
        event = _earlier(event, query)
    if event.state["deleted"]:
        raise decide.TodoIsDeleted(event.state, event.version)
    return answer(200, representation.todo_of(request.base_url, event), {"ETag": representation.etag(event.version)})


def put(request: Request) -> Response:
    """The whole todo: created with `If-None-Match: *`, replaced with `If-Match`."""
    todo_id = _todo_id(request, refusal=bad_request("A todo's id is a UUID in lower case, with hyphens."))
    body = read_json(request)
    creates = "if-none-match" in request.headers
    if creates and "if-match" in request.headers:
        raise bad_request("If-Match and If-None-Match exclude each other here.")
    if creates and request.headers["if-none-match"].strip() != "*":
        raise bad_request("If-None-Match takes * here.")
    conditions = _conditions(request)
    # A command that creates is refused where there is a todo; there is no version to compare.
    conditions.pop("if_none_match", None)
    command = commands.creation(body) if creates else commands.replacement(body, conditions.get("if_match"))
    return _write(request, "put", todo_id, body, command, **conditions)


def patch(request: Request) -> Response:
    """Change some of the todo, by what its media type says: a merge patch, or operations."""
    if media_type_of(request) == JSON_PATCH:
        # The array and the operation enclose a field's value.
        body = read_json(request, MERGE_PATCH, JSON_PATCH, max_nesting=fields.MAX_NESTING + 2)
        todo_id = _todo_id(request)
        command: Command = commands.patch_by_operations(request.base_url, todo_id, body)
    else:
        body = read_json(request, MERGE_PATCH, JSON_PATCH)
        todo_id, command = _todo_id(request), Patch(body)
    return _write(request, "patch", todo_id, body, command, **_conditions(request))


def delete(request: Request) -> Response:
    return _write(request, "delete", _todo_id(request), None, Delete(), **_conditions(request))


def restore(request: Request) -> Response:
    return _write(request, "restore", _todo_id(request), None, Restore(), **_conditions(request))


def revert(request: Request) -> Response:
    body = read_json(request)
    todo_id = _todo_id(request)
    conditions = _conditions(request)
    return _write(request, "revert", todo_id, body, commands.reversion(request.owner, todo_id, body), **conditions)


def history(request: Request) -> Response:
    """The todo's events, oldest first, as they are or as CloudEvents; also those of a deleted todo."""
    query = parameters(request, limit=pages.parse_limit, cursor=str)
    position = pages.position_of(request, query)
    if position is not None and not position.isdigit():
        raise pages.foreign_cursor()
    after, limit = int(position or 0), query["limit"] or pages.DEFAULT_LIMIT
    stream = ids.stream_id(ids.partition_of(request.owner), _todo_id(request))
    found, is_all = ledger.history_within(stream, after, limit + 1, representation.MAX_EVENTS_BYTES)
    if not found and not after:
        raise not_found()
    if request.media_type == cloudevents.BATCH_MEDIA_TYPE:
        events = representation.within_bounds(
            cloudevents.cloudevent(event, request.base_url) for event in found[:limit]
        )
    else:
        events = representation.events_within_bounds(found[:limit])
    more = None if is_all and len(events) == len(found) else str(found[len(events) - 1].version)
    return pages.answer(request, query, events, more)


def id_for_new(owner: Owner, key: str | None) -> str:
    """The id of a todo that the service chooses: derived from the key if there is one, so that a repeat finds it."""
    return ids.id_for_key(owner, key) if key else ids.new_uuid()


def command_request(
    request: Request,
    verb: str,
    todo_id: str,
    body: Any,
    command: Command,
    *,
    operation: str | None,
    **conditions: Any,
) -> CommandRequest:
    """The caller's command.

    Parameters
    ----------
    verb : str
        With todo and body, what an idempotency key stands for: it is part of stored hashes, and must not change.
    operation : str, optional
        What the command is a part of.
    conditions
        `if_match`, `if_none_match` and `idempotency_key` of the command request.
    """
    key = conditions.get("idempotency_key")
    return CommandRequest(
        owner=request.owner,
        todo_id=todo_id,
        command=command,
        actor=request.actor,
        client=request.client,
        operation=operation,
        request_hash=execute.request_hash(verb, todo_id, body) if key else None,
        correlation_id=request.request_id,
        # The id of a keyed POST follows from the key, which may have been used before.
        is_new=verb == "post" and key is None,
        **conditions,
    )


def carry_out(base_url: str, request: CommandRequest, max_events_bytes: int = representation.MAX_EVENTS_BYTES) -> Event:
    """Execute the command; the event whose state answers it.

    Raises
    ------
    Problem
        412 with the current todo, or 410 with its last state, and with at most so many bytes of events; 409 if a JSON
        Patch does not apply.
    Exception
        Others that `execute.execute` raises; `problem_of` turns them into problems.
    """
    try:
        event, _ = execute.execute(request)
    except (decide.VersionMismatch, decide.TodoExists) as refusal:
        raise precondition_failed(base_url, request, max_events_bytes) from refusal
    except decide.TodoIsDeleted as refusal:
        raise deleted(base_url, request, refusal, max_events_bytes) from refusal
    except decide.PatchDoesNotApply as refusal:
        raise patch_conflict(base_url, request.todo_id, refusal) from refusal
    return event


def _write(request: Request, verb: str, todo_id: str, body: Any, command: Command, **conditions: Any) -> Response:
    stated = request.headers.get("operation-id")
    operation = None if stated is None else parse_operation_id(stated)
    asked = command_request(request, verb, todo_id, body, command, operation=operation, **conditions)
    event = carry_out(request.base_url, asked)
    response = answer_written(request.base_url, asked, event)
    if "prefer" in request.headers:
        response.headers.update(wait_for_views(request, representation.versions_written(event)))
    return response


def answer_written(base_url: str, request: CommandRequest, event: Event) -> Response:
    """The answer to a command that was carried out: the todo after the event; nothing after a deletion.

    It follows from the event alone, so that a repeat with its key gets the same answer.
    """
    headers: dict[str, str] = {"ETag": representation.etag(event.version)}
    # With a key, the event is that of the first request; without one it may be another's, if this changed nothing.
    is_repeat = event.idempotency_key is not None and event.idempotency_key == request.idempotency_key
    operation = event.operation if is_repeat else request.operation
    if operation is not None:
        headers["Operation-Id"] = operation
    if isinstance(request.command, Delete):
        return Response(None, headers, 204)
    status = 200
    # The repeat of a PUT that created is answered 201 again, whatever its precondition; a PUT that changed nothing is
    # not.
    creates = isinstance(request.command, Create) or (isinstance(request.command, Replace) and is_repeat)
    if creates and event.type in (CREATED, RESTORED):
        status = 201
        headers["Location"] = representation.todo_url(base_url, request.todo_id)
    next_id = representation.next_occurrence_of(event)
    if next_id is not None:
        headers["Link"] = f'<{representation.todo_url(base_url, next_id)}>; rel="{NEXT_OCCURRENCE}"'
    todo = representation.todo_answer(base_url, request.todo_id, event.version, event.state)
    return Response(todo, {"Content-Type": JSON, **headers}, status)


# The headers that are conditions of a command, by their names in a command request.
_CONDITIONS: Final = {
    "if-match": ("if_match", parse_if_match),
    "if-none-match": ("if_none_match", parse_if_none_match),
    "idempotency-key": ("idempotency_key", parse_idempotency_key),
}


def _conditions(request: Request) -> dict[str, Any]:
    """The conditions that the request has, by their names in a command request."""
    return {
        name: parse(request.headers[header])
        for header, (name, parse) in _CONDITIONS.items()
        if header in request.headers
    }


def _earlier(newest: Event, query: dict[str, Any]) -> Event:
    """The event that the todo was at, by version or by instant (inclusive)."""
    if query["version"] is not None and query["at"] is not None:
        raise bad_request("version and at exclude each other.")
    if query["version"] is not None:
        event = ledger.at_version(newest.stream_id, query["version"])
    else:
        event = ledger.at_instant(newest.stream_id, query["at"])
    if event is None:
        raise not_found("The todo has no such version." if query["version"] else "The todo did not exist yet.")
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
