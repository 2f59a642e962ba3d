"""The domain commands that bodies state."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from chalicelib.api import problem_types
from chalicelib.api.problems import Problem, not_found
from chalicelib.commands import execute
from chalicelib.ledger import ledger
from chalicelib.todos import content, ids, json_patch, representation
from chalicelib.todos.content import FieldError, InvalidContent
from chalicelib.todos.decide import Create, IfMatch, JsonPatch, Replace, Revert

MAX_VERSION: Final = 10**15 - 1

Version = Annotated[int, Meta(ge=1, le=MAX_VERSION, description="1, 2, 3 … without gaps.", examples=[3])]


class RevertTo(msgspec.Struct, forbid_unknown_fields=True):
    """The version whose content the todo is to have again."""

    to_version: Version


def creation(body: Any) -> Create:
    """The command of a POST, or of a PUT that creates.

    Raises
    ------
    InvalidContent
        The body is not the content of a todo.
    """
    return Create(content.validate(body))


def replacement(body: Any, if_match: IfMatch | None) -> Replace:
    """The command of a PUT that replaces.

    Raises
    ------
    Problem
        There is no If-Match (428).
    InvalidContent
        The body is not the content of a todo.
    """
    if if_match is None:
        detail = "Send If-Match with the version to replace, or If-None-Match: * to create the todo."
        raise Problem(problem_types.PRECONDITION_REQUIRED, detail)
    return Replace(content.validate(body))


def patch_by_operations(base_url: str, todo_id: str, body: Any) -> JsonPatch:
    """The command of a JSON Patch.

    Raises
    ------
    InvalidContent
        The body is not a patch that a todo could take.
    """
    names = {"id": todo_id, "url": representation.todo_url(base_url, todo_id)}
    return JsonPatch(json_patch.parse(body), names)


def reversion(owner: ids.Owner, todo_id: str, body: Any) -> Revert:
    """The content that the todo had at the version that the body names."""
    try:
        version = content.convert(body, RevertTo).to_version
    except msgspec.ValidationError:
        detail = "expected a version, a whole number from 1, and nothing else"
        raise InvalidContent([FieldError("#/to_version", detail)]) from None
    then = ledger.at_version(ids.stream_id(ids.partition_of(owner), todo_id), version)
    if then is None:
        if execute.current(owner, todo_id) is None:
            raise not_found()
        raise InvalidContent([FieldError("#/to_version", "the todo has no such version")])
    return Revert(then.state)
