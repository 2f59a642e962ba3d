"""`/preferences` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.openapi.operations import answer, json_body, operation
from chalicelib.api.openapi.parameters import IF_MATCH, IF_NONE_MATCH_ANY
from chalicelib.api.resources.preferences import MAX_BYTES

TAG: Final = "preferences"

TAGS: Final = ({"name": TAG, "description": "What an owner's clients keep together."},)

_SCHEMA: Final = {
    "type": "object",
    "description": f"Any JSON object of at most {MAX_BYTES // 1024} KB, 100 levels deep; the service makes nothing of "
    "it.",
}
_EXAMPLE: Final = {"lists": ["inbox", "groceries"]}

_IF_MATCH: Final = {
    **IF_MATCH,
    "description": "The version to replace (RFC 9110, section 13.1.1); at another the request is refused with 412.",
}
_IF_NONE_MATCH: Final = {
    **IF_NONE_MATCH_ANY,
    "description": "`*`: only while nothing has been stored (RFC 9110, section 13.1.2); otherwise 412.",
}

PATHS: Final[dict[str, Any]] = {
    "/preferences": {
        "get": operation(
            "readPreferences",
            "Read the preferences",
            "The object that was stored; while nothing was, an empty one with a weak tag.",
            tag=TAG,
            answers={200: answer("The preferences.", _SCHEMA, example=_EXAMPLE)},
        ),
        "put": operation(
            "putPreferences",
            "Store the preferences",
            "Replaces the whole object. Without a precondition the last writer wins. Storing the same again changes "
            "nothing, and succeeds whatever the precondition.",
            tag=TAG,
            parameters=(_IF_MATCH, _IF_NONE_MATCH),
            body=json_body(_SCHEMA, {"the order of lists": _EXAMPLE}, max_bytes=MAX_BYTES),
            answers={
                200: answer("The preferences.", _SCHEMA, example=_EXAMPLE, sends=("ETag",)),
                201: answer("The first preferences.", _SCHEMA, example=_EXAMPLE, sends=("ETag", "Location")),
            },
            refusals=(problem_types.PRECONDITION_FAILED,),
        ),
    },
}
