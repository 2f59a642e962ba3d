"""The exceptions of deliveries to webhooks."""

from __future__ import annotations

from typing import Final

from chalicelib import logs
from chalicelib.todos.errors import Permanent, Transient

# What a receiver answers, up to 64 KB of it, gets into some errors, and from there into the log.
MAX_REASON_LENGTH: Final = 200


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
    """The webhook was not called, or did not accept the message; another try may succeed.

    Parameters
    ----------
    reason : str
        Cut to `MAX_REASON_LENGTH` characters of printable ASCII, everything else escaped as Python does.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(logs.printable(reason, MAX_REASON_LENGTH))


class Rejected(DeliveryFailed):
    """The receiver answered with a status other than 2xx.

    Attributes
    ----------
    status : int
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"answered {status}")
        self.status = status


class TimedOut(DeliveryFailed):
    """The receiver kept us waiting until the time was over."""


class WrongAnswer(DeliveryFailed):
    """The receiver answered 2xx without repeating the challenge.

    Attributes
    ----------
    status : int
    """

    def __init__(self, status: int) -> None:
        super().__init__("the answer does not repeat the challenge")
        self.status = status


class NotVerified(DeliveryFailed):
    """The webhook has another URL than when the event was fanned out, which is not verified yet."""


class NotTried(DeliveryFailed):
    """The webhook was not called: this says nothing about its receiver, and does not count as a try.

    Attributes
    ----------
    seconds : int
        After which it can be tried.
    """

    def __init__(self, reason: str, seconds: int = 0) -> None:
        super().__init__(reason)
        self.seconds = seconds


class ChangedTooOften(Permanent):
    """The webhook was changed so often that one more change would forget which events it is owed.

    Attributes
    ----------
    seconds : int
        After which it can be changed again.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"it was changed too often; wait {seconds} s")
        self.seconds = seconds


class AddressRefused(DeliveryFailed):
    """The URL's name leads to an address that is not public."""


class WebhookGone(Permanent):
    """The receiver answered 410: it wants nothing more (Standard Webhooks asks to disable such a webhook)."""
