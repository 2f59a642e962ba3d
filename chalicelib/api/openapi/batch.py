"""`/batch` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.openapi import examples
from chalicelib.api.openapi.operations import answer, json_body, operation
from chalicelib.api.openapi.parameters import IDEMPOTENCY_KEY, OPERATION_ID, PREFER
from chalicelib.api.openapi.schemas import SOME_ID, BatchResults, reference
from chalicelib.api.resources.batch_commands import MAX_BODY_BYTES, MAX_COMMANDS, Batch

TAG: Final = "batch"

TAGS: Final = ({"name": TAG, "description": "Many commands in one request."},)

_COMMANDS: Final = [
    {"op": "create", "key": "buy-milk", "body": {"title": "Buy milk"}},
    {"op": "patch", "id": SOME_ID, "if_match": '"1"', "body": examples.PATCH},
    {"op": "delete", "id": examples.WEBHOOK["id"]},
]
_OPERATION: Final = "~0197e1f0-0000-7000-8000-0000000000b0"
_RESULTS: Final = [
    {
        "status": 201,
        "id": SOME_ID,
        "etag": '"1"',
        "location": examples.TODO["url"],
        "operation": _OPERATION,
        "todo": examples.TODO,
    },
    {"status": 200, "id": SOME_ID, "etag": '"2"', "operation": _OPERATION, "todo": examples.PATCHED},
    {
        "status": 404,
        "id": examples.WEBHOOK["id"],
        "problem": examples.problem(problem_types.NOT_FOUND, "There is no such todo."),
    },
]

PATHS: Final[dict[str, Any]] = {
    "/batch": {
        "post": operation(
            "runBatch",
            "Run many commands",
            f"Up to {MAX_COMMANDS} commands. Each behaves like its own request, and has its own status: those on one "
            "todo run in order, different todos at the same time. With a key for the request, or one for each command, "
            "the batch can be repeated safely.",
            tag=TAG,
            parameters=(IDEMPOTENCY_KEY, OPERATION_ID, PREFER),
            body=json_body(reference(Batch), {"three commands": {"commands": _COMMANDS}}, max_bytes=MAX_BODY_BYTES),
            answers={
                200: answer(
                    "The result of each command.",
                    reference(BatchResults),
                    example={"results": _RESULTS},
                    sends=("Operation-Id", "Preference-Applied"),
                )
            },
        )
    }
}
