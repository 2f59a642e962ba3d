"""Answers that several resources give."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from chalicelib.api import problem_types, waits
from chalicelib.api.headers import parse_wait
from chalicelib.api.media_types import JSON
from chalicelib.api.problems import Problem
from chalicelib.api.request import Request
from chalicelib.api.response import Response
from chalicelib.commands import execute
from chalicelib.commands.execute import CommandRequest
from chalicelib.ledger import ledger
from chalicelib.todos import representation
from chalicelib.todos.content import pointer
from chalicelib.todos.decide import PatchDoesNotApply, Restore, Revert, TodoIsDeleted
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Owner
from chalicelib.views import queries

MAX_EVENTS_IN_PROBLEM: Final = 100
# A write's answer waits so long for the views before it needs a place among those that wait.
WAIT_WITHOUT_A_PLACE_SECONDS: Final = 1


def answer(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Response:
    """A response with a JSON value as its body, or none; routing turns the value into text."""
    described = {"Content-Type": JSON} if body is not None else {}
    return Response(body=body, status_code=status, headers={**described, **(headers or {})})


def precondition_failed(base_url: str, request: CommandRequest, max_events_bytes: int) -> Problem:
    """412 with what the caller needs to try again: the current todo, and the events since the version it knew.

    It is 410 instead if the todo was deleted between the refusal and this read.

    Parameters
    ----------
    max_events_bytes : int
        The events end after so many bytes; 0 for none at all.
    """
    event = execute.current(request.owner, request.todo_id)
    assert event is not None, "what was refused for its version has one"
    is_deleted = event.state["deleted"]
    if is_deleted and not isinstance(request.command, Restore | Revert):
        return deleted(base_url, request, TodoIsDeleted(event.state, event.version), max_events_bytes)
    return Problem(
        problem_types.PRECONDITION_FAILED,
        f"The todo {'was deleted' if is_deleted else 'is'} at version {event.version}.",
        members={
            "todo": None if is_deleted else representation.todo_of(base_url, event),
            "events": _events_since_known(request, event.version, max_events_bytes),
        },
        headers={"ETag": representation.etag(event.version)},
    )


def deleted(base_url: str, request: CommandRequest, refusal: TodoIsDeleted, max_events_bytes: int) -> Problem:
    """410 with what the caller needs to decide: the todo's last state, and the events since the version it knew."""
    return Problem(
        problem_types.DELETED,
        f"The todo was deleted at version {refusal.version}; its events remain, and restore brings it back.",
        members={
            "todo": representation.todo_answer(base_url, request.todo_id, refusal.version, refusal.todo),
            "events": _events_since_known(request, refusal.version, max_events_bytes),
        },
        headers={"ETag": representation.etag(refusal.version)},
    )


def _events_since_known(request: CommandRequest, version: int, max_bytes: int) -> list[dict[str, Any]]:
    """The events behind the newest version that `If-Match` names, up to `version`, even if somebody has written since.

    Of another version than those of the todo nothing is known, and no events are shown.
    """
    accepted = request.if_match.versions if request.if_match else None
    known = max((each for each in accepted or () if each <= version), default=version)
    count = min(version - known, MAX_EVENTS_IN_PROBLEM)
    if not count or not max_bytes:
        return []
    since, _ = ledger.history_within(request.stream, known, count, max_bytes)
    return representation.events_within_bounds(since, max_bytes)


def patch_conflict(base_url: str, todo_id: str, refusal: PatchDoesNotApply) -> Problem:
    """409 with the todo that a JSON Patch does not apply to, and which operation does not (RFC 5789, section 2.2)."""
    where = pointer(refusal.position)
    return Problem(
        problem_types.PATCH_CONFLICT,
        f"Operation {where} does not apply to version {refusal.version}: {refusal.detail}.",
        members={
            "todo": representation.todo_answer(base_url, todo_id, refusal.version, refusal.todo),
            "errors": [{"pointer": where, "detail": refusal.detail}],
        },
        headers={"ETag": representation.etag(refusal.version)},
    )


def wait_for_views(request: Request, versions: Mapping[str, int]) -> dict[str, str]:
    """Wait as long as the caller prefers until the views have these versions of todos, by id.

    Returns the header that confirms it if they have. The writes are done, whether or not the views follow in time. They
    usually do at once. While the projection lags or does not run, only so many requests wait for it as may wait for
    changes: otherwise they would hold all functions of the account, the projection's own among them.
    """
    seconds = parse_wait(request.headers.get("prefer", ""))
    at_first = min(seconds, WAIT_WITHOUT_A_PLACE_SECONDS)
    with suppress(Unavailable):
        if seconds and (
            queries.wait_for_versions(request.owner, versions, at_first)
            or _wait_at_a_place(request.owner, versions, seconds - at_first)
        ):
            return {"Preference-Applied": f"wait={seconds}"}
    return {}


def _wait_at_a_place(owner: Owner, versions: Mapping[str, int], seconds: int) -> bool:
    if seconds == 0:
        return False
    with waits.place_of_the_stage(seconds) as left:
        return left is not None and queries.wait_for_versions(owner, versions, seconds)
