"""Webhooks: which events an owner wants to receive, and where. Only the settings table holds them."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from chalicelib.aws.owned_collection import Occupied, OwnedItems, attributes_of, dump_names, names_of, text_of
from chalicelib.aws.settings_table import Item
from chalicelib.todos import events, ids, instants
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Owner, Partition
from chalicelib.webhooks import url_claims

# Each event of the owner is sent to each of them.
MAX_WEBHOOKS: Final = 20
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

_COLLECTION: Final = OwnedItems("webhook#", "webhooks", MAX_WEBHOOKS)


@dataclass(frozen=True, slots=True)
class Webhook:
    """One subscription of an owner.

    Attributes
    ----------
    types, lists : tuple of str, optional
        Which events the webhook receives; None for all. The list is the one that the todo is in after the event.
    secret : str
        Signs the messages: ``whsec_`` and base64.
    disabled_at : str, optional
        When the receiver answered that it is gone; since then nothing is sent to it.
    """

    partition: Partition
    webhook_id: str
    url: str
    types: tuple[str, ...] | None
    lists: tuple[str, ...] | None
    secret: str
    created_at: str
    request_hash: str | None = None
    disabled_at: str | None = None

    def wants(self, event_type: str, list_name: str) -> bool:
        """Whether it receives an event of this type, after which the todo is in this list."""
        return (
            self.disabled_at is None
            and (self.types is None or event_type in self.types)
            and (self.lists is None or list_name in self.lists)
        )


def new_id() -> str:
    """The id of a webhook that is created without an idempotency key."""
    return str(uuid.uuid4())


def id_for_key(owner: Owner, idempotency_key: str) -> str:
    """The id of the webhook that a POST with this key creates: the same for every repeat."""
    return _COLLECTION.id_for_key(owner, idempotency_key)


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
    found = find(owner, webhook_id)
    if found is not None:
        return found
    url_claims.check_free(of_partition(webhook.partition), url)
    try:
        if _COLLECTION.add(_item(webhook), url_claims.claim(webhook.partition, url, webhook_id)):
            return webhook
    except Occupied:
        raise url_claims.taken(webhook.partition, url) from None
    found = find(owner, webhook_id)
    if found is None:
        raise Unavailable("the webhook was deleted a moment ago")
    return found


def find(owner: Owner, webhook_id: str) -> Webhook | None:
    """One webhook of an owner, by a strongly consistent read.

    Raises
    ------
    Unavailable
    """
    item = _COLLECTION.find(ids.partition_of(owner), webhook_id)
    return None if item is None else _webhook(item)


def of_partition(partition: Partition) -> list[Webhook]:
    """The webhooks of an owner, oldest first, by a strongly consistent read.

    Raises
    ------
    Unavailable
    """
    return [_webhook(item) for item in _COLLECTION.of_partition(partition)]


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
    webhook = find(owner, webhook_id)
    if webhook is None:
        return False
    release = url_claims.release(webhook.partition, webhook.url, webhook_id)
    return _COLLECTION.remove(webhook.partition, webhook_id, release)


def disable(webhook: Webhook) -> None:
    """Send nothing more to a webhook; its owner still sees it. One that was deleted meanwhile stays deleted.

    Raises
    ------
    Unavailable
    """
    _COLLECTION.change(
        webhook.partition,
        webhook.webhook_id,
        "SET disabled_at = if_not_exists(disabled_at, :now)",
        {":now": {"S": instants.instant_after(None)}},
    )


def _item(webhook: Webhook) -> Item:
    attributes = attributes_of(
        url=webhook.url,
        secret=webhook.secret,
        created_at=webhook.created_at,
        types=dump_names(webhook.types),
        lists=dump_names(webhook.lists),
        request_hash=webhook.request_hash,
    )
    return _COLLECTION.item(webhook.partition, webhook.webhook_id, attributes)


def _webhook(item: Item) -> Webhook:
    return Webhook(
        partition=Partition(item["owner"]["S"]),
        webhook_id=_COLLECTION.id_of(item),
        url=item["url"]["S"],
        types=names_of(item, "types"),
        lists=names_of(item, "lists"),
        secret=item["secret"]["S"],
        created_at=item["created_at"]["S"],
        request_hash=text_of(item, "request_hash"),
        disabled_at=text_of(item, "disabled_at"),
    )
