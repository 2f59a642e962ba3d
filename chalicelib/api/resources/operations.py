"""`/operations/{operation_id}`: the events of an operation, by whom and when; and its undo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from chalicelib.api import pages, problem_types, structs
from chalicelib.api.bodies import read_json
from chalicelib.api.problems import Problem, not_found
from chalicelib.api.represent import answer, wait_for_views
from chalicelib.api.request import Request, parameters
from chalicelib.api.response import Response
from chalicelib.commands import operations
from chalicelib.commands.undo import service
from chalicelib.commands.undo.results import Status, Undone
from chalicelib.ledger import ledger, operation_index
from chalicelib.ledger.operation_index import Found
from chalicelib.todos import ids, representation
from chalicelib.todos.content import FieldError, pointer
from chalicelib.todos.events import MAX_EVENT_BYTES

# As many of the largest events as one answer takes; what is read beyond that is read in vain.
_AT_ONCE: Final = representation.MAX_EVENTS_BYTES // MAX_EVENT_BYTES
# A todo's changes and conflicts take as much as its content at most, and an answer 6 MB.
MAX_LIMIT_OF_PREVIEW: Final = 100


class UndoRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How to undo an operation.

    Attributes
    ----------
    dry_run : bool
        Only show what would be done.
    expect : dict of str to int, optional
        By id, the versions of the todos that may be changed, as a dry run has shown them.
    limit : int
        How many of the operation's events a page of a dry run goes through.
    cursor : str, optional
        From the previous page of the dry run.
    """

    dry_run: Annotated[bool, Meta(description="Only show what would be done, page by page.")] = False
    expect: Annotated[
        dict[str, Annotated[int, Meta(ge=1)]] | None,
        Meta(
            description=(
                "By id, the versions of the todos that may be changed, as a dry run has shown them; any other todo"
                f" stays. For up to {service.AT_ONCE_TODOS} todos."
            ),
            extra_json_schema={"propertyNames": {"pattern": ids.TODO_ID_PATTERN}},
        ),
    ] = None
    limit: Annotated[
        int,
        Meta(
            ge=1,
            le=MAX_LIMIT_OF_PREVIEW,
            description="How many of the operation's events a page of a dry run goes through.",
        ),
    ] = pages.DEFAULT_LIMIT
    cursor: Annotated[
        Annotated[str, Meta(max_length=pages.MAX_CURSOR_LENGTH)] | None,
        Meta(description="From the previous page of the dry run; allowed only with `dry_run`."),
    ] = None


def read(request: Request) -> Response:
    """A page of an operation's events in the order of their making; another owner's operation does not exist."""
    query = parameters(request, limit=pages.parse_limit, cursor=str)
    after, limit = pages.position_of(request, query) or "", query["limit"] or pages.DEFAULT_LIMIT
    name = request.path["operation_id"]
    status = _status(request, name)
    found = operation_index.page(operations.index_keys(ids.partition_of(request.owner), name), after, limit + 1)
    rows = representation.within_bounds(_rows(found[:limit]))
    is_all = len(rows) == len(found)
    cursor = None if is_all else pages.cursor_of(request, query, rows[-1]["event_id"])
    body = {
        "operation": name,
        "can_be_undone": status.can_be_undone,
        "undoes": status.undoes,
        "direction": status.direction,
        "undo": None if status.undo is None else _represent(status.undo),
        "events": rows,
    }
    return answer(200, body, pages.next_link(request, cursor))


def undo(request: Request) -> Response:
    """Undo an operation, or show what that would do: few todos at once, many by a queue's worker."""
    asked = structs.load_body(read_json(request), UndoRequest, "undo")
    _check(asked)
    name = request.path["operation_id"]
    try:
        if asked.dry_run:
            return _preview(request, asked, name)
        undone = service.undo(
            request.owner,
            name,
            actor=request.actor,
            client=request.client,
            correlation_id=request.request_id,
            expect=asked.expect,
        )
    except service.OperationNotFound:
        raise _no_such_operation() from None
    except service.OperationRunning:
        detail = "The operation is not finished. Nothing was changed."
        raise Problem(problem_types.OPERATION_RUNNING, detail) from None
    except service.ExpectsTooMuch:
        detail = f"The versions of more than {service.AT_ONCE_TODOS} todos cannot be expected."
        raise structs.invalid("undo", [FieldError("#/expect", detail)]) from None
    part_of = {"Operation-Id": undone.undo}
    if not undone.is_done:
        return answer(202, _represent(undone), part_of)
    return answer(200, _represent(undone), {**wait_for_views(request, undone.versions), **part_of})


def _preview(request: Request, asked: UndoRequest, name: str) -> Response:
    query = {"cursor": asked.cursor}
    after = pages.position_of(request, query)
    found = service.preview(request.owner, name, after=after, limit=asked.limit, expect=asked.expect)
    body = {
        "undoes": found.undoes,
        "direction": found.direction,
        "todos": [asdict(each) for each in found.todos],
        "cursor": None if found.next_after is None else pages.cursor_of(request, query, found.next_after),
    }
    return answer(200, body)


def _status(request: Request, name: str) -> Status:
    try:
        return service.status(request.owner, name)
    except service.OperationNotFound:
        raise _no_such_operation() from None


def _no_such_operation() -> Problem:
    return not_found("There is no such operation.")


def _check(asked: UndoRequest) -> None:
    errors = [
        FieldError(pointer("expect", name), "expected a todo's id: a UUID in lower case")
        for name in asked.expect or {}
        if not ids.is_todo_id(name)
    ]
    if asked.cursor is not None and not asked.dry_run:
        # Whoever reads the pages of a dry run, and forgets to say so, wants nothing undone.
        errors.insert(0, FieldError("#/cursor", "allowed only with dry_run"))
    if errors:
        raise structs.invalid("undo", errors[:10])


def _represent(undone: Undone) -> dict[str, Any]:
    return {
        "undo": undone.undo,
        "undoes": undone.undoes,
        "direction": undone.direction,
        "state": "done" if undone.is_done else "running",
        "todos": undone.todos,
        "changed": undone.changed,
        "conflict_count": undone.conflict_count,
        "conflicts": [asdict(each) for each in undone.conflicts],
    }


def _rows(found: list[Found]) -> Iterator[dict[str, Any]]:
    """The events as they are answered, read as far as they are taken."""
    for start in range(0, len(found), _AT_ONCE):
        versions = [(stream, version) for _, stream, version in found[start : start + _AT_ONCE]]
        events = ledger.events_at(versions)
        for at in versions:
            _, todo_id = ids.split_stream_id(at[0])
            yield {"todo": todo_id, **representation.event_answer(events[at])}
