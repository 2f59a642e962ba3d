"""`/feeds` and `/todos.ics` in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api import problem_types
from chalicelib.api.media_types import CALENDAR
from chalicelib.api.openapi.operations import answer, json_body, link, operation
from chalicelib.api.openapi.parameters import FEED_ID, IDEMPOTENCY_KEY
from chalicelib.api.openapi.schemas import SOME_ID, Feed, NewFeed, reference
from chalicelib.api.resources.calendar import COMPLETED_DAYS
from chalicelib.api.resources.feeds import FeedRequest
from chalicelib.calendar.feeds import MAX_FEEDS

TAG: Final = "calendar"

TAGS: Final = ({"name": TAG, "description": "Todos for calendar programs that subscribe to a URL."},)

_REQUEST: Final = {"name": "Groceries", "lists": ["groceries"]}
_FEED: Final = {"id": SOME_ID, **_REQUEST, "created_at": "2026-11-20T18:21:07.412Z"}
_URL: Final = {"url": "https://api.example.com/todos.ics?token=q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ"}

PATHS: Final[dict[str, Any]] = {
    "/feeds": {
        "get": operation(
            "listFeeds",
            "List the feeds",
            "All of the owner's feeds, oldest first, without their tokens.",
            tag=TAG,
            answers={
                200: answer(
                    "The feeds.",
                    {"type": "array", "maxItems": MAX_FEEDS, "items": reference(Feed)},
                    example=[_FEED],
                )
            },
        ),
        "post": operation(
            "createFeed",
            "Create a feed",
            "The answer contains the URL with the token, this once; a repeat with the same key returns a new token.",
            tag=TAG,
            parameters=(IDEMPOTENCY_KEY,),
            body=json_body(reference(FeedRequest), {"all lists": {}, "one list": _REQUEST}),
            answers={
                201: answer(
                    "The feed, with its URL.",
                    reference(NewFeed),
                    example={**_FEED, **_URL},
                    sends=("Location",),
                    links={"delete": link("deleteFeed", "Revoke its token.", feed_id="$response.body#/id")},
                )
            },
            refusals=(problem_types.TOO_MANY_FEEDS, problem_types.KEY_REUSED),
        ),
    },
    "/feeds/{feed_id}": {
        "delete": operation(
            "deleteFeed",
            "Revoke a feed",
            "Its token is no longer valid.",
            tag=TAG,
            parameters=(FEED_ID,),
            answers={204: answer("The feed was deleted.")},
            refusals=(problem_types.NOT_FOUND,),
        )
    },
    "/todos.ics": {
        "get": operation(
            "readCalendar",
            "Read a feed",
            "The feed's todos as iCalendar (RFC 5545): the open ones, and those completed in the last "
            f"{COMPLETED_DAYS} days.",
            tag=TAG,
            security=({"feed": []},),
            answers={200: answer("The calendar.", {"type": "string"}, media_type=CALENDAR)},
        )
    },
}
