"""The results of tools: structured content, the same as text, and errors that say what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.problems import Problem
from chalicelib.mcp import outputs
from chalicelib.mcp.arguments import InvalidArguments
from chalicelib.todos.content import FieldError
from chalicelib.todos.events import dump_json

# By the name of a problem's type; the status says what to do about the others.
_WHAT_TO_DO: Final[Mapping[str, str]] = {
    problem_types.NOT_FOUND.name: "Look for it: todos with find, operations with activity.",
    problem_types.DELETED.name: "It was deleted. Bring it back with restore, if that is what the user wants.",
    problem_types.PRECONDITION_FAILED.name: (
        "Nothing was written. See in changed_since what others did; if your change still makes sense, call again with "
        "this version as if_version."
    ),
    problem_types.OPERATION_RUNNING.name: "Wait some seconds, then send the very same call again.",
    problem_types.CURSOR_EXPIRED.name: "Start over without the cursor.",
    problem_types.KEY_REUSED.name: "The key was used for something else: use a new one.",
    problem_types.PAYLOAD_TOO_LARGE.name: "Send less: shorter notes, or fewer items in one call.",
    problem_types.TOO_MANY_REQUESTS.name: "Wait some seconds, then send the very same call again.",
    problem_types.UNAVAILABLE.name: "Send the very same call again; nothing is done twice.",
    problem_types.INTERNAL_ERROR.name: "Send the very same call once more; if it fails again, tell the user.",
}
# What parameters of the API's queries are called in the tools.
_ARGUMENTS: Final[Mapping[str, str]] = {"q": "text", "tag": "tags", "include": "before"}
_MEND: Final = "Mend the arguments that errors names, and call again."


def result(structured: Mapping[str, Any], *, is_error: bool = False) -> dict[str, Any]:
    """A tool's result: its structured content, and the same as text for clients that read only that."""
    fitting = outputs.fit(structured)
    return {
        "content": [{"type": "text", "text": dump_json(fitting)}],
        "structuredContent": fitting,
        "isError": is_error,
    }


def failed(error: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a call that was refused as a whole."""
    return result({"error": error}, is_error=True)


def of_arguments(invalid: InvalidArguments) -> dict[str, Any]:
    """What is wrong with the arguments."""
    return {
        "type": "invalid-arguments",
        "title": "Invalid arguments",
        "detail": "Nothing was done.",
        "errors": [_argument_error(error) for error in invalid.errors[:20]],
        "what_to_do": _MEND,
    }


def of_problem(problem: Problem) -> dict[str, Any]:
    """What the API would answer, in few words."""
    return of_document({**problem.document(""), "status": problem.status})


def of_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """A problem document, with the todo and the events that it brings, and what to do next."""
    name = str(document["type"]).rpartition("/")[2]
    what_to_do = _MEND if document.get("errors") else _WHAT_TO_DO.get(name, "Change the call; it cannot work as it is.")
    found: dict[str, Any] = {
        "type": name,
        "title": document["title"],
        "detail": document["detail"],
        "what_to_do": what_to_do,
    }
    if "errors" in document:
        found["errors"] = [_described(error) for error in document["errors"][:20]]
    if document.get("todo") is not None:
        found["todo"] = outputs.todo_row(document["todo"])
    if "events" in document:
        found["changed_since"] = [outputs.event_row(event) for event in document["events"]]
    return found


def lacking_scope(scope: str) -> dict[str, Any]:
    """What a call needs that its token does not grant."""
    return {
        "type": "insufficient-scope",
        "title": "Missing scope",
        "detail": f"The token lacks the scope {scope}.",
        "what_to_do": f"Ask the user to connect again and to grant {scope}.",
    }


def _argument_error(error: FieldError) -> dict[str, str]:
    return {"argument": error.pointer.removeprefix("#/"), "detail": error.detail}


def _described(error: Mapping[str, str]) -> dict[str, str]:
    parameter = error.get("parameter", "")
    place = _ARGUMENTS.get(parameter, parameter) or error.get("pointer", "").removeprefix("#/")
    return {"argument": place, "detail": error["detail"]}
