"""`/lists` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.openapi import examples
from chalicelib.api.openapi.operations import answer, json_body, operation
from chalicelib.api.openapi.parameters import CURSOR, FILTERS, IDEMPOTENCY_KEY, LIMIT, LIST_NAME, PREFER
from chalicelib.api.openapi.schemas import ListCounts, TodoContentOfList, reference
from chalicelib.api.openapi.todos import CREATED, PAGE

TAG: Final = "lists"

TAGS: Final = ({"name": TAG, "description": "Todos by list; a list exists while a todo is in it."},)

_CONTENT: Final = {name: value for name, value in examples.CONTENT.items() if name != "list"}

PATHS: Final[dict[str, Any]] = {
    "/lists": {
        "get": operation(
            "listLists",
            "List the lists",
            "Every list with its counts, by name.",
            tag=TAG,
            parameters=(LIMIT, CURSOR),
            answers={
                200: answer(
                    "A page of lists.",
                    {"type": "array", "items": reference(ListCounts)},
                    example=[{"list": "groceries", "total": 3, "open": 2, "completed": 1}],
                    sends=("Link",),
                )
            },
        )
    },
    "/lists/{list_name}/todos": {
        "get": operation(
            "listTodosOfList",
            "List a list's todos",
            "Like `GET /todos`, for one list; empty if there is no such list.",
            tag=TAG,
            parameters=(LIST_NAME, *FILTERS),
            answers={200: PAGE},
        ),
        "post": operation(
            "createTodoInList",
            "Create a todo in a list",
            "Like `POST /todos`, in the path's list.",
            tag=TAG,
            parameters=(LIST_NAME, IDEMPOTENCY_KEY, PREFER),
            body=json_body(reference(TodoContentOfList), {"a title": {"title": "Buy milk"}, "all fields": _CONTENT}),
            answers={201: CREATED},
            refusals=(problem_types.DELETED, problem_types.PRECONDITION_FAILED, problem_types.KEY_REUSED),
        ),
        "delete": operation(
            "clearList",
            "Clear a list",
            "Deletes each todo that the list shows, each by its own event; a long list is cleared after the answer. A "
            "repeat with the same key deletes no todo that was added since.",
            tag=TAG,
            parameters=(LIST_NAME, IDEMPOTENCY_KEY, PREFER),
            answers={
                202: answer("The todos are being deleted; the counts show the progress."),
                204: answer("The todos were deleted.", sends=("Preference-Applied",)),
            },
            refusals=(problem_types.KEY_REUSED,),
        ),
    },
}
