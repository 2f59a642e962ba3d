"""`/webhooks`: the addresses to which an owner's events are sent."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final, Literal

import msgspec
from chalice.app import Response
from msgspec import Meta

from chalicelib import settings
from chalicelib.api import problem_types, structs
from chalicelib.api.bodies import read_json
from chalicelib.api.collection_resource import CollectionResource
from chalicelib.api.problems import Problem
from chalicelib.api.represent import answer
from chalicelib.api.request import Request, parameters
from chalicelib.aws.owned_collection import CollectionFull
from chalicelib.todos import fields
from chalicelib.todos.content import FieldError, pointer
from chalicelib.webhooks import subscriptions, urls
from chalicelib.webhooks.errors import UrlTaken
from chalicelib.webhooks.subscriptions import EVENT_TYPES, MAX_WEBHOOKS, Webhook

# All lists of a webhook are in one item, which may have 400 KB; an owner has up to 20 webhooks.
MAX_LISTS: Final = 50

EventType = Literal[EVENT_TYPES]  # type: ignore[valid-type]

Url = Annotated[
    str,
    Meta(
        description="The address that events are sent to: https, at a public host.",
        examples=["https://example.com/todo-events"],
        extra_json_schema={"format": "uri", "maxLength": urls.MAX_URL_LENGTH},
    ),
]
Types = Annotated[list[EventType], Meta(min_length=1, description="The types of events that are sent; omitted, all.")]
Lists = Annotated[
    list[fields.ListName],
    Meta(
        min_length=1,
        max_length=MAX_LISTS,
        description="The lists whose events are sent, by the todo's list after the event; omitted, all.",
        examples=[["groceries"]],
    ),
]


class Subscription(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A webhook as a client defines it; without `types` or `lists` (or with null) it gets all events."""

    url: Url
    types: Types | None = None
    lists: Lists | None = None


_WEBHOOKS: Final = CollectionResource(
    "webhook", MAX_WEBHOOKS, problem_types.TOO_MANY_WEBHOOKS, subscriptions.new_id, subscriptions.id_for_key
)


def create(request: Request) -> Response:
    """201 with the webhook and, this once, its secret; a repeat with the key gets the same again."""
    body = read_json(request)
    subscription = _load(body)
    webhook_id, request_hash = _WEBHOOKS.identify(request, body)
    try:
        webhook = subscriptions.create(
            request.owner,
            webhook_id,
            subscription.url,
            types=structs.unique(subscription.types),
            lists=structs.unique(subscription.lists),
            request_hash=request_hash,
        )
    except CollectionFull:
        raise _WEBHOOKS.limit_reached() from None
    except UrlTaken as taken:
        raise _url_taken(taken.webhook_id) from None
    if webhook.request_hash != request_hash:
        raise _WEBHOOKS.key_reused()
    return _WEBHOOKS.answer_created(request, webhook.webhook_id, {**_represent(webhook), "secret": webhook.secret})


def read(request: Request) -> Response:
    """All of the owner's webhooks, oldest first, without their secrets."""
    parameters(request)
    return answer(200, [_represent(webhook) for webhook in subscriptions.of_owner(request.owner)])


def delete(request: Request) -> Response:
    return _WEBHOOKS.answer_deleted(request.path["webhook_id"], partial(subscriptions.delete, request.owner))


def _represent(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.webhook_id,
        "url": webhook.url,
        "types": webhook.types,
        "lists": webhook.lists,
        "created_at": webhook.created_at,
        "disabled_at": webhook.disabled_at,
    }


def _url_taken(webhook_id: str) -> Problem:
    detail = f"The webhook {webhook_id} has this URL already."
    return Problem(problem_types.WEBHOOK_EXISTS, detail, members={"webhook": webhook_id})


def _load(body: object) -> Subscription:
    """The subscription that a body defines.

    Raises
    ------
    Problem
        400 with a pointer to each field that is missing, unknown, of the wrong type or out of its bounds.
    """
    subscription = structs.load_body(
        body, Subscription, "webhook", choices={"types": EVENT_TYPES}, limits={"url": urls.MAX_URL_LENGTH}
    )
    error = urls.url_error(
        subscription.url, allow_loopback=settings.webhooks_allow_private(), own_ports=settings.own_ports()
    )
    errors = [FieldError(pointer("url"), error)] if error else []
    errors += structs.list_errors(subscription.lists)
    if errors:
        raise structs.invalid("webhook", errors)
    return subscription
