"""The commands of a batch: how its body is read, and what each of them asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import Meta

from chalicelib.api import bodies, commands
from chalicelib.api.headers import (
    ENTITY_TAGS,
    IDEMPOTENCY_KEY,
    is_idempotency_key,
    parse_idempotency_key,
    parse_if_match,
    parse_operation_id,
)
from chalicelib.api.problems import Problem, bad_request
from chalicelib.api.request import Request
from chalicelib.api.resources import todos
from chalicelib.commands.execute import CommandRequest
from chalicelib.todos import content, decide, fields, ids
from chalicelib.todos.content import FieldError, pointer, struct_errors
from chalicelib.todos.events import dump_json
from chalicelib.todos.ids import Owner

MAX_COMMANDS: Final = 100
# Many times a hundred todos of the usual size. A Lambda takes 6 MB, in which the body is a JSON string.
MAX_BODY_BYTES: Final = 4 * 1024 * 1024
# The batch, its array and the command enclose a command's own body; in that a JSON Patch's array and operation enclose
# a field's value.
MAX_NESTING: Final = fields.MAX_NESTING + 5
MAX_COMMAND_BYTES: Final = bodies.MAX_BODY_BYTES

Op = Literal["create", "put", "patch", "delete", "restore", "revert"]
OPERATIONS: Final[tuple[Op, ...]] = get_args(Op)
WITHOUT_BODY: Final = ("delete", "restore")
# An `if_match`: the version that the command before, on the same todo, led to.
PREVIOUS: Final = "previous"


Id = Annotated[
    str,
    Meta(
        description="The todo's id; `create` may omit it, and the service chooses one.",
        extra_json_schema={"format": "uuid", "pattern": ids.TODO_ID_PATTERN},
    ),
]
EntityTags = Annotated[
    str,
    Meta(
        description='As in the `If-Match` header: `*` or entity tags such as `"3"`, quotes included; not for `create`. '
        f"Or `{PREVIOUS}`: the version that the batch's command before this one on the same todo led to, which must "
        "have a key, so that a repeat finds the same version; 412 if it has none or was refused.",
        examples=['"3"'],
        extra_json_schema={"pattern": f"{ENTITY_TAGS}|^{PREVIOUS}$"},
    ),
]
Key = Annotated[
    str, Meta(description="As in the `Idempotency-Key` header.", extra_json_schema={"pattern": f"^{IDEMPOTENCY_KEY}$"})
]


class Command(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One command. A null member is as if it were omitted.

    Attributes
    ----------
    op : str
        `create` is POST, or with an `id` PUT with `If-None-Match: *`; the others are like their own requests.
    if_match : str, optional
        As in the header: entity tags such as ``"3"``, quotes included, or ``*``; or `PREVIOUS`.
    key : str, optional
        The command's `Idempotency-Key`.
    body : JSON value
        The body of the command's own request: a todo, a merge patch, a JSON Patch (an array), or
        ``{"to_version": n}``.
    """

    op: Op
    id: Id | None = None
    if_match: EntityTags | None = None
    key: Key | None = None
    body: Any = None


class Batch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of `POST /batch`."""

    commands: Annotated[list[Command], Meta(max_length=MAX_COMMANDS)]


@dataclass(frozen=True, slots=True)
class Plan:
    """A command of the batch, not tried yet.

    Attributes
    ----------
    has_key : bool
        Whether a repeat of the command is known again.
    request : callable
        Makes the command request, as a part of the operation that it is given, or raises what the command alone would
        be refused with. Its second argument is the version that `PREVIOUS` means, if there is one.
    """

    todo_id: str
    has_key: bool
    request: Callable[[str, int | None], CommandRequest]


def read_plans(request: Request) -> list[Plan]:
    """The commands in the request's body.

    Raises
    ------
    Problem
        400 with a pointer to each error in the batch or in a command itself, before anything is done. Errors in a
        command's body are part of that command's result.
    """
    body = bodies.read_json(request, max_bytes=MAX_BODY_BYTES, max_nesting=MAX_NESTING)
    batch_key = request.header("idempotency-key", parse_idempotency_key)
    try:
        batch = content.convert(body, Batch)
    except msgspec.ValidationError:
        raise _invalid(_batch_errors(body)) from None
    errors: list[FieldError] = []
    plans = [_plan(request, batch_key, position, command, errors) for position, command in enumerate(batch.commands)]
    if errors:
        raise _invalid(errors)
    return plans


def operation_of(request: Request) -> str:
    """What the batch's events are part of: as the caller states it, or else a name of the service's.

    A batch with a key has the same name at each repeat, so that what was done at once and what was done later are one.

    Raises
    ------
    Problem
        400 for a malformed header.
    """
    stated = request.header("operation-id", parse_operation_id)
    if stated is not None:
        return stated
    key = request.header("idempotency-key", parse_idempotency_key)
    if key is None:
        return ids.mint_operation(ids.new_uuid())
    return ids.mint_operation(hashlib.sha256(f"operation#{key}".encode()).hexdigest()[:32])


def _plan(request: Request, batch_key: str | None, position: int, command: Command, errors: list[FieldError]) -> Plan:
    """A plan for one command; its errors are added to `errors`."""

    def refuse(member: str, detail: str) -> None:
        errors.append(FieldError(pointer("commands", position, member), detail))

    if_match = None
    key = command.key
    if key is not None and not is_idempotency_key(key):
        refuse("key", "expected 1 to 255 visible ASCII characters")
        # No id is derived from it, which would have to be encoded.
        key = None
    if command.id is None and command.op != "create":
        refuse("id", f"required for {command.op}")
    elif command.id is not None and not ids.is_todo_id(command.id):
        refuse("id", "expected a todo's id: a UUID in lower case")
    if command.body is not None and command.op in WITHOUT_BODY:
        refuse("body", f"not allowed for {command.op}")
    if command.if_match is not None and command.op == "create":
        refuse("if_match", "not allowed for create")
    elif command.if_match is not None and command.if_match != PREVIOUS:
        try:
            if_match = parse_if_match(command.if_match)
        except Problem:
            refuse("if_match", f'expected *, {PREVIOUS}, or entity tags such as "3", quotes included')
    key = key or (derived_key(batch_key, position) if batch_key else None)
    todo_id = command.id or todos.id_for_new(request.owner, key)
    return Plan(todo_id, key is not None, partial(_command_request, request, command, todo_id, if_match, key))


def _command_request(
    request: Request,
    stated: Command,
    todo_id: str,
    if_match: decide.IfMatch | None,
    key: str | None,
    operation: str,
    previous: int | None,
) -> CommandRequest:
    if stated.if_match == PREVIOUS:
        if_match = decide.IfMatch(frozenset() if previous is None else frozenset({previous}))
    if len(request.body) > MAX_COMMAND_BYTES:
        bodies.check_size(len(dump_json(stated.body).encode(errors="surrogatepass")), MAX_COMMAND_BYTES)
    verb: str = stated.op if stated.op != "create" else "put" if stated.id else "post"
    command = _command(request.base_url, request.owner, todo_id, stated, if_match)
    return todos.command_request(
        request, verb, todo_id, stated.body, command, operation=operation, if_match=if_match, idempotency_key=key
    )


def _command(
    base_url: str, owner: Owner, todo_id: str, stated: Command, if_match: decide.IfMatch | None
) -> decide.Command:
    match stated.op:
        case "create":
            return commands.creation(stated.body)
        case "put":
            return commands.replacement(stated.body, if_match)
        case "patch":
            # Their media types say which of the two a PATCH has; a merge patch is an object.
            if isinstance(stated.body, list):
                return commands.patch_by_operations(base_url, todo_id, stated.body)
            return decide.Patch(stated.body)
        case "delete":
            return decide.Delete()
        case "restore":
            return decide.Restore()
        case "revert":
            return commands.reversion(owner, todo_id, stated.body)


def derived_key(batch_key: str, position: int) -> str:
    """The idempotency key of a command that states none, in a batch that has one."""
    return hashlib.sha256(f"{position}#{batch_key}".encode()).hexdigest()


def _batch_errors(body: object) -> list[FieldError]:
    """Everything that keeps `body` from being a `Batch`; the decoder itself stops at the first."""
    if not isinstance(body, dict):
        return [FieldError(pointer(), "expected an object")]
    stated = body.get("commands")
    if not isinstance(stated, list):
        return struct_errors(body, Batch)
    errors = struct_errors({**body, "commands": []}, Batch)
    if len(stated) > MAX_COMMANDS:
        detail = f"{len(stated)} commands where {MAX_COMMANDS} are allowed"
        return [*errors, FieldError(pointer("commands"), detail)]
    for position, each in enumerate(stated):
        if isinstance(each, dict):
            errors += struct_errors(each, Command, "commands", position, choices={"op": OPERATIONS})
        else:
            errors.append(FieldError(pointer("commands", position), "expected an object"))
    return errors


def _invalid(errors: list[FieldError]) -> Problem:
    found = [{"pointer": each.pointer, "detail": each.detail} for each in errors[: content.MAX_ERRORS]]
    return bad_request("The batch is not valid. Nothing was done.", found)
