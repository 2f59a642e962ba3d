"""The tools that write. Each call is one batch of commands (`POST /batch`), and so one operation.

A call may come twice, because its answer was lost. A change of a todo at a version that was read has a key that follows
from it, and gets the first answer for ever. Without a version, an equal change finds nothing left to do. What is added
is told again by `repeats`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from chalicelib.api import problem_types, resources
from chalicelib.api.headers import parse_operation_id
from chalicelib.api.media_types import JSON
from chalicelib.api.problems import Problem
from chalicelib.api.request import Request
from chalicelib.api.resources import batch, batch_commands
from chalicelib.commands import execute
from chalicelib.ledger import ledger
from chalicelib.mcp import outputs, repeats, results
from chalicelib.mcp.arguments import (
    CLEARABLE,
    DEFAULT_ROWS,
    Add,
    Change,
    ChangedTodo,
    Complete,
    InvalidArguments,
    Named,
    NamedTodo,
    Undo,
)
from chalicelib.mcp.repeats import Claim, KeyOfAnotherCall
from chalicelib.todos import content, decide
from chalicelib.todos.content import FieldError, InvalidContent, pointer
from chalicelib.todos.events import Event, canonical_json, dump_json
from chalicelib.todos.ids import partition_of

Structured = dict[str, Any]

DONE: Final = "done"
REPEATED: Final = "repeated"
FAILED: Final = "failed"
NOT_TRIED: Final = "not tried"

# The first of an undo; `conflict_count` says how many there are.
MAX_CONFLICTS: Final = 20

_NOT_AGAIN: Final = "It was not added again. If you mean another one, call again with a new key."


def add(request: Request, asked: Add) -> Structured:
    """Create todos, unless an equal call has just created them.

    Raises
    ------
    InvalidArguments
        One of them is not valid: nothing is added. Otherwise what is valid would be added again with what was mended.
    Problem
        422: the key was used with other arguments.
    """
    todos = [_stated(each) for each in asked.todos]
    _check_contents(todos)
    operation = _operation(request, asked.operation)
    call = repeats.call_of(todos, actor=request.actor, client=request.client, operation=operation, key=asked.key)
    store = repeats.SettingsStore(partition_of(request.owner))
    try:
        claim = repeats.claim(store, call, repeats.milliseconds())
        there = _there(request, claim, len(todos))
        if not call.has_key and any(map(_is_touched, there)):
            # What was added before was worked on since: the same text again is meant.
            claim = repeats.claim(store, call, repeats.milliseconds(), instead_of=claim.nonce)
            there = _there(request, claim, len(todos))
    except KeyOfAnotherCall:
        raise Problem(problem_types.KEY_REUSED, "The key was used before, to add something else.") from None
    commands = [{"op": "create", "body": todo} for todo in todos]
    answer = _run(request, commands, operation, key=claim.nonce)
    for row, event in zip(answer["results"], there, strict=True):
        if event is not None and row["status"] == DONE:
            row |= {"status": REPEATED, "version": event.version, "age_seconds": claim.age_seconds}
            row["what_to_do"] = _NOT_AGAIN
            # It is as it was added, and perhaps not as it is.
            row.pop("todo", None)
    return answer


def change(request: Request, asked: Change) -> Structured:
    """Set fields of todos, and empty those that `clear` names."""
    errors = [error for position, each in enumerate(asked.todos) for error in _errors_of(each, position)]
    if errors:
        raise InvalidArguments(errors)
    commands = []
    for each in asked.todos:
        fields = _stated(each)
        todo_id, version, cleared = fields.pop("id"), fields.pop("if_version", None), fields.pop("clear", ())
        patch = {**fields, **dict.fromkeys(cleared)}
        commands.append(_command("change", "patch", todo_id, version, patch))
    return _run(request, commands, _operation(request, asked.operation))


def complete(request: Request, asked: Complete) -> Structured:
    """Complete todos, or reopen them."""
    patch = {"completed": asked.completed is not False}
    commands = [_command("complete", "patch", each.id, each.if_version, patch) for each in asked.todos]
    return _run(request, commands, _operation(request, asked.operation))


def delete(request: Request, asked: Named) -> Structured:
    """Delete todos; one that is deleted already is as it should be."""
    answer = _run(request, _commands("delete", asked.todos), _operation(request, asked.operation))
    for row in answer["results"]:
        if row["status"] == FAILED and row["error"].get("type") == problem_types.DELETED.name:
            row["status"] = DONE
            del row["error"]
    return _counted(answer)


def restore(request: Request, asked: Named) -> Structured:
    """Bring deleted todos back."""
    return _run(request, _commands("restore", asked.todos), _operation(request, asked.operation))


def undo(request: Request, asked: Undo) -> Structured:
    """Take back what an operation has done, or show what that would do, as `POST /operations/{id}/undo` answers it."""
    body: dict[str, Any] = {"dry_run": bool(asked.dry_run), "limit": asked.limit or DEFAULT_ROWS}
    if asked.cursor is not None:
        body["cursor"] = asked.cursor
    if asked.expect is not None:
        body["expect"] = {each.todo: each.version for each in asked.expect}
    path = {"operation_id": asked.operation}
    found = resources.operations.undo(_post(request, "/operations/{operation_id}/undo", body, path=path)).body
    if not asked.dry_run:
        return {**found, "conflicts": [_conflicting(each) for each in found["conflicts"][:MAX_CONFLICTS]]}
    rows = [_conflicting(each) | {"change": outputs.brief(each["change"])} for each in found["todos"]]
    return {
        "undoes": found["undoes"],
        "direction": found["direction"],
        "preview": rows,
        "next_cursor": found["cursor"],
    }


def _conflicting(row: dict[str, Any]) -> Structured:
    """What an undo does to a todo, or leaves, with texts cut."""
    return {**row, "conflicts": [outputs.brief(each) for each in row["conflicts"]]}


def _stated(arguments: msgspec.Struct) -> dict[str, Any]:
    """The arguments that are there; empty ones count as left out where they could only say that there is nothing."""
    fields: dict[str, Any] = {
        name: value for name, value in msgspec.structs.asdict(arguments).items() if value is not None
    }
    return {name: value for name, value in fields.items() if not (name in CLEARABLE and value in ("", []))}


def _check_contents(todos: Iterable[dict[str, Any]]) -> None:
    errors = []
    for position, todo in enumerate(todos):
        try:
            content.validate(todo)
        except InvalidContent as invalid:
            errors += [
                replace(error, pointer=pointer("todos", position) + error.pointer.removeprefix("#"))
                for error in invalid.errors
            ]
    if errors:
        raise InvalidArguments(errors)


def _errors_of(changed: ChangedTodo, position: int) -> list[FieldError]:
    """What a change says that it cannot mean."""
    given = msgspec.structs.asdict(changed)
    cleared = changed.clear or []
    empty = [name for name in CLEARABLE if given[name] is not None and given[name] in ("", [])]
    errors = [
        FieldError(pointer("todos", position, name), f'is empty. To empty it, leave it out and send clear: ["{name}"]')
        for name in empty
    ]
    errors += [
        FieldError(pointer("todos", position, name), "has a value and is in clear: send one of the two")
        for name in cleared
        if given[name] is not None and name not in empty
    ]
    if not errors and not cleared and not _stated(changed).keys() - {"id", "if_version", "clear"}:
        errors.append(FieldError(pointer("todos", position), "states nothing to change"))
    return errors


def _operation(request: Request, stated: str | None) -> str | None:
    """What the caller says that the call is part of."""
    return stated if stated is not None else request.header("operation-id", parse_operation_id)


def _commands(op: str, named: Sequence[NamedTodo]) -> list[dict[str, Any]]:
    return [_command(op, op, each.id, each.if_version, None) for each in named]


def _command(tool: str, op: str, todo_id: str, if_version: int | None, body: Any) -> dict[str, Any]:
    command = {"op": op, "id": todo_id, "body": body}
    if if_version is None:
        return command
    # What is done to a version can be done once: an equal command is the same one, whenever it comes.
    same = canonical_json([tool, todo_id, body, if_version]).encode(errors="surrogatepass")
    return {**command, "if_match": f'"{if_version}"', "key": hashlib.sha256(same).hexdigest()}


def _run(
    request: Request, commands: Sequence[dict[str, Any]], operation: str | None, key: str | None = None
) -> Structured:
    """Carry out commands as one batch, which is one operation: the caller's, or else the batch's own."""
    stated = {"operation-id": operation, "idempotency-key": key}
    headers = {name: value for name, value in stated.items() if value is not None}
    response = batch.run(_post(request, "/batch", {"commands": commands}, headers=headers))
    found = response.body["results"]
    # What was done before is part of what it was then.
    parts = {result["operation"] for result in found if "operation" in result}
    part_of = parts.pop() if len(parts) == 1 else response.headers["Operation-Id"]
    return _counted({"operation": part_of, "results": [_row(result) for result in found]})


def _post(
    request: Request,
    route: str,
    body: Any,
    *,
    path: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """The same caller's POST to a route of the API."""
    content = dump_json(body).encode(errors="surrogatepass")
    described = {"content-type": JSON, "content-length": str(len(content))}
    return replace(
        request,
        method="POST",
        route=route,
        path=path or {},
        query={},
        headers={**described, **(headers or {})},
        body=content,
    )


def _row(result: dict[str, Any]) -> Structured:
    """The result of one command, as an assistant needs it."""
    row: Structured = {"id": result["id"], "status": DONE}
    if "etag" in result:
        row["version"] = int(result["etag"].strip('"'))
    if (problem := result.get("problem")) is not None:
        row["status"] = NOT_TRIED if problem["detail"].startswith(batch.NOT_TRIED) else FAILED
        row["error"] = results.of_document(problem)
    elif result.get("todo") is not None:
        row["todo"] = outputs.todo_row(result["todo"])
    if (link := result.get("link")) is not None:
        row["next_id"] = link.partition(">")[0].rpartition("/")[2]
    return row


def _counted(answer: Structured) -> Structured:
    return {**answer, "failed": sum(row["status"] in (FAILED, NOT_TRIED) for row in answer["results"])}


def _there(request: Request, claim: Claim, count: int) -> list[Event | None]:
    """The newest events of what the first of equal calls has added by now; none for the first call itself."""
    if claim.is_first:
        return [None] * count
    keys = [batch_commands.derived_key(claim.nonce, position) for position in range(count)]
    return [execute.current(request.owner, resources.todos.id_for_new(request.owner, key)) for key in keys]


def _is_touched(event: Event | None) -> bool:
    """Whether somebody has changed, completed or deleted what was added; a reminder is no change."""
    if event is None or event.version == 1:
        return False
    first = ledger.at_version(event.stream_id, 1)
    return event.state["deleted"] or first is None or decide.is_changed(event.state, first.state)
