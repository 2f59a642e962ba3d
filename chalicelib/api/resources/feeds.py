"""`/feeds`: the tokens with which calendar programs read an owner's todos."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from chalicelib.api import problem_types, structs
from chalicelib.api.bodies import read_json
from chalicelib.api.collection_resource import CollectionResource
from chalicelib.api.represent import answer
from chalicelib.api.request import Request, parameters
from chalicelib.api.response import Response
from chalicelib.aws.owned_collection import CollectionFull
from chalicelib.calendar import feeds
from chalicelib.calendar.feeds import MAX_FEEDS, Feed
from chalicelib.todos import content, fields
from chalicelib.todos.content import FieldError, pointer

# Each list is read by its own queries, within the seconds that a request has.
MAX_LISTS: Final = 20


Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        description="The name that calendar programs show.",
        examples=["Groceries"],
        extra_json_schema=fields.NO_CONTROLS,
    ),
]
Lists = Annotated[
    list[fields.ListName],
    Meta(
        min_length=1,
        max_length=MAX_LISTS,
        description="The lists whose todos it shows; omitted, all lists.",
        examples=[["groceries"]],
    ),
]


class FeedRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A feed as a client defines it; without `lists` (or with null) it shows the todos of all lists."""

    name: Name | None = None
    lists: Lists | None = None


_FEEDS: Final = CollectionResource("feed", MAX_FEEDS, problem_types.TOO_MANY_FEEDS, feeds.new_id, feeds.id_for_key)


def create(request: Request) -> Response:
    """201 with the feed and, this once, the URL with its token; a repeat with the key gets a new token for the feed."""
    body = read_json(request)
    wanted = _load(body)
    feed_id, request_hash = _FEEDS.identify(request, body)
    try:
        feed, token = feeds.create(
            request.owner, feed_id, name=wanted.name, lists=structs.unique(wanted.lists), request_hash=request_hash
        )
    except CollectionFull:
        raise _FEEDS.limit_reached() from None
    except feeds.KeyReused:
        raise _FEEDS.key_reused() from None
    url = f"{request.base_url}/todos.ics?{urlencode({'token': token})}"
    return _FEEDS.answer_created(request, feed_id, {**_represent(feed), "url": url})


def read(request: Request) -> Response:
    """All of the owner's feeds, oldest first, without their tokens."""
    parameters(request)
    return answer(200, [_represent(feed) for feed in feeds.of_owner(request.owner)])


def delete(request: Request) -> Response:
    return _FEEDS.answer_deleted(request.path["feed_id"], partial(feeds.delete, request.owner))


def _represent(feed: Feed) -> dict[str, Any]:
    return {"id": feed.feed_id, "name": feed.name, "lists": feed.lists, "created_at": feed.created_at}


def _load(body: object) -> FeedRequest:
    """The feed that a body defines.

    Raises
    ------
    Problem
        400 with a pointer to each field that is unknown, of the wrong type or out of its bounds.
    """
    wanted = structs.load_body(body, FeedRequest, "feed")
    error = None if wanted.name is None else content.name_error(wanted.name)
    errors = [FieldError(pointer("name"), error)] if error else []
    errors += structs.list_errors(wanted.lists)
    if errors:
        raise structs.invalid("feed", errors)
    return wanted
