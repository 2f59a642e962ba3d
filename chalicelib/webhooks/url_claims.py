"""One webhook for each URL of an owner: an item that claims the URL, written in the transaction of the webhook."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from chalicelib import settings
from chalicelib.aws import settings_table
from chalicelib.aws.owned_collection import attributes_of
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Partition
from chalicelib.webhooks import urls
from chalicelib.webhooks.errors import UrlTaken

if TYPE_CHECKING:
    from chalicelib.webhooks.webhook import Webhook

PREFIX: Final = "webhook-url#"


def claim(partition: Partition, url: str, webhook_id: str) -> dict[str, Any]:
    """A transaction's write that claims a URL; its condition fails if the URL is claimed already."""
    item = {**settings_table.key(partition, _key(url)), **attributes_of(webhook=webhook_id)}
    return settings_table.put(item)


def release(partition: Partition, url: str, webhook_id: str) -> dict[str, Any]:
    """A transaction's write that gives up a URL that the webhook has claimed."""
    return {
        "Delete": {
            "TableName": settings.settings_table(),
            "Key": settings_table.key(partition, _key(url)),
            "ConditionExpression": "webhook = :webhook",
            "ExpressionAttributeValues": {":webhook": {"S": webhook_id}},
        }
    }


def has_claim(partition: Partition, url: str, webhook_id: str) -> bool:
    """Whether the webhook has claimed the URL; one of an older version of the service has not.

    Raises
    ------
    Unavailable
    """
    found = settings_table.find(partition, _key(url))
    return found is not None and found["webhook"]["S"] == webhook_id


def is_same(one: str, other: str) -> bool:
    """Whether two valid URLs are spellings of one."""
    return urls.parse(one).canonical == urls.parse(other).canonical


def check_free(webhooks: Iterable[Webhook], url: str) -> None:
    """Refuse a URL that one of these webhooks has: those of older versions of the service have no claim.

    Raises
    ------
    UrlTaken
    """
    for webhook in webhooks:
        if is_same(webhook.url, url):
            raise UrlTaken(webhook.webhook_id)


def taken(partition: Partition, url: str) -> UrlTaken:
    """The error that names the webhook that claimed a URL.

    Raises
    ------
    Unavailable
        When the claim was released a moment ago.
    """
    found = settings_table.find(partition, _key(url))
    if found is None:
        raise Unavailable("the webhook with this URL was deleted a moment ago")
    return UrlTaken(found["webhook"]["S"])


def _key(url: str) -> str:
    # A URL may be longer than a sort key.
    return PREFIX + hashlib.sha256(urls.parse(url).canonical.encode()).hexdigest()
