"""Subscribing and unsubscribing webhooks: which events an owner wants to receive, and where."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from chalicelib import settings
from chalicelib.aws import settings_table
from chalicelib.aws.owned_collection import Occupied
from chalicelib.aws.retry import back_off
from chalicelib.todos import events, ids, instants
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Owner, Partition
from chalicelib.webhooks import url_claims
from chalicelib.webhooks.webhook import COLLECTION, Webhook, item_of, webhook_of

# Standard Webhooks asks for 24 to 64 bytes.
SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what every secret begins with

EVENT_TYPES: Final = (
    events.CREATED,
    events.EDITED,
    events.COMPLETED,
    events.REOPENED,
    events.DELETED,
    events.RESTORED,
    events.REVERTED,
    events.REMINDED,
)


def new_id() -> str:
    """The id of a webhook that is created without an idempotency key."""
    return str(uuid.uuid4())


def id_for_key(owner: Owner, idempotency_key: str) -> str:
    """The id of the webhook that a POST with this key creates: the same for every repeat."""
    return COLLECTION.id_for_key(owner, idempotency_key)


def new_secret() -> str:
    """A random secret, as Standard Webhooks has it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def create(
    owner: Owner,
    webhook_id: str,
    url: str,
    *,
    types: Collection[str] | None = None,
    lists: Collection[str] | None = None,
    request_hash: str | None = None,
) -> Webhook:
    """Subscribe, or return the subscription that has this id already; the caller checks whether it is the same.

    It receives nothing until its URL is verified (`handshake`).

    Raises
    ------
    CollectionFull, UrlTaken, Unavailable
    """
    webhook = Webhook(
        partition=ids.partition_of(owner),
        webhook_id=webhook_id,
        url=url,
        types=tuple(types) if types is not None else None,
        lists=tuple(lists) if lists is not None else None,
        secret=new_secret(),
        created_at=instants.instant_after(None),
        request_hash=request_hash,
    )
    found = find(webhook.partition, webhook_id)
    if found is not None:
        return found
    # A twin of this request may have created this very webhook since.
    others = (each for each in of_partition(webhook.partition) if each.webhook_id != webhook_id)
    url_claims.check_free(others, url)
    try:
        if COLLECTION.add(item_of(webhook), url_claims.claim(webhook.partition, url, webhook_id)):
            return webhook
    except Occupied:
        raise url_claims.taken(webhook.partition, url) from None
    found = find(webhook.partition, webhook_id)
    if found is None:
        raise Unavailable("the webhook was deleted a moment ago")
    return found


def find(partition: Partition, webhook_id: str) -> Webhook | None:
    """One webhook of an owner, by a strongly consistent read.

    Raises
    ------
    Unavailable
    """
    item = COLLECTION.find(partition, webhook_id)
    return None if item is None else webhook_of(item)


def of_partition(partition: Partition) -> list[Webhook]:
    """The webhooks of an owner, oldest first, by a strongly consistent read.

    Raises
    ------
    Unavailable
    """
    return [webhook_of(item) for item in COLLECTION.of_partition(partition)]


def of_owner(owner: Owner) -> list[Webhook]:
    """The webhooks of an owner, oldest first.

    Raises
    ------
    Unavailable
    """
    return of_partition(ids.partition_of(owner))


def delete(owner: Owner, webhook_id: str) -> bool:
    """Unsubscribe; False if there is no such webhook.

    Raises
    ------
    Unavailable
    """
    for attempt in range(1, settings_table.MAX_TRIES + 1):
        webhook = find(ids.partition_of(owner), webhook_id)
        if webhook is None:
            return False
        condition, values = unless_changed(webhook)
        removal: dict[str, Any] = {
            "TableName": settings.settings_table(),
            "Key": settings_table.key(webhook.partition, COLLECTION.prefix + webhook_id),
            "ConditionExpression": condition,
        }
        writes = [
            {"Delete": {**removal, "ExpressionAttributeValues": values} if values else removal},
            settings_table.count(webhook.partition, COLLECTION.count_key, -1),
        ]
        if url_claims.has_claim(webhook.partition, webhook.url, webhook_id):
            writes.append(url_claims.release(webhook.partition, webhook.url, webhook_id))
        if not any(settings_table.transact(writes)):
            return True
        back_off(attempt)
    raise Unavailable("the webhook was changed each time")


def replace_unless_changed(before: Webhook, after: Webhook) -> Webhook | None:
    """Store a change of a webhook, with its claim on another URL; None if it has been changed or deleted meanwhile.

    Raises
    ------
    UrlTaken, Unavailable
    """
    after = replace(after, revision=before.revision + 1)
    writes = [{"Put": _put_unless_changed(before, after)}]
    if not url_claims.is_same(before.url, after.url):
        writes.append(url_claims.claim(after.partition, after.url, after.webhook_id))
        if url_claims.has_claim(before.partition, before.url, before.webhook_id):
            writes.append(url_claims.release(before.partition, before.url, before.webhook_id))
    changed, *claims = settings_table.transact(writes)
    if changed:
        return None
    if any(claims):
        raise url_claims.taken(after.partition, after.url)
    return after


def unless_changed(webhook: Webhook) -> tuple[str, dict[str, Any]]:
    """The condition, and its values, that a webhook is still at the revision that is known of it."""
    if webhook.revision == 0:
        return "attribute_exists(sk) AND attribute_not_exists(revision)", {}
    return "revision = :revision", {":revision": {"N": str(webhook.revision)}}


def _put_unless_changed(before: Webhook, after: Webhook) -> dict[str, Any]:
    condition, values = unless_changed(before)
    put: dict[str, Any] = {
        "TableName": settings.settings_table(),
        "Item": item_of(after),
        "ConditionExpression": condition,
    }
    return {**put, "ExpressionAttributeValues": values} if values else put
