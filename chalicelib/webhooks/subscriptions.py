"""Webhooks: which owner wants to be told of which events, and where. They lie in the settings table alone."""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib.aws import errors, settings_table
from chalicelib.todos import events, ids, instants

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

_PREFIX: Final = "webhook#"
# How many the owner has; it changes in the same transaction as they do. "#" is in no webhook's key but after "webhook".
_COUNT_KEY: Final = "webhooks"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One subscription of an owner.

    Attributes
    ----------
    owner : str
        As keys have it: percent-encoded.
    types, lists : tuple of str, optional
        Of which events the webhook is told; None for all. A list counts by its name, in the state after the event.
    secret : str
        What messages are signed with: ``whsec_`` and base64.
    disabled_at : str, optional
        When the receiver answered that it is gone; nothing is sent to it since.
    """

    owner: str
    webhook_id: str
    url: str
    types: tuple[str, ...] | None
    lists: tuple[str, ...] | None
    secret: str
    created_at: str
    request_hash: str | None = None
    disabled_at: str | None = None

    def wants(self, event_type: str, list_name: str) -> bool:
        """Whether it is to be told of an event of this type, with the todo in this list after it."""
        return (
            self.disabled_at is None
            and (self.types is None or event_type in self.types)
            and (self.lists is None or list_name in self.lists)
        )


class TooManyWebhooks(Exception):
    """The owner has as many webhooks as there may be."""


def new_id() -> str:
    """A random id (UUIDv4) for a webhook."""
    return str(uuid.uuid4())


def id_for_key(owner: str, idempotency_key: str) -> str:
    """The id of the webhook that a POST with this key creates: the same for every repeat."""
    return str(uuid.uuid5(ids.NAMESPACE, f"{ids.partition_of(owner)}#{_PREFIX}{idempotency_key}"))


def new_secret() -> str:
    """A random signing secret, in the form of the Standard Webhooks specification."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def create(
    owner: str,
    webhook_id: str,
    url: str,
    *,
    types: Collection[str] | None = None,
    lists: Collection[str] | None = None,
    request_hash: str | None = None,
) -> Webhook:
    """Subscribe, or find the subscription that has this id already: it is the caller's to tell whether it is the same.

    Raises
    ------
    TooManyWebhooks
    Unavailable
    """
    webhook = Webhook(
        owner=ids.partition_of(owner),
        webhook_id=webhook_id,
        url=url,
        types=tuple(types) if types is not None else None,
        lists=tuple(lists) if lists is not None else None,
        secret=new_secret(),
        created_at=instants.instant_after(None),
        request_hash=request_hash,
    )
    counted = settings_table.count(webhook.owner, _COUNT_KEY, 1, most=MAX_WEBHOOKS)
    taken, full = settings_table.transact([settings_table.put(_item(webhook)), counted])
    if taken:
        found = find(owner, webhook_id)
        if found is None:
            raise errors.Unavailable("the webhook was deleted a moment ago")
        return found
    if full:
        raise TooManyWebhooks
    return webhook


def find(owner: str, webhook_id: str) -> Webhook | None:
    """One webhook of an owner, by a strongly consistent read.

    Raises
    ------
    Unavailable
    """
    item = settings_table.find(ids.partition_of(owner), _PREFIX + webhook_id)
    return None if item is None else _webhook(item)


def of_partition(partition: str) -> list[Webhook]:
    """The webhooks of an owner named as keys have it, oldest first, by a strongly consistent read.

    Raises
    ------
    Unavailable
    """
    found = [_webhook(item) for item in settings_table.beginning_with(partition, _PREFIX)]
    return sorted(found, key=lambda webhook: (webhook.created_at, webhook.webhook_id))


def of_owner(owner: str) -> list[Webhook]:
    """The webhooks of an owner, oldest first.

    Raises
    ------
    Unavailable
    """
    return of_partition(ids.partition_of(owner))


def delete(owner: str, webhook_id: str) -> bool:
    """Unsubscribe; whether there was such a webhook.

    Raises
    ------
    Unavailable
    """
    partition = ids.partition_of(owner)
    removal = settings_table.delete(partition, _PREFIX + webhook_id)
    gone, _ = settings_table.transact([removal, settings_table.count(partition, _COUNT_KEY, -1)])
    return not gone


def disable(webhook: Webhook) -> None:
    """Send nothing more to a webhook, which its owner still sees; one that was deleted meanwhile stays deleted.

    Raises
    ------
    Unavailable
    """
    settings_table.update_standing(
        webhook.owner,
        _PREFIX + webhook.webhook_id,
        "SET disabled_at = if_not_exists(disabled_at, :now)",
        {":now": {"S": instants.instant_after(None)}},
    )


def _item(webhook: Webhook) -> dict[str, dict[str, str]]:
    item = {
        **settings_table.key(webhook.owner, _PREFIX + webhook.webhook_id),
        "url": {"S": webhook.url},
        "secret": {"S": webhook.secret},
        "created_at": {"S": webhook.created_at},
    }
    for name, names in (("types", webhook.types), ("lists", webhook.lists)):
        if names is not None:
            item[name] = {"S": json.dumps(names)}
    if webhook.request_hash is not None:
        item["request_hash"] = {"S": webhook.request_hash}
    return item


def _webhook(item: Mapping[str, Mapping[str, str]]) -> Webhook:
    def names(attribute: str) -> tuple[str, ...] | None:
        return tuple(json.loads(item[attribute]["S"])) if attribute in item else None

    def text(attribute: str) -> str | None:
        return item[attribute]["S"] if attribute in item else None

    return Webhook(
        owner=item["owner"]["S"],
        webhook_id=item["sk"]["S"].removeprefix(_PREFIX),
        url=item["url"]["S"],
        types=names("types"),
        lists=names("lists"),
        secret=item["secret"]["S"],
        created_at=item["created_at"]["S"],
        request_hash=text("request_hash"),
        disabled_at=text("disabled_at"),
    )
