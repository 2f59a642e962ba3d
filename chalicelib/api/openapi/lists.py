"""`/lists` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.openapi import examples
from chalicelib.api.openapi.operations import answer, json_body, operation
from chalicelib.api.openapi.parameters import CURSOR, FILTERS, IDEMPOTENCY_KEY, LIMIT, LIST_NAME, OPERATION_ID, PREFER
from chalicelib.api.openapi.schemas import (
    ListCounts,
    NamedList,
    RenamedList,
    RenamingList,
    TodoContentOfList,
    reference,
)
from chalicelib.api.openapi.todos import CREATED, PAGE, REFUSED_CREATION
from chalicelib.api.resources.lists import NOTE, RenameTo
from chalicelib.commands.list_operation import PAGE as PAGE_OF_A_LIST
from chalicelib.commands.list_records import KEPT_DAYS
from chalicelib.commands.named_lists import MAX_NAMED_LISTS

TAG: Final = "lists"

TAGS: Final = (
    {"name": TAG, "description": "Todos by list; a list exists while a todo is in it, or while its name is kept."},
)

_KEY: Final = {
    **IDEMPOTENCY_KEY,
    "description": "A repeat with the same key takes effect once, and gets the same answer. The key is kept for at "
    f"least {KEPT_DAYS} days.",
}
_RENAMED: Final = {"list": "groceries", "to": "shopping", "note": NOTE}

_CONTENT: Final = {name: value for name, value in examples.CONTENT.items() if name != "list"}

PATHS: Final[dict[str, Any]] = {
    "/lists": {
        "get": operation(
            "listLists",
            "List the lists",
            "Every list with its counts, by name; a named list without todos counts nothing.",
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
    "/lists/{list_name}": {
        "put": operation(
            "keepList",
            "Name a list",
            "Keeps the list's name, so that it is listed also while no todo is in it. An owner may have "
            f"{MAX_NAMED_LISTS} named lists. Repeating it changes nothing.",
            tag=TAG,
            parameters=(LIST_NAME,),
            answers={
                200: answer("The name is kept already.", reference(NamedList), example={"list": "groceries"}),
                201: answer(
                    "The name is kept.", reference(NamedList), example={"list": "groceries"}, sends=("Location",)
                ),
            },
            refusals=(problem_types.TOO_MANY_LISTS,),
        ),
        "delete": operation(
            "forgetList",
            "Forget a list's name",
            "Only the name is forgotten: a list with todos stays, and is listed while it has them. 404 if the list has "
            "neither a kept name nor todos.",
            tag=TAG,
            parameters=(LIST_NAME,),
            answers={204: answer("The name is not kept any more.")},
            refusals=(problem_types.NOT_FOUND,),
        ),
    },
    "/lists/{list_name}/rename": {
        "post": operation(
            "renameList",
            "Rename a list",
            "Moves each todo that the list shows, each by its own event, also those that are edited meanwhile; deleted "
            "todos stay as they are. If there is a list of the new name, both are merged. A kept name moves, too. Up "
            f"to {PAGE_OF_A_LIST} todos are moved at once, a longer list after the answer. {NOTE}",
            tag=TAG,
            parameters=(LIST_NAME, _KEY, OPERATION_ID, PREFER),
            body=json_body(reference(RenameTo), {"a new name": {"to": "shopping"}}),
            answers={
                200: answer(
                    "The todos were moved.",
                    reference(RenamedList),
                    example={**_RENAMED, "todos": 3},
                    sends=("Operation-Id", "Preference-Applied"),
                ),
                202: answer(
                    "The todos are being moved; the counts show the progress.",
                    reference(RenamingList),
                    example=_RENAMED,
                    sends=("Operation-Id",),
                ),
            },
            refusals=(problem_types.LIST_UNFINISHED, problem_types.KEY_REUSED),
        ),
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
            parameters=(LIST_NAME, IDEMPOTENCY_KEY, OPERATION_ID, PREFER),
            body=json_body(reference(TodoContentOfList), {"a title": {"title": "Buy milk"}, "all fields": _CONTENT}),
            answers={201: CREATED},
            refusals=REFUSED_CREATION,
        ),
        "delete": operation(
            "clearList",
            "Clear a list",
            "Deletes each todo that the list shows, each by its own event and only at the version that the list shows: "
            f"what was changed meanwhile stays. More than {PAGE_OF_A_LIST} todos are deleted after the answer. A "
            "repeat with the same key deletes what the first request found, and nothing that came or was changed "
            "since. If the views were rebuilt before a long list was cleared, the rest stays, and the repeat gets 409.",
            tag=TAG,
            parameters=(LIST_NAME, _KEY, OPERATION_ID, PREFER),
            answers={
                202: answer("The todos are being deleted; the counts show the progress.", sends=("Operation-Id",)),
                204: answer("The todos were deleted.", sends=("Operation-Id", "Preference-Applied")),
            },
            refusals=(problem_types.LIST_UNFINISHED, problem_types.KEY_REUSED),
        ),
    },
}
