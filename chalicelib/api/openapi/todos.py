"""`/todos` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.commands import RevertTo
from chalicelib.api.media_types import JSON, JSON_PATCH, MERGE_PATCH
from chalicelib.api.openapi import examples, json_patch
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
    OPERATION_ID,
    PREFER,
    TODO_ID,
    UNLESS_AT,
    VERSION,
)
from chalicelib.api.openapi.schemas import REFERENCE, CloudEvent, Event, Todo, TodoContent, TodoPatch, reference
from chalicelib.publishing.cloudevents import BATCH_MEDIA_TYPE

TAG: Final = "todos"
HISTORY: Final = "history"

TAGS: Final = (
    {"name": TAG, "description": "Create, read, change and delete todos."},
    {"name": HISTORY, "description": "A todo's history, and undo."},
)

_ID_OF_ANSWER: Final = "$response.body#/id"
_ID_OF_PATH: Final = "$request.path.todo_id"
_ETAG: Final = "$response.header.ETag"


def _onward(todo_id: str) -> dict[str, Any]:
    """What a client can do next with a todo in an answer, at its version."""
    return {
        "read": link("readTodo", "The current todo.", todo_id=todo_id),
        "readIfChanged": link(
            "readTodo", "The todo, if it has changed since.", **{"todo_id": todo_id, "If-None-Match": _ETAG}
        ),
        "replace": link(
            "putTodo", "Replace it unless it has changed since.", **{"todo_id": todo_id, "If-Match": _ETAG}
        ),
        "patch": link("patchTodo", "Patch it unless it has changed since.", **{"todo_id": todo_id, "If-Match": _ETAG}),
        "delete": link(
            "deleteTodo", "Delete it unless it has changed since.", **{"todo_id": todo_id, "If-Match": _ETAG}
        ),
        "events": link("listEvents", "Its history.", todo_id=todo_id),
    }


AFTER_DELETION: Final = {
    "restore": link("restoreTodo", "Bring it back.", todo_id=_ID_OF_PATH),
    "events": link("listEvents", "Its history.", todo_id=_ID_OF_PATH),
}

CREATED: Final = answer(
    "The todo was created.",
    reference(Todo),
    example=examples.TODO,
    sends=("ETag", "Location", "NextOccurrence", "Operation-Id", "Preference-Applied"),
    links=_onward(_ID_OF_ANSWER),
)


def _written(description: str, example: dict[str, Any] = examples.PATCHED) -> dict[str, Any]:
    return answer(
        description,
        reference(Todo),
        example=example,
        sends=("ETag", "NextOccurrence", "Operation-Id", "Preference-Applied"),
        links={**_onward(_ID_OF_ANSWER), "revert": link("revertTodo", "Undo.", todo_id=_ID_OF_ANSWER)},
    )


PAGE: Final = answer(
    "A page of todos; even an empty page may have a next one.",
    {"type": "array", "items": reference(Todo)},
    example=[examples.TODO],
    sends=("Link", "Complete-Since"),
)

# The problems of creating a todo whose id the service chooses.
REFUSED_CREATION: Final = (
    problem_types.IMPORT_UNFINISHED,
    problem_types.DELETED,
    problem_types.PRECONDITION_FAILED,
    problem_types.KEY_REUSED,
)
# The problems of every write of one todo.
_REFUSED: Final = (
    problem_types.NOT_FOUND,
    problem_types.IMPORT_UNFINISHED,
    problem_types.DELETED,
    problem_types.PRECONDITION_FAILED,
    problem_types.KEY_REUSED,
)
_OPERATIONS: Final = {
    "add one tag": [{"op": "add", "path": "/tags/-", "value": "urgent"}],
    "remove one tag": [{"op": "test", "path": "/tags/0", "value": "urgent"}, {"op": "remove", "path": "/tags/0"}],
}
_MERGE_PATCH: Final = json_body(
    reference(TodoPatch),
    {"complete": {"completed": True}, "set, unset and patch metadata": examples.PATCH},
    MERGE_PATCH,
    JSON,
)
_JSON_PATCH: Final = json_body({"$ref": REFERENCE.format(name=json_patch.NAME)}, _OPERATIONS, JSON_PATCH)
_PATCH: Final = {**_MERGE_PATCH, "content": _MERGE_PATCH["content"] | _JSON_PATCH["content"]}
_WRITE: Final = (TODO_ID, IF_MATCH, UNLESS_AT, IDEMPOTENCY_KEY, OPERATION_ID, PREFER)

PATHS: Final[dict[str, Any]] = {
    "/todos": {
        "get": operation(
            "listTodos",
            "List todos",
            "The owner's todos, by list and order within it, or by due date.",
            tag=TAG,
            parameters=(*FILTERS, LIST_FILTER),
            answers={200: PAGE},
        ),
        "post": operation(
            "createTodo",
            "Create a todo",
            "The service chooses the id, derived from the key if there is one. 410 or 412 if that id is taken.",
            tag=TAG,
            parameters=(IDEMPOTENCY_KEY, OPERATION_ID, PREFER),
            body=json_body(reference(TodoContent), {"a title": {"title": "Buy milk"}, "all fields": examples.CONTENT}),
            answers={201: CREATED},
            refusals=REFUSED_CREATION,
        ),
    },
    "/todos/{todo_id}": {
        "get": operation(
            "readTodo",
            "Read a todo",
            "The current todo, or the todo as it was at a version or at an instant.",
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
            refusals=(problem_types.NOT_FOUND, problem_types.IMPORT_UNFINISHED, problem_types.DELETED),
        ),
        "put": operation(
            "putTodo",
            "Create or replace a todo",
            "`If-None-Match: *` creates it under an id that the caller chooses, `If-Match` replaces it; one of them is "
            "required. Fields that the body omits are unset.",
            tag=TAG,
            parameters=(TODO_ID, IF_NONE_MATCH_ANY, IF_MATCH, IDEMPOTENCY_KEY, OPERATION_ID, PREFER),
            body=json_body(reference(TodoContent), {"all fields": examples.CONTENT}),
            answers={200: _written("The todo was replaced.", examples.TODO), 201: CREATED},
            refusals=(*_REFUSED, problem_types.PRECONDITION_REQUIRED),
        ),
        "patch": operation(
            "patchTodo",
            "Change fields of a todo",
            "A JSON Merge Patch (RFC 7396), or by its media type a JSON Patch (RFC 6902), which can add or remove one "
            "tag. Without `If-Match` it is applied to the newest state, so that concurrent patches of different fields "
            "all take effect.",
            tag=TAG,
            parameters=_WRITE,
            body=_PATCH,
            answers={200: _written("The patched todo.")},
            refusals=(*_REFUSED, problem_types.PATCH_CONFLICT),
        ),
        "delete": operation(
            "deleteTodo",
            "Delete a todo",
            "It disappears from lists and counts. Its events remain, and it can be restored.",
            tag=TAG,
            parameters=_WRITE,
            answers={
                204: answer(
                    "The todo was deleted.", sends=("ETag", "Operation-Id", "Preference-Applied"), links=AFTER_DELETION
                )
            },
            refusals=_REFUSED,
        ),
    },
    "/todos/{todo_id}/events": {
        "get": operation(
            "listEvents",
            "List a todo's events",
            "Every event of the todo, oldest first; also of a deleted todo.",
            tag=HISTORY,
            parameters=(TODO_ID, LIMIT, CURSOR),
            answers={
                200: answer(
                    "A page of events, plain or as CloudEvents.",
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
            "Brings it back as it was before it was deleted. A todo that is not deleted stays unchanged.",
            tag=HISTORY,
            parameters=_WRITE,
            answers={200: _written("The todo was restored.", examples.TODO)},
            refusals=_REFUSED,
        )
    },
    "/todos/{todo_id}/revert": {
        "post": operation(
            "revertTodo",
            "Revert a todo to a version",
            "A new event gives it the content of that version; a deleted todo is restored.",
            tag=HISTORY,
            parameters=_WRITE,
            body=json_body(reference(RevertTo), {"the first version": {"to_version": 1}}),
            answers={200: _written("The todo has that version's content.", examples.TODO)},
            refusals=_REFUSED,
        )
    },
}
