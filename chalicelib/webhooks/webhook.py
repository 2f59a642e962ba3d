"""A webhook as the settings table holds it: its fields, and how they are stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.aws.owned_collection import OwnedItems, attributes_of, dump_names, names_of, text_of
from chalicelib.aws.settings_table import Item
from chalicelib.todos import instants
from chalicelib.todos.ids import Partition
from chalicelib.webhooks import versions
from chalicelib.webhooks.versions import Version

# Each event of the owner is sent to each of them.
MAX_WEBHOOKS: Final = 20

# Why a webhook is disabled.
BY_OWNER: Final = "owner"
GONE: Final = "gone"
FAILING: Final = "failing"
DISABLED_REASONS: Final = (BY_OWNER, GONE, FAILING)

COLLECTION: Final = OwnedItems("webhook#", "webhooks", MAX_WEBHOOKS)


@dataclass(frozen=True, slots=True)
class OldSecret:
    """A secret that was replaced, and until when messages are signed with it too."""

    secret: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """One subscription of an owner.

    Attributes
    ----------
    types, lists : tuple of str, optional
        What its owner wants it to receive; None for all. `versions` say since when.
    secret : str
        The newest one, which signs the messages: ``whsec_`` and base64.
    versions : tuple of Version
        Empty until the URL is verified.
    revision : int
        Grows with each change by the owner, by a verification or by disabling: what a try of a delivery writes is
        conditional on the one that it tried.
    verified_at : str, optional
        When the receiver at this URL answered the challenge.
    accepted_at : str, optional
        When the receiver at this URL first accepted an event.
    disabled_at, disabled_reason : str, optional
        Since when and why nothing is sent to it.
    failing_since : str, optional
        When the first of the tries failed that have all failed since.
    failures : int
        How many these are.
    paused_until : str, optional
        Before this nothing is sent, since the receiver kept us waiting.
    """

    partition: Partition
    webhook_id: str
    url: str
    types: tuple[str, ...] | None
    lists: tuple[str, ...] | None
    secret: str
    created_at: str
    request_hash: str | None = None
    enabled: bool = True
    versions: tuple[Version, ...] = ()
    revision: int = 1
    older_secrets: tuple[OldSecret, ...] = ()
    verified_at: str | None = None
    accepted_at: str | None = None
    disabled_at: str | None = None
    disabled_reason: str | None = None
    failing_since: str | None = None
    failures: int = 0
    paused_until: str | None = None

    @property
    def active_from(self) -> str | None:
        """The first instant whose events are sent as it is now; None while nothing is sent."""
        newest = self.versions[-1] if self.versions else None
        return newest.since if newest is not None and newest.enabled and self.disabled_at is None else None

    def signing_secrets(self, now: str) -> tuple[str, ...]:
        """The secrets to sign with: the oldest that has not expired, since a receiver may know no other; the newest."""
        oldest = next((old.secret for old in self.older_secrets if old.expires_at > now), None)
        return (self.secret,) if oldest is None else (oldest, self.secret)


def item_of(webhook: Webhook) -> Item:
    """The item that stores a webhook."""
    attributes = attributes_of(
        url=webhook.url,
        secret=webhook.secret,
        created_at=webhook.created_at,
        types=dump_names(webhook.types),
        lists=dump_names(webhook.lists),
        request_hash=webhook.request_hash,
        versions=versions.dumps(webhook.versions),
        older_secrets=json.dumps([[each.secret, each.expires_at] for each in webhook.older_secrets])
        if webhook.older_secrets
        else None,
        verified_at=webhook.verified_at,
        accepted_at=webhook.accepted_at,
        disabled_at=webhook.disabled_at,
        disabled_reason=webhook.disabled_reason,
        failing_since=webhook.failing_since,
        paused_until=webhook.paused_until,
    )
    numbers = {"revision": {"N": str(webhook.revision)}}
    if webhook.failures:
        numbers["failures"] = {"N": str(webhook.failures)}
    if not webhook.enabled:
        attributes["enabled"] = {"S": "no"}
    return COLLECTION.item(webhook.partition, webhook.webhook_id, {**attributes, **numbers})


def webhook_of(item: Item) -> Webhook:
    """The webhook that an item stores; one of an older version of the service is verified, and has one version."""
    fields: dict[str, Any] = {
        "partition": Partition(item["owner"]["S"]),
        "webhook_id": COLLECTION.id_of(item),
        "url": item["url"]["S"],
        "types": names_of(item, "types"),
        "lists": names_of(item, "lists"),
        "secret": item["secret"]["S"],
        "created_at": item["created_at"]["S"],
        "request_hash": text_of(item, "request_hash"),
        "disabled_at": text_of(item, "disabled_at"),
        "failing_since": text_of(item, "failing_since"),
        "failures": int(item["failures"]["N"]) if "failures" in item else 0,
        "paused_until": text_of(item, "paused_until"),
    }
    return Webhook(**fields, **(_state_of(item) if "versions" in item else _state_before_versions(fields)))


def _state_of(item: Item) -> dict[str, Any]:
    return {
        "enabled": "enabled" not in item,
        "versions": versions.loads(item["versions"]["S"]),
        "revision": int(item["revision"]["N"]),
        "older_secrets": tuple(OldSecret(*each) for each in json.loads(text_of(item, "older_secrets") or "[]")),
        **{name: text_of(item, name) for name in ("verified_at", "accepted_at", "disabled_reason")},
    }


def _state_before_versions(fields: Mapping[str, Any]) -> dict[str, Any]:
    created_at, disabled_at = fields["created_at"], fields["disabled_at"]
    history = [Version(created_at, fields["types"], fields["lists"], enabled=True)]
    if disabled_at is not None:
        since = instants.instant_after(created_at, instants.milliseconds_of(disabled_at))
        history.append(Version(since, fields["types"], fields["lists"], enabled=False))
    return {
        "enabled": disabled_at is None,
        "versions": tuple(history),
        "revision": 0,
        "verified_at": created_at,
        "accepted_at": created_at,
        "disabled_reason": GONE if disabled_at is not None else None,
    }
