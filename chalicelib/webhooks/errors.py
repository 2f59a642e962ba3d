"""The exceptions of deliveries to webhooks."""

from __future__ import annotations

from chalicelib.todos.errors import Permanent, Transient


class UrlTaken(Permanent):
    """Another webhook of the owner has the URL.

    Attributes
    ----------
    webhook_id : str
        That webhook.
    """

    def __init__(self, webhook_id: str) -> None:
        super().__init__(f"the webhook {webhook_id} has this URL")
        self.webhook_id = webhook_id


class DeliveryFailed(Transient):
    """The webhook was not called, or did not accept the message; another try may succeed."""


class AddressRefused(DeliveryFailed):
    """The URL's name leads to an address that is not public."""


class WebhookGone(Permanent):
    """The receiver answered 410: it wants nothing more (Standard Webhooks asks to disable such a webhook)."""
