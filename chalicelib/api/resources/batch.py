"""`/batch`: up to a hundred commands in one request, each with a status of its own."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, get_args, get_type_hints

import msgspec
from chalice.app import Response
from msgspec import Meta

from chalicelib.api import commands
from chalicelib.api.bodies import json_body
from chalicelib.api.commands import Asked, Done, Operation
from chalicelib.api.headers import (
    ENTITY_TAGS,
    IDEMPOTENCY_KEY,
    is_idempotency_key,
    parse_idempotency_key,
    parse_if_match,
)
from chalicelib.api.problems import Problem, answer, bad_request, problem_of, unavailable
from chalicelib.api.request import Request
from chalicelib.ledger import ledger
from chalicelib.todos import fields, ids
from chalicelib.todos.content import FieldError, pointer, type_error

MAX_COMMANDS: Final = 100
# A hundred todos of the usual size many times over. A Lambda takes 6 MB, in which the body is a JSON string.
MAX_BODY_BYTES: Final = 4 * 1024 * 1024
# The batch, its array and the command stand around a command's own body.
MAX_NESTING: Final = fields.MAX_NESTING + 4
# A Lambda answers at most 6 MB. Of those this leaves a good part to the results that come without what they are about.
MAX_ANSWER_BYTES: Final = 5 * 1024 * 1024
MAX_EVENTS_BYTES: Final = 32 * 1024
MAX_ERRORS: Final = 100
# Half of the client's connections: each thread waits for DynamoDB nearly all the time.
AT_THE_SAME_TIME: Final = 16
# The gateway gives up after 29 s, of which a caller may have 10 s waited for the views.
LAST_START_SECONDS: Final = 15

Op = Literal["create", "put", "patch", "delete", "restore", "revert"]
OPERATIONS: Final[tuple[Op, ...]] = get_args(Op)
WITHOUT_BODY: Final = ("delete", "restore")


Id = Annotated[
    str,
    Meta(
        description="The todo's id; of `create` and without one, an id of the service's.",
        extra_json_schema={"format": "uuid", "pattern": ids.TODO_ID_PATTERN},
    ),
]
EntityTags = Annotated[
    str,
    Meta(
        description='As the header has it: `*` or entity tags such as `"3"`, quotes included; not of `create`.',
        examples=['"3"'],
        extra_json_schema={"pattern": ENTITY_TAGS},
    ),
]
Key = Annotated[
    str, Meta(description="As the `Idempotency-Key` header.", extra_json_schema={"pattern": f"^{IDEMPOTENCY_KEY}$"})
]


class Command(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One command. What is null is as if it were left out.

    Attributes
    ----------
    op : str
        `create` is POST, and with an `id` it is PUT with `If-None-Match: *`; the others are what they are alone.
    if_match : str, optional
        As the header has it: entity tags such as ``"3"``, quotes included, or ``*``.
    key : str, optional
        The command's `Idempotency-Key`.
    body : JSON value
        What the request of this command alone would have: a todo, a merge patch, or ``{"to_version": n}``.
    """

    op: Op
    id: Id | None = None
    if_match: EntityTags | None = None
    key: Key | None = None
    body: Any = None


class Batch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What `POST /batch` takes."""

    commands: Annotated[list[Command], Meta(max_length=MAX_COMMANDS)]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one command: it was done, or there is a problem."""

    todo_id: str
    outcome: Done | Problem

    @property
    def is_settled(self) -> bool:
        """Whether it is done for good or refused for good reason; else the batch is to be repeated."""
        return self.outcome.status < 500


def run(request: Request) -> Response:
    """Every command, each as if it came alone: those on one todo in order, different todos at the same time."""
    asked = _asked(request)
    ledger.connect()
    of_todo: dict[str, list[int]] = {}
    for position, each in enumerate(asked):
        of_todo.setdefault(each.todo_id, []).append(position)
    last_start = time.monotonic() + LAST_START_SECONDS

    def run_in_order(positions: list[int]) -> list[tuple[int, Result]]:
        of_one = _run_in_order(request, [asked[position] for position in positions], last_start)
        return list(zip(positions, of_one, strict=True))

    with ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
        found = dict(result for of_one in pool.map(run_in_order, of_todo.values()) for result in of_one)
    results = [found[position] for position in range(len(asked))]
    done = sorted((each.outcome.version, each.todo_id) for each in results if isinstance(each.outcome, Done))
    waited = commands.wait_for_views(request, {todo_id: version for version, todo_id in done})
    return answer(200, {"results": _within_bounds(request.base_url, results)}, waited)


def _run_in_order(request: Request, asked: list[Asked], last_start: float) -> Iterator[Result]:
    """Run the commands on one todo, up to the first that is left to a repeat: not done, or not clear whether it was.

    Were one after that done, the repeat would do the earlier one behind it.
    """
    may_go_on = True
    for each in asked:
        if not may_go_on or time.monotonic() > last_start:
            result = Result(each.todo_id, _not_tried())
        else:
            result = Result(each.todo_id, _outcome(request, each))
        may_go_on = result.is_settled
        yield result


def _outcome(request: Request, asked: Asked) -> Done | Problem:
    try:
        return commands.run(request, asked, MAX_EVENTS_BYTES)
    except Exception as error:
        return problem_of(error)


def _not_tried() -> Problem:
    return unavailable("Not tried: the time was up, or one before it on this todo is to be repeated. Repeat the batch.")


def _within_bounds(base_url: str, results: list[Result]) -> list[dict[str, Any]]:
    """The results as answered; one that there is no room for comes without its todo or its problem's extensions."""
    answers = []
    room = MAX_ANSWER_BYTES
    for result in results:
        shape = _shape(base_url, result)
        # Python's Lambda puts the answer into JSON as a string, with all that is not ASCII escaped.
        size = len(json.dumps(json.dumps(shape, ensure_ascii=False)))
        if size > room:
            shape = _shape(base_url, result, in_short=True)
        else:
            room -= size
        answers.append(shape)
    return answers


def _shape(base_url: str, result: Result, *, in_short: bool = False) -> dict[str, Any]:
    outcome = result.outcome
    shape: dict[str, Any] = {"status": outcome.status, "id": result.todo_id}
    for member, header in (("etag", "ETag"), ("location", "Location")):
        if header in outcome.headers:
            shape[member] = outcome.headers[header]
    if isinstance(outcome, Problem):
        shape["problem"] = outcome.brief(base_url) if in_short else outcome.document(base_url)
    elif outcome.todo is not None:
        shape["todo"] = None if in_short else outcome.todo
    return shape


def _asked(request: Request) -> list[Asked]:
    """The commands that the request's body states.

    Raises
    ------
    Problem
        400 with a pointer to each mistake, before anything is done: what is wrong with the batch or with a command
        itself. What is wrong with a command's body is that command's own matter.
    """
    body = json_body(request, max_bytes=MAX_BODY_BYTES, max_nesting=MAX_NESTING)
    batch_key = request.header("idempotency-key", parse_idempotency_key)
    try:
        batch = msgspec.convert(body, Batch)
    except msgspec.ValidationError:
        raise _invalid(_explain(body)) from None
    errors: list[FieldError] = []
    asked = [
        _one_asked(request, batch_key, position, command, errors) for position, command in enumerate(batch.commands)
    ]
    if errors:
        raise _invalid(errors)
    return asked


def _one_asked(
    request: Request, batch_key: str | None, position: int, command: Command, errors: list[FieldError]
) -> Asked:
    def complain(member: str, detail: str) -> None:
        errors.append(FieldError(pointer("commands", position, member), detail))

    if_match = None
    if command.key is not None and not is_idempotency_key(command.key):
        complain("key", "expected 1 to 255 visible ASCII characters")
    if command.id is None and command.op != "create":
        complain("id", f"required for {command.op}")
    elif command.id is not None and not ids.is_todo_id(command.id):
        complain("id", "expected a todo's id: a UUID in lower case")
    if command.body is not None and command.op in WITHOUT_BODY:
        complain("body", f"{command.op} takes none")
    if command.if_match is not None and command.op == "create":
        complain("if_match", "create takes none")
    elif command.if_match is not None:
        try:
            if_match = parse_if_match(command.if_match)
        except Problem:
            complain("if_match", 'expected * or entity tags such as "3", quotes included')
    key = command.key or (_derived_key(batch_key, position) if batch_key else None)
    creates = command.op == "create"
    operation: Operation = command.op if command.op != "create" else "put" if command.id else "post"
    todo_id = command.id or commands.id_for_new(request.owner, key)
    return Asked(operation, todo_id, command.body, creates, if_match, key=key)


def _derived_key(batch_key: str, position: int) -> str:
    return hashlib.sha256(f"{position}#{batch_key}".encode()).hexdigest()


def _explain(body: object) -> list[FieldError]:
    """Everything that keeps `body` from being a `Batch`; the decoder itself stops at the first."""
    if not isinstance(body, dict):
        return [FieldError(pointer(), "expected an object")]
    errors = [FieldError(pointer(name), "unknown member") for name in body if name != "commands"]
    stated = body.get("commands")
    if "commands" not in body:
        errors.append(FieldError(pointer("commands"), "required"))
    elif not isinstance(stated, list):
        errors.append(FieldError(pointer("commands"), "expected an array"))
    elif len(stated) > MAX_COMMANDS:
        detail = f"{len(stated)} commands where {MAX_COMMANDS} are allowed"
        errors.append(FieldError(pointer("commands"), detail))
    else:
        errors += [error for position, each in enumerate(stated) for error in _explain_one(position, each)]
    return errors


def _explain_one(position: int, stated: object) -> Iterator[FieldError]:
    if not isinstance(stated, dict):
        yield FieldError(pointer("commands", position), "expected an object")
        return
    types = get_type_hints(Command, include_extras=True)
    op = stated.get("op")
    if not (isinstance(op, str) and op in OPERATIONS):
        yield FieldError(pointer("commands", position, "op"), f"expected one of {', '.join(OPERATIONS)}")
    for name, value in stated.items():
        if name not in types:
            yield FieldError(pointer("commands", position, name), "unknown member")
        elif name != "op" and (error := type_error(types[name], value, "commands", position, name)):
            yield error


def _invalid(errors: list[FieldError]) -> Problem:
    found = [{"pointer": each.pointer, "detail": each.detail} for each in errors[:MAX_ERRORS]]
    return bad_request("The batch is not valid. Nothing was done.", found)
