"""`/changes` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.openapi import examples
from chalicelib.api.openapi.operations import answer, link, operation
from chalicelib.api.openapi.parameters import CURSOR, LIMIT, parameter
from chalicelib.api.openapi.schemas import Changes, reference
from chalicelib.api.resources.changes import MAX_WAIT_SECONDS, MAX_WAITS

TAG: Final = "sync"

TAGS: Final = ({"name": TAG, "description": "Keeping a copy of the todos up to date."},)

_SINCE: Final = parameter(
    "query",
    "since",
    "Where the answer before ended, as its `cursor` has it; without it, everything that there is.",
    CURSOR["schema"],
)
_PREFER: Final = parameter(
    "header",
    "Prefer",
    f"`wait=N` (RFC 7240): answer as soon as something has changed, after N seconds (at most {MAX_WAIT_SECONDS}) at "
    f"the latest. At most {MAX_WAITS} such requests wait in one process; beyond, 429.",
    {"type": "string"},
    example="wait=20",
)

PATHS: Final[dict[str, Any]] = {
    "/changes": {
        "get": operation(
            "listChanges",
            "Follow what changes",
            "Each changed todo once with its newest state, a deleted one as its tombstone. A todo may come again, with "
            "a higher version. `more` says that there is more to fetch right away.",
            tag=TAG,
            parameters=(_SINCE, LIMIT, _PREFER),
            answers={
                200: answer(
                    "What has changed, and where to go on.",
                    reference(Changes),
                    example={
                        "changes": [examples.TODO, {"id": examples.WEBHOOK["id"], "version": 7, "deleted": True}],
                        "cursor": "WyIzZjE0YjkwMmE3YzQ2ZDU4IiwgIjIiXQ",
                        "more": False,
                    },
                    sends=("Preference-Applied", "RateLimit", "RateLimit-Policy"),
                    links={"next": link("listChanges", "What changes after it.", since="$response.body#/cursor")},
                )
            },
            refusals=(problem_types.CURSOR_EXPIRED,),
        )
    }
}
