"""`/todos` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.commands import RevertTo
from chalicelib.api.media_types import JSON, MERGE_PATCH
from chalicelib.api.openapi import examples
from chalicelib.api.openapi.operations import answer, json_body, link, operation
from chalicelib.api.openapi.parameters import (
    AT,
    CURSOR,
    FILTERS,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH_ANY,
    LIMIT,
    LIST_FILTER,
    PREFER,
    TODO_ID,
    UNLESS_AT,
    VERSION,
)
from chalicelib.api.openapi.schemas import CloudEvent, Event, Todo, TodoContent, TodoPatch, reference
from chalicelib.publishing.cloudevents import BATCH_MEDIA_TYPE

TAG: Final = "todos"
HISTORY: Final = "history"

TAGS: Final = (
    {"name": TAG, "description": "A todo in all its verbs."},
    {"name": HISTORY, "description": "What happened to a todo, and undoing it."},
)

_ID_OF_ANSWER: Final = "$response.body#/id"
_ID_OF_PATH: Final = "$request.path.todo_id"
_ETAG: Final = "$response.header.ETag"


def _onward(todo_id: str) -> dict[str, Any]:
    """What goes on from an answer with a todo, at the version that it has."""
    return {
        "read": link("readTodo", "The todo as it is.", todo_id=todo_id),
        "readIfChanged": link(
            "readTodo", "The same, if it has changed since.", **{"todo_id": todo_id, "If-None-Match": _ETAG}
        ),
        "replace": link(
            "putTodo", "Replace it, unless it has changed since.", **{"todo_id": todo_id, "If-Match": _ETAG}
        ),
        "patch": link("patchTodo", "Patch it, unless it has changed since.", **{"todo_id": todo_id, "If-Match": _ETAG}),
        "delete": link(
            "deleteTodo", "Delete it, unless it has changed since.", **{"todo_id": todo_id, "If-Match": _ETAG}
        ),
        "events": link("listEvents", "How it came to be so.", todo_id=todo_id),
    }


AFTER_DELETION: Final = {
    "restore": link("restoreTodo", "Bring it back.", todo_id=_ID_OF_PATH),
    "events": link("listEvents", "How it came to be so.", todo_id=_ID_OF_PATH),
}

CREATED: Final = answer(
    "The todo was created.",
    reference(Todo),
    example=examples.TODO,
    sends=("ETag", "Location", "Preference-Applied"),
    links=_onward(_ID_OF_ANSWER),
)


def _written(description: str, example: dict[str, Any] = examples.PATCHED) -> dict[str, Any]:
    return answer(
        description,
        reference(Todo),
        example=example,
        sends=("ETag", "Preference-Applied"),
        links={**_onward(_ID_OF_ANSWER), "revert": link("revertTodo", "Undo.", todo_id=_ID_OF_ANSWER)},
    )


PAGE: Final = answer(
    "A page of todos; it may be empty and still have a next.",
    {"type": "array", "items": reference(Todo)},
    example=[examples.TODO],
    sends=("Link",),
)

# What a write of one todo may be refused with, whatever it does.
_REFUSED: Final = (
    problem_types.NOT_FOUND,
    problem_types.DELETED,
    problem_types.PRECONDITION_FAILED,
    problem_types.KEY_REUSED,
)
_WRITE: Final = (TODO_ID, IF_MATCH, UNLESS_AT, IDEMPOTENCY_KEY, PREFER)

PATHS: Final[dict[str, Any]] = {
    "/todos": {
        "get": operation(
            "listTodos",
            "List todos",
            "The owner's todos, by list and place within it, or by due date.",
            tag=TAG,
            parameters=(*FILTERS, LIST_FILTER),
            answers={200: PAGE},
        ),
        "post": operation(
            "createTodo",
            "Create a todo",
            "The id is the service's; with a key it follows from that. 410 or 412 where one was put under that id.",
            tag=TAG,
            parameters=(IDEMPOTENCY_KEY, PREFER),
            body=json_body(reference(TodoContent), {"a title": {"title": "Buy milk"}, "all fields": examples.CONTENT}),
            answers={201: CREATED},
            refusals=(problem_types.DELETED, problem_types.PRECONDITION_FAILED, problem_types.KEY_REUSED),
        ),
    },
    "/todos/{todo_id}": {
        "get": operation(
            "readTodo",
            "Read a todo",
            "The todo as it is now, or as it was at a version or at a time.",
            tag=TAG,
            parameters=(TODO_ID, VERSION, AT),
            answers={
                200: answer(
                    "The todo.",
                    reference(Todo),
                    example=examples.TODO,
                    links=_onward(_ID_OF_ANSWER),
                ),
            },
            refusals=(problem_types.NOT_FOUND, problem_types.DELETED),
        ),
        "put": operation(
            "putTodo",
            "Create or replace a todo",
            "`If-None-Match: *` creates it under an id of the caller's, `If-Match` replaces it; one must be there. "
            "What the body leaves out is unset.",
            tag=TAG,
            parameters=(TODO_ID, IF_NONE_MATCH_ANY, IF_MATCH, IDEMPOTENCY_KEY, PREFER),
            body=json_body(reference(TodoContent), {"all fields": examples.CONTENT}),
            answers={200: _written("The todo was replaced.", examples.TODO), 201: CREATED},
            refusals=(*_REFUSED, problem_types.PRECONDITION_REQUIRED),
        ),
        "patch": operation(
            "patchTodo",
            "Change fields of a todo",
            "A JSON Merge Patch (RFC 7396). Without `If-Match` it is applied to the newest state, so that concurrent "
            "patches of different fields all hold.",
            tag=TAG,
            parameters=_WRITE,
            body=json_body(
                reference(TodoPatch),
                {"complete": {"completed": True}, "set, unset and patch metadata": examples.PATCH},
                MERGE_PATCH,
                JSON,
            ),
            answers={200: _written("The todo as patched.")},
            refusals=_REFUSED,
        ),
        "delete": operation(
            "deleteTodo",
            "Delete a todo",
            "It disappears from lists and counts. Its events stay, and it can be restored.",
            tag=TAG,
            parameters=_WRITE,
            answers={204: answer("The todo is deleted.", sends=("ETag", "Preference-Applied"), links=AFTER_DELETION)},
            refusals=_REFUSED,
        ),
    },
    "/todos/{todo_id}/events": {
        "get": operation(
            "listEvents",
            "List a todo's events",
            "Everything that happened to the todo, oldest first; of a deleted one too.",
            tag=HISTORY,
            parameters=(TODO_ID, LIMIT, CURSOR),
            answers={
                200: answer(
                    "A page of events, as they are or as CloudEvents.",
                    {"type": "array", "items": reference(Event)},
                    example=[examples.EVENT],
                    also={BATCH_MEDIA_TYPE: {"type": "array", "items": reference(CloudEvent)}},
                    sends=("Link",),
                )
            },
            refusals=(problem_types.NOT_FOUND,),
        )
    },
    "/todos/{todo_id}/restore": {
        "post": operation(
            "restoreTodo",
            "Restore a deleted todo",
            "As it was before it was deleted. A todo that is not deleted stays as it is.",
            tag=HISTORY,
            parameters=_WRITE,
            answers={200: _written("The todo is there again.", examples.TODO)},
            refusals=_REFUSED,
        )
    },
    "/todos/{todo_id}/revert": {
        "post": operation(
            "revertTodo",
            "Revert a todo to a version",
            "Its content becomes what it was at that version, by a new event; a deleted one is restored.",
            tag=HISTORY,
            parameters=_WRITE,
            body=json_body(reference(RevertTo), {"the first version": {"to_version": 1}}),
            answers={200: _written("The todo has that version's content.", examples.TODO)},
            refusals=_REFUSED,
        )
    },
}
