"""`/operations` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.openapi import examples
from chalicelib.api.openapi.operations import answer, operation
from chalicelib.api.openapi.parameters import CURSOR, LIMIT, parameter
from chalicelib.api.openapi.schemas import SOME_ID, OperationEvents, reference
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

PATHS: Final[dict[str, Any]] = {
    "/operations/{operation_id}": {
        "get": operation(
            "readOperation",
            "List an operation's events",
            "What was done as part of an operation, by whom and when, in the order of the events' making. It is a "
            "moment behind the events themselves.",
            tag=TAG,
            parameters=(_OPERATION_ID, LIMIT, CURSOR),
            answers={
                200: answer(
                    "A page of events.",
                    reference(OperationEvents),
                    example={
                        "operation": examples.EVENT["operation"],
                        "events": [{"todo": SOME_ID, **examples.EVENT}],
                    },
                    sends=("Link",),
                )
            },
            refusals=(problem_types.NOT_FOUND,),
        )
    },
}
