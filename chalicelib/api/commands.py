"""One command on one todo, alone or of a batch: from what the caller states to the ledger, and to the answer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from chalicelib.api import problem_types
from chalicelib.api.headers import etag, parse_wait
from chalicelib.api.problems import Problem, not_found
from chalicelib.api.request import Request
from chalicelib.commands import execute
from chalicelib.ledger import ledger
from chalicelib.todos import content, decide, ids, representation
from chalicelib.todos.content import FieldError
from chalicelib.todos.events import CREATED, RESTORED, Event
from chalicelib.views import queries

MAX_EVENTS_IN_PROBLEM: Final = 100

MAX_VERSION: Final = 10**15 - 1

Version = Annotated[int, Meta(ge=1, le=MAX_VERSION, description="1, 2, 3 … without gaps.", examples=[3])]
Operation = Literal["post", "put", "patch", "delete", "restore", "revert"]
# What may be done to a deleted todo.
BRINGING_BACK: Final = ("restore", "revert")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller states of one command.

    Attributes
    ----------
    operation : str
        With the todo and the body, what an idempotency key stands for.
    body : JSON value
        None for an operation that takes none.
    creates : bool
        Whether a PUT is to create (`If-None-Match: *`); else it replaces, and needs `if_match`.
    """

    operation: Operation
    todo_id: str
    body: Any = None
    creates: bool = False
    if_match: decide.IfMatch | None = None
    if_none_match: decide.IfNoneMatch | None = None
    key: str | None = None


class RevertTo(msgspec.Struct, forbid_unknown_fields=True):
    """Which version's content the todo is to have again."""

    to_version: Version


@dataclass(frozen=True, slots=True)
class Done:
    """The answer to a command that was done: with a todo, but for a deletion."""

    status: int
    version: int
    headers: Mapping[str, str]
    todo: dict[str, Any] | None


def id_for_new(owner: str, key: str | None) -> str:
    """The id of a todo whose creator named none: the same again for the same key."""
    return ids.id_for_key(owner, key) if key else execute.new_todo_id()


def run(request: Request, asked: Asked, max_events_bytes: int = representation.MAX_EVENTS_BYTES) -> Done:
    """Do it, for the caller of `request`.

    Raises
    ------
    Problem
        404, 412 (with the todo and at most so many bytes of events) and 428.
    Exception
        What `service.execute` raises, of which `problem_of` makes a problem.
    """
    command = _command(request, asked)
    order = execute.Order(
        owner=request.owner,
        todo_id=asked.todo_id,
        command=command,
        actor=request.owner,
        if_match=asked.if_match,
        if_none_match=asked.if_none_match,
        idempotency_key=asked.key,
        request_hash=execute.request_hash(asked.operation, asked.todo_id, asked.body) if asked.key else None,
        correlation_id=request.request_id,
        # The id of a keyed POST follows from the key: perhaps it was used before.
        is_new=asked.operation == "post" and asked.key is None,
    )
    try:
        event = execute.execute(order).event
    except (decide.VersionMismatch, decide.TodoExists) as refusal:
        raise _precondition_failed(request, asked, max_events_bytes) from refusal
    return _done(request, asked, command, event)


def wait_for_views(request: Request, versions: Mapping[str, int]) -> dict[str, str]:
    """Wait as long as the caller prefers until the views have these versions of todos, by id.

    Returns the header that says so, if they have. The writes stand, whatever becomes of the wait.
    """
    seconds = request.header("prefer", parse_wait)
    with suppress(queries.ViewsUnavailable):
        if seconds and queries.wait_for_versions(request.owner, versions, seconds):
            return {"Preference-Applied": f"wait={seconds}"}
    return {}


def _command(request: Request, asked: Asked) -> decide.Command:
    match asked.operation:
        case "post":
            return decide.Create(content.validate(asked.body))
        case "put" if asked.creates:
            return decide.Create(content.validate(asked.body))
        case "put" if asked.if_match is None:
            detail = "State the version that is to be replaced (If-Match), or that the todo is to be created."
            raise Problem(problem_types.PRECONDITION_REQUIRED, detail)
        case "put":
            return decide.Replace(content.validate(asked.body))
        case "patch":
            return decide.Patch(asked.body)
        case "delete":
            return decide.Delete()
        case "restore":
            return decide.Restore()
        case "revert":
            return _revert(request, asked)


def _revert(request: Request, asked: Asked) -> decide.Revert:
    try:
        version = msgspec.convert(asked.body, RevertTo).to_version
    except msgspec.ValidationError:
        detail = "expected a version, a whole number from 1, and nothing beside it"
        raise content.InvalidContent([FieldError("#/to_version", detail)]) from None
    then = ledger.at_version(ids.stream_id(ids.partition_of(request.owner), asked.todo_id), version)
    if then is None:
        if execute.current(request.owner, asked.todo_id) is None:
            raise not_found()
        raise content.InvalidContent([FieldError("#/to_version", "the todo has no such version")])
    return decide.Revert(then.state)


def _done(request: Request, asked: Asked, command: decide.Command, event: Event) -> Done:
    """The answer that follows from the event alone, so that a repeat with its key gets the same again."""
    headers = {"ETag": etag(event.version)}
    if isinstance(command, decide.Delete):
        return Done(204, event.version, headers, None)
    status = 200
    # A PUT that created is so answered again, whatever precondition its repeat has; one that changed nothing is not.
    is_repeated = event.idempotency_key is not None and event.idempotency_key == asked.key
    creates = isinstance(command, decide.Create) or (isinstance(command, decide.Replace) and is_repeated)
    if creates and event.type in (CREATED, RESTORED):
        status = 201
        headers["Location"] = representation.todo_url(request.base_url, asked.todo_id)
    return Done(status, event.version, headers, representation.todo_of(request.base_url, event))


def _precondition_failed(request: Request, asked: Asked, max_events_bytes: int) -> Exception:
    """412 with what the caller needs to try again: the todo as it is, and what happened since the version it knew."""
    event = execute.current(request.owner, asked.todo_id)
    is_deleted = event is None or event.state["deleted"]
    if event is None or (is_deleted and asked.operation not in BRINGING_BACK):
        # Deleted between the refusal and this read: for the caller that is the answer.
        return decide.TodoIsDeleted()
    accepted = asked.if_match.versions if asked.if_match else None
    known = max((version for version in accepted or () if version <= event.version), default=None)
    # They end where the todo stands that they come with, also when somebody has written since.
    count = 0 if known is None else min(event.version - known, MAX_EVENTS_IN_PROBLEM)
    since = ledger.history(event.stream_id, known, count) if known is not None and count else []
    return Problem(
        problem_types.PRECONDITION_FAILED,
        f"The todo {'was deleted' if is_deleted else 'is'} at version {event.version}.",
        members={
            "todo": None if is_deleted else representation.todo_of(request.base_url, event),
            "events": representation.events_within_bounds(since, max_events_bytes),
        },
        headers={"ETag": etag(event.version)},
    )
