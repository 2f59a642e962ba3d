"""Webhooks that are verified already, and in force since before the test began."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from chalicelib.todos import ids
from chalicelib.webhooks import subscriptions
from chalicelib.webhooks.versions import Version
from chalicelib.webhooks.webhook import Webhook

LONG_AGO = "2020-01-01T00:00:00.000Z"


def subscribe(
    owner: str,
    url: str,
    *,
    types: Collection[str] | None = None,
    lists: Collection[str] | None = None,
    has_accepted: bool = True,
) -> Webhook:
    """A webhook that receives the events of `lambda_events` and all later ones."""
    made = subscriptions.create(ids.Owner(owner), subscriptions.new_id(), url, types=types, lists=lists)
    return put_in_force(made, has_accepted=has_accepted)


def put_in_force(webhook: Webhook, *, has_accepted: bool = True) -> Webhook:
    """The webhook as if it had been verified long ago, and by default had accepted events since."""
    verified = replace(
        webhook,
        created_at=LONG_AGO,
        versions=(Version(LONG_AGO, webhook.types, webhook.lists, enabled=True),),
        verified_at=LONG_AGO,
        accepted_at=LONG_AGO if has_accepted else None,
    )
    stored = subscriptions.replace_unless_changed(webhook, verified)
    assert stored is not None, "it was changed meanwhile"
    return stored


def find(webhook: Webhook) -> Webhook:
    """The webhook as it is now."""
    found = subscriptions.find(webhook.partition, webhook.webhook_id)
    assert found is not None
    return found
