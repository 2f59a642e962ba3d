"""What an owner changes of a webhook: its URL, what it receives, whether it is enabled, and its secret."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from chalicelib.aws import settings_table
from chalicelib.aws.retry import back_off
from chalicelib.todos import instants
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Partition
from chalicelib.webhooks import health, subscriptions, url_claims, versions
from chalicelib.webhooks.errors import ChangedTooOften
from chalicelib.webhooks.versions import Names
from chalicelib.webhooks.webhook import BY_OWNER, OldSecret, Webhook

# A receiver has so long to learn a new secret: messages are signed with the old one too.
OVERLAP_MILLISECONDS: Final = 24 * 3600 * 1000
# More rotations within one overlap are refused: of each secret is kept until when it is valid.
MAX_OLD_SECRETS: Final = 5


@dataclass(frozen=True, slots=True)
class Change:
    """What an owner wants a webhook to be."""

    url: str
    types: Names
    lists: Names
    enabled: bool


def change(partition: Partition, webhook_id: str, decide: Callable[[Webhook], Change]) -> Webhook | None:
    """Change a webhook as its owner wants; None if there is none. What changes nothing is not written.

    Parameters
    ----------
    decide : callable
        Called with the webhook as it is, again if it was changed meanwhile.

    Raises
    ------
    UrlTaken, ChangedTooOften, Unavailable
    """

    def changed(webhook: Webhook) -> Webhook:
        wanted = decide(webhook)
        if not url_claims.is_same(webhook.url, wanted.url):
            others = (each for each in subscriptions.of_partition(partition) if each.webhook_id != webhook_id)
            url_claims.check_free(others, wanted.url)
        return with_change(webhook, wanted, instants.now_milliseconds())

    return _replace(partition, webhook_id, changed)


def rotate(partition: Partition, webhook_id: str) -> Webhook | None:
    """Give a webhook a new secret; None if there is none. Until the overlap is over, messages have two signatures.

    Raises
    ------
    ChangedTooOften, Unavailable
    """

    def rotated(webhook: Webhook) -> Webhook:
        return with_secret(webhook, subscriptions.new_secret(), instants.now_milliseconds())

    return _replace(partition, webhook_id, rotated)


def with_change(webhook: Webhook, wanted: Change, now: int) -> Webhook:
    """The webhook as its owner wants it.

    A new URL must be verified before it receives anything. Once it is verified, or was not changed, a change of what
    the webhook receives is a new version.

    Parameters
    ----------
    now : int
        Milliseconds since 1970.

    Raises
    ------
    ChangedTooOften
    """
    changed = replace(webhook, url=wanted.url, types=wanted.types, lists=wanted.lists)
    is_moved = not url_claims.is_same(webhook.url, wanted.url)
    if is_moved:
        changed = _without_history(changed)
    if not wanted.enabled:
        if is_moved or webhook.disabled_at is None:
            changed = health.disabled(changed, BY_OWNER)
    elif not webhook.enabled:
        changed = replace(
            changed,
            enabled=True,
            disabled_at=None,
            disabled_reason=None,
            failing_since=None,
            failures=0,
            paused_until=None,
        )
    active = changed.enabled and changed.verified_at is not None
    if active or changed.versions:
        types, lists = (changed.types, changed.lists) if active else _newest_names(changed)
        history = versions.with_change(changed.versions, types=types, lists=lists, enabled=active, now=now)
        changed = replace(changed, versions=history)
    _check_settled(webhook, changed, now)
    return changed


def with_secret(webhook: Webhook, secret: str, now: int) -> Webhook:
    """The webhook with a new secret; the one before expires when the overlap is over.

    Parameters
    ----------
    now : int
        Milliseconds since 1970.

    Raises
    ------
    ChangedTooOften
    """
    valid = [old for old in webhook.older_secrets if old.expires_at > instants.format_milliseconds(now)]
    if len(valid) == MAX_OLD_SECRETS:
        raise ChangedTooOften(_seconds_until(instants.milliseconds_of(valid[0].expires_at), now))
    old = OldSecret(webhook.secret, instants.format_milliseconds(now + OVERLAP_MILLISECONDS))
    return replace(webhook, secret=secret, older_secrets=(*valid, old))


def _without_history(webhook: Webhook) -> Webhook:
    """The webhook at a URL of which nothing is known yet."""
    return replace(webhook, verified_at=None, accepted_at=None, failing_since=None, failures=0, paused_until=None)


def _newest_names(webhook: Webhook) -> tuple[Names, Names]:
    return webhook.versions[-1].types, webhook.versions[-1].lists


def _check_settled(before: Webhook, after: Webhook, now: int) -> None:
    """Refuse to drop a version that events are still being decided by, unless the webhook is being disabled."""
    settles_at = versions.settles_at(before.versions, after.versions)
    if after.enabled and settles_at > now:
        raise ChangedTooOften(_seconds_until(settles_at, now))


def _seconds_until(instant: int, now: int) -> int:
    return max(1, -(-(instant - now) // 1000))


def _replace(partition: Partition, webhook_id: str, changed: Callable[[Webhook], Webhook]) -> Webhook | None:
    for attempt in range(1, settings_table.MAX_TRIES + 1):
        webhook = subscriptions.find(partition, webhook_id)
        if webhook is None:
            return None
        wanted = changed(webhook)
        if wanted == webhook:
            return webhook
        done = subscriptions.replace_unless_changed(webhook, wanted)
        if done is not None:
            return done
        back_off(attempt)
    raise Unavailable("the webhook was changed each time")
