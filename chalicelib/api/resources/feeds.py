"""`/feeds`: the tokens by which calendar programs read an owner's todos."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from chalice.app import Response
from msgspec import Meta

from chalicelib.api import problem_types, structs
from chalicelib.api.bodies import json_body
from chalicelib.api.headers import parse_idempotency_key
from chalicelib.api.problems import Problem, answer, not_found
from chalicelib.api.request import Request, parameters
from chalicelib.calendar import feeds
from chalicelib.calendar.feeds import MAX_FEEDS, Feed
from chalicelib.commands import execute
from chalicelib.todos import content, fields, ids
from chalicelib.todos.content import FieldError, pointer

# Each is read by queries of its own, within the seconds that a request has.
MAX_LISTS: Final = 20


Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        description="What calendar programs show it as.",
        examples=["Groceries"],
        extra_json_schema=fields.NO_CONTROLS,
    ),
]
Lists = Annotated[
    list[fields.ListName],
    Meta(
        min_length=1,
        max_length=MAX_LISTS,
        description="Whose todos it shows; without it, those of all lists.",
        examples=[["groceries"]],
    ),
]


class FeedRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a client says of a feed; without `lists` (or with null) it shows the todos of all."""

    name: Name | None = None
    lists: Lists | None = None


def create(request: Request) -> Response:
    """201 with the feed and, this once, the URL with its token; a repeat with its key gets a new token for the same."""
    body = json_body(request)
    wanted = _validated(body)
    key = request.header("idempotency-key", parse_idempotency_key)
    feed_id = feeds.id_for_key(request.owner, key) if key else feeds.new_id()
    try:
        feed, token = feeds.create(
            request.owner,
            feed_id,
            name=wanted.name,
            lists=structs.once(wanted.lists),
            request_hash=execute.request_hash("feed", feed_id, body) if key else None,
        )
    except feeds.TooManyFeeds:
        detail = f"There may be {MAX_FEEDS} feeds; delete one first."
        raise Problem(problem_types.TOO_MANY_FEEDS, detail) from None
    except feeds.KeyReused:
        detail = "The Idempotency-Key was used before, for another feed."
        raise Problem(problem_types.KEY_REUSED, detail) from None
    headers = {"Location": f"{request.base_url}/feeds/{feed_id}", "Cache-Control": "no-store"}
    url = f"{request.base_url}/todos.ics?{urlencode({'token': token})}"
    return answer(201, {**_shape(feed), "url": url}, headers)


def read(request: Request) -> Response:
    """All of the owner's feeds, oldest first, without their tokens."""
    parameters(request)
    found = [_shape(feed) for feed in feeds.of_owner(request.owner)]
    return answer(200, found)


def delete(request: Request) -> Response:
    feed_id = request.path["feed_id"]
    if not ids.is_todo_id(feed_id) or not feeds.delete(request.owner, feed_id):
        raise not_found("There is no such feed.")
    return answer(204)


def _shape(feed: Feed) -> dict[str, Any]:
    return {"id": feed.feed_id, "name": feed.name, "lists": feed.lists, "created_at": feed.created_at}


def _validated(body: object) -> FeedRequest:
    """The feed that a body asks for.

    Raises
    ------
    Problem
        400 with a pointer to each field that is unknown, of the wrong type or out of its bounds.
    """
    wanted = structs.stated(body, FeedRequest, "feed")
    complaint = None if wanted.name is None else content.name_complaint(wanted.name)
    errors = [FieldError(pointer("name"), complaint)] if complaint else []
    errors += structs.list_errors(wanted.lists)
    if errors:
        raise structs.invalid("feed", errors)
    return wanted
