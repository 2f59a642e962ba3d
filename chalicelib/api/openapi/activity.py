"""`/activity` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.openapi import examples
from chalicelib.api.openapi.operations import answer, operation
from chalicelib.api.openapi.parameters import CURSOR, INSTANT, LIMIT, parameter
from chalicelib.api.openapi.schemas import SOME_ID, Activity, Id, reference, schema_of
from chalicelib.todos.fields import ListName
from chalicelib.views.activity.walk import EVENTS_OF_A_PAGE, REACH
from chalicelib.views.sync.position import DAY

TAG: Final = "activity"

TAGS: Final = ({"name": TAG, "description": "What happened, by whom and with what."},)

_TEXT: Final = {"type": "string"}

_PARAMETERS: Final = (
    parameter("query", "actor", "Only events by this actor.", _TEXT, example=examples.EVENT["actor"]),
    parameter("query", "client", "Only events by this program.", _TEXT, example=examples.EVENT["client"]),
    parameter("query", "operation", "Only events of this operation.", _TEXT, example=examples.EVENT["operation"]),
    parameter("query", "type", "Only events of this type.", _TEXT, example=examples.EVENT["type"]),
    parameter(
        "query",
        "list",
        "Only events of todos that were in this list after the event, or before it.",
        schema_of(ListName),
        example="groceries",
    ),
    parameter(
        "query",
        "todo",
        "Only events of this todo, from its own history: all of them, however old, and current.",
        schema_of(Id),
        example=SOME_ID,
    ),
    parameter("query", "since", "Only events that occurred at this instant or later.", INSTANT, example="2026-11-30"),
    parameter("query", "until", "Only events that occurred at this instant or earlier.", INSTANT, example="2027-01-01"),
    parameter(
        "query",
        "include",
        "`before`: with each event, the previous values of what it changed.",
        {"type": "string", "enum": ["before"]},
        example="before",
    ),
    LIMIT,
    CURSOR,
)

PATHS: Final[dict[str, Any]] = {
    "/activity": {
        "get": operation(
            "listActivity",
            "List what happened",
            f"The events of the last {REACH // DAY} days, newest first as the lists learned of them: exact within "
            "a todo, and only about that of time between todos. Read to its end, it has each event once; "
            "what happens meanwhile is in a later reading. A page looks at most at "
            f"{EVENTS_OF_A_PAGE} events, so with a filter it may be empty and have a next page. A cursor is valid for "
            "a day, and until the views are rebuilt.",
            tag=TAG,
            parameters=_PARAMETERS,
            answers={
                200: answer(
                    "A page of events.",
                    reference(Activity),
                    example={"events": [{"todo": SOME_ID, **examples.EVENT}], "complete_from": None},
                    sends=("Link",),
                )
            },
            refusals=(problem_types.CURSOR_EXPIRED,),
        )
    },
}
