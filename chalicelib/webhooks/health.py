"""What a try of a delivery writes to its webhook: that it was verified, accepts, fails or is gone.

All of it is conditional on the revision that was tried. Otherwise an answer of an old URL that comes late would disable
the webhook whose URL was mended in the meantime.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from chalicelib.todos import instants
from chalicelib.webhooks import subscriptions, versions
from chalicelib.webhooks.subscriptions import unless_changed
from chalicelib.webhooks.webhook import COLLECTION, FAILING, Webhook

# A webhook whose every try has failed for so long, and so often, is disabled: longer than one event is tried.
FAILING_MILLISECONDS: Final = 28 * 3600 * 1000
MIN_FAILURES: Final = 8

# After a receiver kept us waiting, it is left alone for half as long as it has failed, within these.
MIN_PAUSE_MILLISECONDS: Final = 30_000
MAX_PAUSE_MILLISECONDS: Final = 3600 * 1000


def verified(webhook: Webhook) -> Webhook | None:
    """Note that the receiver answered the challenge: the first version is in force soon. None if it was changed."""
    now = instants.now_milliseconds()
    after = replace(webhook, verified_at=instants.format_milliseconds(now))
    if webhook.enabled:
        history = versions.with_change(
            webhook.versions, types=webhook.types, lists=webhook.lists, enabled=True, now=now
        )
        after = replace(after, versions=history)
    return subscriptions.replace_unless_changed(webhook, _without_failures(after))


def accepted(webhook: Webhook) -> None:
    """Note that the receiver accepted an event, if this says anything new.

    Raises
    ------
    Unavailable
    """
    if webhook.accepted_at is not None and webhook.failing_since is None:
        return
    now = instants.instant_after(None)
    _change(
        webhook,
        "SET accepted_at = if_not_exists(accepted_at, :now) REMOVE failing_since, failures, paused_until",
        {":now": {"S": now}},
    )


def failed(webhook: Webhook, *, kept_waiting: bool) -> int:
    """Note that a try failed; disable the webhook once all have failed for long. Returns the pause that follows, in s.

    Parameters
    ----------
    kept_waiting : bool
        Whether it took long to fail, so that the receiver is to be left alone for a while.

    Raises
    ------
    Unavailable
    """
    now = instants.now_milliseconds()
    failing_since = webhook.failing_since or instants.format_milliseconds(now)
    failing = max(0, now - instants.milliseconds_of(failing_since))
    if failing >= FAILING_MILLISECONDS and webhook.failures >= MIN_FAILURES:
        disable(webhook, FAILING)
        return 0
    pause = min(max(failing // 2, MIN_PAUSE_MILLISECONDS), MAX_PAUSE_MILLISECONDS) if kept_waiting else 0
    expression, values = "SET failing_since = if_not_exists(failing_since, :since)", {":since": {"S": failing_since}}
    if pause:
        expression += ", paused_until = :until"
        values[":until"] = {"S": instants.format_milliseconds(now + pause)}
    _change(webhook, expression + " ADD failures :one", {**values, ":one": {"N": "1"}})
    return pause // 1000


def disable(webhook: Webhook, reason: str) -> Webhook | None:
    """Send nothing more to a webhook; its owner still sees it. None if it was changed or deleted meanwhile.

    Raises
    ------
    Unavailable
    """
    return subscriptions.replace_unless_changed(webhook, disabled(webhook, reason))


def disabled(webhook: Webhook, reason: str) -> Webhook:
    """The webhook as it is after it was disabled: tries end at once, and later events have no version to be sent by."""
    now = instants.now_milliseconds()
    history = webhook.versions
    if history:
        history = versions.with_change(
            history, types=history[-1].types, lists=history[-1].lists, enabled=False, now=now
        )
    return replace(
        webhook,
        enabled=False,
        versions=history,
        disabled_at=instants.format_milliseconds(now),
        disabled_reason=reason,
        paused_until=None,
    )


def _without_failures(webhook: Webhook) -> Webhook:
    return replace(webhook, failing_since=None, failures=0, paused_until=None)


def _change(webhook: Webhook, expression: str, values: dict[str, Any]) -> None:
    condition, known = unless_changed(webhook)
    COLLECTION.change(webhook.partition, webhook.webhook_id, expression, {**values, **known}, condition)
