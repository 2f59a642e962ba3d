"""`/operations` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.openapi import examples
from chalicelib.api.openapi.operations import answer, json_body, operation
from chalicelib.api.openapi.parameters import CURSOR, LIMIT, PREFER, parameter
from chalicelib.api.openapi.schemas import SOME_ID, DryUndo, OperationEvents, Undo, reference
from chalicelib.api.resources.operations import UndoRequest
from chalicelib.commands.undo.service import AT_ONCE_TODOS
from chalicelib.todos import ids

TAG: Final = "operations"

TAGS: Final = ({"name": TAG, "description": "Changes that were made together."},)

_OPERATION_ID: Final = parameter(
    "path",
    "operation_id",
    "The operation's name, percent-encoded: an `Operation-Id`, or a name of the service's.",
    {"type": "string", "pattern": f"^{ids.OPERATION}$"},
    example=examples.EVENT["operation"],
    required=True,
)

_UNDO: Final[dict[str, Any]] = {
    "undo": "~019aa2d0-1c55-7a30-8f1e-4b2d7c9e0a11",
    "undoes": examples.EVENT["operation"],
    "direction": "off",
    "state": "done",
    "todos": 2,
    "changed": 2,
    "conflict_count": 1,
    "conflicts": [
        {
            "todo": SOME_ID,
            "version": 4,
            "conflicts": [
                {
                    "field": "title",
                    "reason": "changed_since",
                    "stays": "Buy oat milk",
                    "wanted": "Buy milk",
                    "detail": None,
                }
            ],
        }
    ],
}

PATHS: Final[dict[str, Any]] = {
    "/operations/{operation_id}": {
        "get": operation(
            "readOperation",
            "List an operation's events",
            "What was done as part of an operation, by whom and when, in the order of the events' making, and whether "
            "it can be undone. It is a moment behind the events themselves.",
            tag=TAG,
            parameters=(_OPERATION_ID, LIMIT, CURSOR),
            answers={
                200: answer(
                    "A page of events.",
                    reference(OperationEvents),
                    example={
                        "operation": examples.EVENT["operation"],
                        "can_be_undone": False,
                        "undoes": None,
                        "direction": None,
                        "undo": _UNDO,
                        "events": [{"todo": SOME_ID, **examples.EVENT}],
                    },
                    sends=("Link",),
                )
            },
            refusals=(problem_types.NOT_FOUND,),
        )
    },
    "/operations/{operation_id}/undo": {
        "post": operation(
            "undoOperation",
            "Undo an operation",
            "Takes back what the operation changed, field by field, each todo by its own event; of an undo, brings "
            "back what that took. What others have changed since stays, and is named as a conflict. The undo is an "
            f"operation of its own. Up to {AT_ONCE_TODOS} todos are changed at once, more after the answer. A repeat "
            "joins the undo that is in force, and covers what the operation has changed since. With `dry_run` nothing "
            "is changed, and the answer comes in pages: send the `cursor` of each for the next one.",
            tag=TAG,
            parameters=(_OPERATION_ID, PREFER),
            body=json_body(
                reference(UndoRequest),
                {"undo": {}, "only look": {"dry_run": True}, "only as seen": {"expect": {SOME_ID: 3}}},
            ),
            answers={
                200: answer(
                    "It is undone; or with `dry_run`, a page of what would be done.",
                    {"anyOf": [reference(Undo), reference(DryUndo)]},
                    example=_UNDO,
                    sends=("Operation-Id", "Preference-Applied"),
                ),
                202: answer(
                    "A queue works on it; `GET /operations/{id}` shows how far it got.",
                    reference(Undo),
                    example={**_UNDO, "state": "running"},
                    sends=("Operation-Id",),
                ),
            },
            refusals=(problem_types.NOT_FOUND, problem_types.OPERATION_RUNNING),
        )
    },
}
