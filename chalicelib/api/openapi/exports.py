"""`/export` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.media_types import JSON_LINES
from chalicelib.api.openapi.operations import answer, operation
from chalicelib.api.openapi.parameters import CURSOR, LIMIT, parameter
from chalicelib.api.pages import MAX_LIMIT
from chalicelib.api.resources.exports import FORMATS

TAG: Final = "export"

TAGS: Final = ({"name": TAG, "description": "All todos as a file that the loader can read."},)

_FORMAT: Final = parameter(
    "query",
    "format",
    "The format, for clients that cannot set `Accept`; it overrides that header.",
    {"type": "string", "enum": sorted(set(FORMATS.values()))},
    example="csv",
)
_LIMIT: Final = {**LIMIT, "schema": {**LIMIT["schema"], "default": MAX_LIMIT}}
_TEXT: Final = {"type": "string"}

PATHS: Final[dict[str, Any]] = {
    "/export": {
        "get": operation(
            "exportTodos",
            "Export todos",
            "All todos page by page, by id, as JSON Lines or CSV. The bodies of all pages, one after the other, are "
            "the file: each todo is in it once, also one that moves between two pages.",
            tag=TAG,
            parameters=(_FORMAT, _LIMIT, CURSOR),
            answers={
                200: answer(
                    "A page of the file.",
                    _TEXT,
                    media_type=JSON_LINES,
                    also={name: _TEXT for name in FORMATS if name != JSON_LINES},
                    sends=("Link", "Content-Disposition"),
                )
            },
            refusals=(problem_types.CURSOR_EXPIRED,),
        )
    }
}
