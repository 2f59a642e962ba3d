"""`/webhooks`: the addresses to which an owner's events are sent."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from chalicelib import settings
from chalicelib.api import problem_types, structs
from chalicelib.api.bodies import read_json
from chalicelib.api.collection_resource import CollectionResource
from chalicelib.api.media_types import MERGE_PATCH
from chalicelib.api.problems import Problem, not_found
from chalicelib.api.represent import answer
from chalicelib.api.request import Request, parameters
from chalicelib.api.response import Response
from chalicelib.aws.owned_collection import CollectionFull
from chalicelib.todos import fields, ids
from chalicelib.todos.content import FieldError, pointer
from chalicelib.webhooks import changes, delivery_log, queue, quota, subscriptions, url_claims, urls
from chalicelib.webhooks.changes import Change
from chalicelib.webhooks.errors import ChangedTooOften, UrlTaken
from chalicelib.webhooks.subscriptions import EVENT_TYPES
from chalicelib.webhooks.webhook import BY_OWNER, MAX_WEBHOOKS, Webhook

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
        description="The lists whose events are sent, by the todo's list before or after the event; omitted, all.",
        examples=[["groceries"]],
    ),
]


Enabled = Annotated[bool, Meta(description="Whether events are sent; true also ends a `disabled_at`.")]


class Subscription(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A webhook as a client defines it; without `types` or `lists` (or with null) it gets all events."""

    url: Url
    types: Types | None = None
    lists: Lists | None = None


class WebhookPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A JSON Merge Patch (RFC 7396) of a webhook: fields to change; null in `types` or `lists` means all."""

    url: Url | msgspec.UnsetType = msgspec.UNSET
    types: Types | msgspec.UnsetType | None = msgspec.UNSET
    lists: Lists | msgspec.UnsetType | None = msgspec.UNSET
    enabled: Enabled | msgspec.UnsetType = msgspec.UNSET


# Raw lengths of texts, looked at before anything else is done with them.
_LIMITS: Final = {"url": urls.MAX_URL_LENGTH}

_WEBHOOKS: Final = CollectionResource(
    "webhook", MAX_WEBHOOKS, problem_types.TOO_MANY_WEBHOOKS, subscriptions.new_id, subscriptions.id_for_key
)


def create(request: Request) -> Response:
    """201 with the webhook and, this once, its secret; a repeat with the key gets the same again."""
    body = read_json(request)
    subscription = _load(body)
    webhook_id, request_hash = _WEBHOOKS.identify(request, body)
    webhook = None
    if request_hash is not None:
        webhook = subscriptions.find(ids.partition_of(request.owner), webhook_id)
    is_repeat = webhook is not None
    if webhook is None:
        _take_ping(request)
        webhook = _created(request, webhook_id, subscription, request_hash)
    if webhook.request_hash != request_hash:
        raise _WEBHOOKS.key_reused()
    # A repeat is answered whatever the quota says; it does without another challenge then.
    if webhook.verified_at is None and not (is_repeat and quota.take(webhook.partition)):
        queue.ping(webhook.partition, webhook.webhook_id)
    return _WEBHOOKS.answer_created(request, webhook.webhook_id, {**_represent(webhook), "secret": webhook.secret})


def _created(request: Request, webhook_id: str, subscription: Subscription, request_hash: str | None) -> Webhook:
    """A new webhook, or the one that a twin of the request has created meanwhile.

    Raises
    ------
    Problem
        409 if the owner has too many, or one with this URL.
    """
    try:
        return subscriptions.create(
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


def list_webhooks(request: Request) -> Response:
    """All of the owner's webhooks, oldest first, without their secrets."""
    parameters(request)
    return answer(200, [_represent(webhook) for webhook in subscriptions.of_owner(request.owner)])


def read(request: Request) -> Response:
    """One webhook, without its secret."""
    parameters(request)
    return answer(200, _represent(_find(request)))


def patch(request: Request) -> Response:
    """The webhook as changed; a new URL is verified before anything is sent to it."""
    body = read_json(request, MERGE_PATCH)
    before = _find(request)
    wanted = _load_patch(body)
    needs_ping = _needs_ping(before, wanted)
    if needs_ping:
        _take_ping(request)
    try:
        webhook = changes.change(before.partition, before.webhook_id, partial(_decide, wanted))
    except UrlTaken as taken:
        raise _url_taken(taken.webhook_id) from None
    except ChangedTooOften as error:
        raise _changed_too_often(error) from None
    if webhook is None:
        raise _not_found()
    if needs_ping and webhook.verified_at is None:
        queue.ping(webhook.partition, webhook.webhook_id)
    return answer(200, _represent(webhook))


def ping(request: Request) -> Response:
    """202: a signed challenge is sent, which verifies the URL if it is not yet; the deliveries show what came of it."""
    webhook = _find(request)
    _take_ping(request)
    queue.ping(webhook.partition, webhook.webhook_id)
    return answer(202, _represent(webhook))


def rotate(request: Request) -> Response:
    """The webhook with a new secret, this once; the old one signs too, until its receiver has had time to learn it."""
    before = _find(request)
    try:
        webhook = changes.rotate(before.partition, before.webhook_id)
    except ChangedTooOften as error:
        raise _changed_too_often(error) from None
    if webhook is None:
        raise _not_found()
    shown = {"secret": webhook.secret, "old_secret_expires_at": webhook.older_secrets[-1].expires_at}
    return answer(200, {**_represent(webhook), **shown}, {"Cache-Control": "no-store"})


def deliveries(request: Request) -> Response:
    """The last tries, the last first."""
    parameters(request)
    webhook = _find(request)
    return answer(200, [asdict(entry) for entry in delivery_log.newest(webhook.partition, webhook.webhook_id)])


def delete(request: Request) -> Response:
    return _WEBHOOKS.answer_deleted(request.path["webhook_id"], partial(subscriptions.delete, request.owner))


def _find(request: Request) -> Webhook:
    """The webhook in the path.

    Raises
    ------
    Problem
        404 if the owner has none with this id.
    """
    webhook_id = request.path["webhook_id"]
    found = None
    if ids.is_todo_id(webhook_id):
        found = subscriptions.find(ids.partition_of(request.owner), webhook_id)
    if found is None:
        raise _not_found()
    return found


def _take_ping(request: Request) -> None:
    """Count a challenge against the owner's quota.

    Raises
    ------
    Problem
        429 if there were too many.
    """
    seconds = quota.take(ids.partition_of(request.owner))
    if seconds:
        detail = (
            f"At most {quota.PINGS_PER_HOUR} pings an hour are sent, also those for a new webhook or URL. "
            f"Try again in {seconds} s."
        )
        raise Problem(problem_types.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(seconds)})


def _needs_ping(webhook: Webhook, wanted: WebhookPatch) -> bool:
    """Whether what a patch leads to may be a webhook that must be verified: another URL, or an enabled one."""
    if wanted.url is not msgspec.UNSET and not url_claims.is_same(wanted.url, webhook.url):
        return True
    return webhook.verified_at is None and wanted.enabled is True


def _decide(wanted: WebhookPatch, webhook: Webhook) -> Change:
    """What a patch makes of a webhook; another URL ends what its receiver was disabled for."""
    url = webhook.url if wanted.url is msgspec.UNSET else wanted.url
    is_mended = webhook.disabled_reason != BY_OWNER and not url_claims.is_same(url, webhook.url)
    return Change(
        url=url,
        types=webhook.types if wanted.types is msgspec.UNSET else _names(wanted.types),
        lists=webhook.lists if wanted.lists is msgspec.UNSET else _names(wanted.lists),
        enabled=webhook.enabled or is_mended if wanted.enabled is msgspec.UNSET else wanted.enabled,
    )


def _names(names: Any) -> tuple[str, ...] | None:
    return None if names is None else tuple(structs.unique(names) or ())


def _represent(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.webhook_id,
        "url": webhook.url,
        "types": webhook.types,
        "lists": webhook.lists,
        "enabled": webhook.enabled,
        "created_at": webhook.created_at,
        "verified_at": webhook.verified_at,
        "active_from": webhook.active_from,
        "disabled_at": webhook.disabled_at,
        "disabled_reason": webhook.disabled_reason,
        "failing_since": webhook.failing_since,
        "paused_until": webhook.paused_until,
    }


def _not_found() -> Problem:
    return not_found("There is no such webhook.")


def _changed_too_often(error: ChangedTooOften) -> Problem:
    detail = f"The webhook was changed too often. Try again in {error.seconds} s."
    return Problem(problem_types.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(error.seconds)})


def _url_taken(webhook_id: str) -> Problem:
    detail = f"The webhook {webhook_id} has this URL already. Change that one with PATCH, or delete it first."
    return Problem(problem_types.WEBHOOK_EXISTS, detail, members={"webhook": webhook_id})


def _load(body: object) -> Subscription:
    """The subscription that a body defines.

    Raises
    ------
    Problem
        400 with a pointer to each field that is missing, unknown, of the wrong type or out of its bounds.
    """
    subscription = structs.load_body(body, Subscription, "webhook", choices={"types": EVENT_TYPES}, limits=_LIMITS)
    _check(subscription.url, subscription.lists)
    return subscription


def _load_patch(body: object) -> WebhookPatch:
    """The patch that a body states; a Problem as for `_load`."""
    wanted = structs.load_body(body, WebhookPatch, "webhook", choices={"types": EVENT_TYPES}, limits=_LIMITS)
    _check(
        None if wanted.url is msgspec.UNSET else wanted.url,
        None if wanted.lists is msgspec.UNSET else wanted.lists,
    )
    return wanted


def _check(url: str | None, lists: list[str] | None) -> None:
    errors = structs.list_errors(lists)
    if url is not None:
        error = urls.url_error(url, allow_loopback=settings.webhooks_allow_private(), own_ports=settings.own_ports())
        errors = [*([FieldError(pointer("url"), error)] if error else []), *errors]
    if errors:
        raise structs.invalid("webhook", errors)
