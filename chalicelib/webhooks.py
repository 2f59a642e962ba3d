"""Webhooks: which owner wants to be told of which events, and where. They lie in the settings table alone."""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import dynamo, failures, keys, settings
from chalicelib.backoff import back_off
from chalicelib.todos import events, instants

# Each event of the owner is sent to each of them.
MAX_WEBHOOKS: Final = 20
# Standard Webhooks asks for 24 to 64 bytes.
SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"

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

MAX_TRIES: Final = 8

_PREFIX: Final = "webhook#"
# How many the owner has; it changes in the same transaction as they do. "#" is in no webhook's key but after "webhook".
_COUNT_KEY: Final = "webhooks"

_IS_NEW: Final = "attribute_not_exists(sk)"
_STANDS: Final = "attribute_exists(sk)"
_HAS_ROOM: Final = "attribute_not_exists(webhooks) OR webhooks < :most"


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
    return str(uuid.uuid4())


def id_for_key(owner: str, idempotency_key: str) -> str:
    """The id of the webhook that a POST with this key creates: the same for every repeat."""
    return str(uuid.uuid5(keys.NAMESPACE, f"{keys.partition_of(owner)}#{_PREFIX}{idempotency_key}"))


def new_secret() -> str:
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
        owner=keys.partition_of(owner),
        webhook_id=webhook_id,
        url=url,
        types=tuple(types) if types is not None else None,
        lists=tuple(lists) if lists is not None else None,
        secret=new_secret(),
        created_at=instants.instant_after(None),
        request_hash=request_hash,
    )
    put = {"TableName": settings.settings_table(), "Item": _item(webhook), "ConditionExpression": _IS_NEW}
    taken, full = _transact([{"Put": put}, _count(webhook.owner, 1, _HAS_ROOM, {":most": {"N": str(MAX_WEBHOOKS)}})])
    if taken:
        found = find(owner, webhook_id)
        if found is None:
            raise failures.Unavailable("the webhook was deleted a moment ago")
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
    key = _key(keys.partition_of(owner), _PREFIX + webhook_id)
    answer = _served(dynamo.client().get_item, TableName=settings.settings_table(), Key=key, ConsistentRead=True)
    return _webhook(answer["Item"]) if "Item" in answer else None


def of_partition(partition: str) -> list[Webhook]:
    """The webhooks of an owner named as keys have it, oldest first, by a strongly consistent read.

    Raises
    ------
    Unavailable
    """
    found: list[Webhook] = []
    start: dict[str, Any] = {}
    while True:
        answer = _served(
            dynamo.client().query,
            TableName=settings.settings_table(),
            KeyConditionExpression="#owner = :owner AND begins_with(sk, :prefix)",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":owner": {"S": partition}, ":prefix": {"S": _PREFIX}},
            ConsistentRead=True,
            **start,
        )
        found += [_webhook(item) for item in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            return sorted(found, key=lambda webhook: (webhook.created_at, webhook.webhook_id))
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def of_owner(owner: str) -> list[Webhook]:
    """The webhooks of an owner, oldest first.

    Raises
    ------
    Unavailable
    """
    return of_partition(keys.partition_of(owner))


def delete(owner: str, webhook_id: str) -> bool:
    """Unsubscribe; whether there was such a webhook.

    Raises
    ------
    Unavailable
    """
    partition = keys.partition_of(owner)
    removal = {
        "TableName": settings.settings_table(),
        "Key": _key(partition, _PREFIX + webhook_id),
        "ConditionExpression": _STANDS,
    }
    gone, _ = _transact([{"Delete": removal}, _count(partition, -1)])
    return not gone


def disable(webhook: Webhook) -> None:
    """Send nothing more to a webhook, which its owner still sees; one that was deleted meanwhile stays deleted.

    Raises
    ------
    Unavailable
    """

    try:
        _served(
            dynamo.client().update_item,
            TableName=settings.settings_table(),
            Key=_key(webhook.owner, _PREFIX + webhook.webhook_id),
            UpdateExpression="SET disabled_at = if_not_exists(disabled_at, :now)",
            ExpressionAttributeValues={":now": {"S": instants.instant_after(None)}},
            ConditionExpression=_STANDS,
        )
    except failures.Unavailable as unavailable:
        if failures.codes_of(unavailable.__cause__ or unavailable) != {"ConditionalCheckFailedException"}:
            raise


def _transact(writes: list[dict[str, Any]]) -> list[bool]:
    """Write all or nothing; for each write whether its condition failed (then nothing was written).

    Raises
    ------
    Unavailable
    """
    for attempt in range(1, MAX_TRIES + 1):
        try:
            dynamo.client().transact_write_items(TransactItems=writes)
            return [False] * len(writes)
        except (ClientError, BotoCoreError) as error:
            reasons = error.response.get("CancellationReasons", []) if isinstance(error, ClientError) else []
            failed = [reason.get("Code") == "ConditionalCheckFailed" for reason in reasons]
            if any(failed):
                return failed
            if not failures.is_conflict(error) or attempt == MAX_TRIES:
                raise failures.Unavailable(str(error)) from error
        back_off(attempt)
    raise AssertionError("unreachable: the last attempt returns or raises")


def _count(
    partition: str, change: int, condition: str | None = None, values: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    update: dict[str, Any] = {
        "TableName": settings.settings_table(),
        "Key": _key(partition, _COUNT_KEY),
        "UpdateExpression": "ADD webhooks :change",
        "ExpressionAttributeValues": {":change": {"N": str(change)}, **(values or {})},
    }
    if condition is not None:
        update["ConditionExpression"] = condition
    return {"Update": update}


def _served(call: Callable[..., Any], **request: Any) -> Any:
    """The answer to a request to DynamoDB.

    Raises
    ------
    Unavailable
    """
    try:
        return call(**request)
    except (ClientError, BotoCoreError) as error:
        raise failures.Unavailable(str(error)) from error


def _key(partition: str, sk: str) -> dict[str, dict[str, str]]:
    return {"owner": {"S": partition}, "sk": {"S": sk}}


def _item(webhook: Webhook) -> dict[str, dict[str, str]]:
    item = {
        **_key(webhook.owner, _PREFIX + webhook.webhook_id),
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
