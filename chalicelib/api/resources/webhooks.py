"""`/webhooks`: who is told of an owner's events."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from chalice.app import Response
from msgspec import Meta

from chalicelib import settings
from chalicelib.api import problem_types, structs
from chalicelib.api.bodies import json_body
from chalicelib.api.headers import parse_idempotency_key
from chalicelib.api.problems import Problem, answer, not_found
from chalicelib.api.request import Request, parameters
from chalicelib.commands import execute
from chalicelib.todos import fields, ids
from chalicelib.todos.content import FieldError, pointer
from chalicelib.webhooks import subscriptions, urls
from chalicelib.webhooks.subscriptions import EVENT_TYPES, MAX_WEBHOOKS, Webhook

# What a webhook's lists take together; an item of the table may hold 400 KB, and an owner has up to 20.
MAX_LISTS: Final = 50

EventType = Literal[EVENT_TYPES]  # type: ignore[valid-type]

Url = Annotated[
    str,
    Meta(
        description="Where events are sent to: https, at a public address.",
        examples=["https://example.com/todo-events"],
        extra_json_schema={"format": "uri", "maxLength": urls.MAX_URL_LENGTH},
    ),
]
Types = Annotated[list[EventType], Meta(min_length=1, description="Which events are told; without it, all.")]
Lists = Annotated[
    list[fields.ListName],
    Meta(
        min_length=1,
        max_length=MAX_LISTS,
        description="Of which lists events are told, by the list after the event; without it, of all.",
        examples=[["groceries"]],
    ),
]


class Subscription(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a client says of a webhook; without `types` or `lists` (or with null) it is told of all."""

    url: Url
    types: Types | None = None
    lists: Lists | None = None


def create(request: Request) -> Response:
    """201 with the webhook and, this once, its secret; a repeat with its key gets the same again."""
    parameters(request)
    body = json_body(request)
    subscription = _validated(body)
    key = request.header("idempotency-key", parse_idempotency_key)
    webhook_id = subscriptions.id_for_key(request.owner, key) if key else subscriptions.new_id()
    request_hash = execute.request_hash("webhook", webhook_id, body) if key else None
    try:
        webhook = subscriptions.create(
            request.owner,
            webhook_id,
            subscription.url,
            types=subscription.types,
            lists=subscription.lists,
            request_hash=request_hash,
        )
    except subscriptions.TooManyWebhooks:
        detail = f"There may be {MAX_WEBHOOKS} webhooks; delete one first."
        raise Problem(problem_types.TOO_MANY_WEBHOOKS, detail) from None
    if webhook.request_hash != request_hash:
        detail = "The Idempotency-Key was used before, for another webhook."
        raise Problem(problem_types.KEY_REUSED, detail)
    headers = {"Location": f"{request.base_url}/webhooks/{webhook.webhook_id}", "Cache-Control": "no-store"}
    return answer(201, {**_shape(webhook), "secret": webhook.secret}, headers)


def read(request: Request) -> Response:
    """All of the owner's webhooks, oldest first, without their secrets."""
    parameters(request)
    return answer(200, [_shape(webhook) for webhook in subscriptions.of_owner(request.owner)])


def delete(request: Request) -> Response:
    parameters(request)
    webhook_id = request.path["webhook_id"]
    if not ids.is_todo_id(webhook_id) or not subscriptions.delete(request.owner, webhook_id):
        raise not_found("There is no such webhook.")
    return answer(204)


def _shape(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.webhook_id,
        "url": webhook.url,
        "types": webhook.types,
        "lists": webhook.lists,
        "created_at": webhook.created_at,
        "disabled_at": webhook.disabled_at,
    }


def _validated(body: object) -> Subscription:
    """The subscription that a body states.

    Raises
    ------
    Problem
        400 with a pointer to each field that is missing, unknown, of the wrong type or out of its bounds.
    """
    subscription = structs.stated(body, Subscription, "webhook", {"types": EVENT_TYPES})
    complaint = urls.complaint(subscription.url, allow_loopback=settings.webhooks_allow_private())
    errors = [FieldError(pointer("url"), complaint)] if complaint else []
    errors += structs.list_errors(subscription.lists)
    if errors:
        raise structs.invalid("webhook", errors)
    return Subscription(
        url=subscription.url, types=structs.once(subscription.types), lists=structs.once(subscription.lists)
    )
