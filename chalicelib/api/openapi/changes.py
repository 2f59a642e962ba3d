"""`/changes` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.headers import MAX_WAIT_SECONDS
from chalicelib.api.openapi import examples
from chalicelib.api.openapi.operations import answer, link, operation
from chalicelib.api.openapi.parameters import CURSOR, LIMIT, parameter
from chalicelib.api.openapi.schemas import Changes, reference
from chalicelib.api.resources.changes import MAX_LIMIT
from chalicelib.api.waits import MAX_WAITS

TAG: Final = "sync"

TAGS: Final = ({"name": TAG, "description": "Keeping a copy of the todos up to date."},)

_SINCE: Final = parameter(
    "query",
    "since",
    "The `cursor` of the previous answer; omitted, the sync starts from the beginning.",
    CURSOR["schema"],
)
_LIMIT: Final = {**LIMIT, "schema": {**LIMIT["schema"], "maximum": MAX_LIMIT}}
_PREFER: Final = parameter(
    "header",
    "Prefer",
    f"`wait=N` (RFC 7240): answer as soon as something has changed, or after N seconds (at most "
    f"{MAX_WAIT_SECONDS}). At most {MAX_WAITS} requests of an owner wait at the same time, and a bounded number of all "
    "owners; more are refused with 429.",
    {"type": "string"},
    example="wait=10",
)

PATHS: Final[dict[str, Any]] = {
    "/changes": {
        "get": operation(
            "listChanges",
            "List changes",
            "Each changed todo once, in its newest state, or as a tombstone if it was deleted. A todo may appear again "
            "later, with a higher version. `more` says whether there is more to fetch immediately.",
            tag=TAG,
            parameters=(_SINCE, _LIMIT, _PREFER),
            answers={
                200: answer(
                    "The changes, and the cursor to continue from.",
                    reference(Changes),
                    example={
                        "changes": [examples.TODO, {"id": examples.WEBHOOK["id"], "version": 7, "deleted": True}],
                        "cursor": "WyIzZjE0YjkwMmE3YzQ2ZDU4IiwgIjIiXQ",
                        "more": False,
                    },
                    sends=("Preference-Applied", "RateLimit", "RateLimit-Policy"),
                    links={"next": link("listChanges", "Later changes.", since="$response.body#/cursor")},
                )
            },
            refusals=(problem_types.CURSOR_EXPIRED,),
        )
    }
}
