"""The tools: what each is called, how it is described to a model, what it takes and gives, and how it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec

from chalicelib.api.problems import problem_of
from chalicelib.api.request import Request
from chalicelib.api.scopes import READ, READ_AND_WRITE, WRITE, missing_scopes
from chalicelib.mcp import arguments, reading, results, writing
from chalicelib.mcp.arguments import InvalidArguments
from chalicelib.mcp.schemas import schema_of

_TODOS: Final = {"type": "array", "items": {"type": "object"}}
_WRITTEN: Final = {"operation": {"type": "string"}, "results": _TODOS, "failed": {"type": "integer"}}
# Several types in one schema are less portable: some clients know one each.
_TEXT_OR_NULL: Final = {"anyOf": [{"type": "string"}, {"type": "null"}]}


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool.

    Attributes
    ----------
    takes : type
        Its arguments.
    gives : mapping
        The schemas of its answer's members, all of which are there unless `optional` names them.
    scope : str
        What the token must allow.
    run : callable
        Takes the request and the arguments; returns the answer, in which `failed` counts what failed of it.
    """

    title: str
    description: str
    takes: type[msgspec.Struct]
    gives: Mapping[str, Any]
    run: Callable[[Request, Any], dict[str, Any]]
    scope: str = READ
    optional: tuple[str, ...] = ()
    is_destructive: bool = False
    is_idempotent: bool = False

    def described(self, name: str) -> dict[str, Any]:
        """The tool as `tools/list` has it."""
        reads = self.scope == READ
        # For a tool that only reads, these say nothing.
        of_writes = {} if reads else {"destructiveHint": self.is_destructive, "idempotentHint": self.is_idempotent}
        return {
            "name": name,
            "title": self.title,
            "description": self.description,
            "inputSchema": schema_of(self.takes),
            "outputSchema": {
                "type": "object",
                "properties": dict(self.gives),
                "required": [member for member in self.gives if member not in self.optional],
            },
            "annotations": {"title": self.title, "readOnlyHint": reads, **of_writes, "openWorldHint": False},
        }


TOOLS: Final[Mapping[str, Tool]] = {
    "find": Tool(
        "Find todos",
        "Find todos by text, list, tags, priority, due date or state. Gives each todo's id and version, which other "
        "tools take. Notes are cut here: get gives all of them. A page may be short or empty and still have a "
        "next_cursor; go on until that is null. What was written less than a second ago may be missing.",
        arguments.Find,
        {"todos": _TODOS, "next_cursor": _TEXT_OR_NULL},
        reading.find,
    ),
    "get": Tool(
        "Get a todo",
        "Read one todo as it is right now, whole, with its version, and who changed it last with which program. With "
        "history or since_version also what happened to it, oldest first; if more is true, ask again with the last "
        "event's version as since_version. Works for deleted todos, too.",
        arguments.Get,
        {
            "todo": {"type": "object"}, "id": {"type": "string"}, "version": {"type": "integer"},
            "deleted": {"type": "boolean"}, "last_change": {"type": "object"}, "events": _TODOS,
            "more": {"type": "boolean"},
        },
        reading.get,
        optional=("todo", "id", "version", "deleted", "events", "more"),
    ),
    "lists": Tool(
        "Show the lists",
        "The user's lists, each with how many of its todos are open and completed.",
        arguments.Lists,
        {"lists": _TODOS, "next_cursor": _TEXT_OR_NULL},
        reading.lists,
    ),
    "activity": Tool(
        "Show what happened",
        "What happened to the user's todos, newest first: by whom (actor), with which program (client), as part of "
        "which operation. Use it to answer who or what changed something, or to find the operation to undo. A page may "
        "be empty and still have a next_cursor.",
        arguments.Activity,
        {"events": _TODOS, "complete_from": _TEXT_OR_NULL, "next_cursor": _TEXT_OR_NULL},
        reading.activity,
    ),
    "changes": Tool(
        "What changed since",
        "Every todo that changed since an earlier answer of this tool, once, as it is now; deleted ones as their ids. "
        "Keep since for the next time; while more is true, ask again at once.",
        arguments.Changes,
        {"changes": _TODOS, "since": {"type": "string"}, "more": {"type": "boolean"}},
        reading.changes,
    ),
    "add": Tool(
        "Add todos",
        "Add one or several todos. If the answer is lost, send the very same call again: what was added in the last "
        "five minutes is not added twice, but comes back with the status repeated. Nothing is added if one of them is "
        "not valid.",
        arguments.Add, _WRITTEN, writing.add, WRITE,
    ),
    "change": Tool(
        "Change todos",
        "Change fields of one or several todos. State only what is to change; null changes nothing. To empty a field, "
        "name it in clear. Give if_version: if somebody changed the todo since you read it, nothing is done to it, and "
        "the error has the todo as it is and what has changed. To complete or delete, use those tools.",
        arguments.Change, _WRITTEN, writing.change, WRITE, is_destructive=True,
    ),
    "complete": Tool(
        "Complete todos",
        "Mark todos as completed, or reopen them. Completing a repeating one makes its next occurrence (next_id).",
        arguments.Complete, _WRITTEN, writing.complete, WRITE, is_destructive=True,
    ),
    "delete": Tool(
        "Delete todos",
        "Delete todos. Their history stays, and restore brings them back. Ask the user first unless they asked for it.",
        arguments.Named, _WRITTEN, writing.delete, WRITE, is_destructive=True, is_idempotent=True,
    ),
    "restore": Tool(
        "Restore todos",
        "Bring deleted todos back as they were.",
        arguments.Named, _WRITTEN, writing.restore, WRITE, is_idempotent=True,
    ),
    "undo": Tool(
        "Undo an operation",
        "Take back everything that one operation has changed: each call of a writing tool is one, and has named it. "
        "What others changed since stays, and is told as a conflict: tell the user. Look first with dry_run; give what "
        "it showed as expect, and nothing else is changed. Take back the newest operation first. The undo is an "
        "operation, too: undo it to bring everything back. If state is running, call again later to see whether it is "
        "done.",
        arguments.Undo,
        {
            "undo": {"type": "string"}, "undoes": {"type": "string"}, "direction": {"type": "string"},
            "state": {"type": "string"}, "todos": {"type": "integer"}, "changed": {"type": "integer"},
            "conflict_count": {"type": "integer"}, "conflicts": _TODOS, "preview": _TODOS, "next_cursor": _TEXT_OR_NULL,
        },
        writing.undo, READ_AND_WRITE, is_destructive=True,
        optional=(
            "undo", "state", "todos", "changed", "conflict_count", "conflicts", "preview", "next_cursor",
        ),
    ),
}  # fmt: skip


def described(granted: str) -> list[dict[str, Any]]:
    """The tools that a token with these scopes may call, always in the same order."""
    return [_described(name) for name, tool in TOOLS.items() if not missing_scopes(tool.scope, granted)]


def call(request: Request, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a call, also of one that is refused or fails: a model can do something about that."""
    tool = TOOLS[name]
    if missing_scopes(tool.scope, request.scope):
        return results.failed(results.lacking_scope(tool.scope))
    try:
        answer = tool.run(request, arguments.load(tool.takes, given))
    except InvalidArguments as invalid:
        return results.failed(results.of_arguments(invalid))
    except Exception as error:
        return results.failed(results.of_problem(problem_of(error)))
    return results.result(answer, is_error=bool(answer.get("failed")))


@cache
def _described(name: str) -> dict[str, Any]:
    return TOOLS[name].described(name)
