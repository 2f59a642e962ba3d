"""The challenge that proves that a receiver wants a webhook's events, and the ping that repeats it.

A signed CloudEvent of type `todo-ledger.webhook.ping` has a random challenge. The receiver answers 2xx and repeats it,
as the whole body (as in WebSub, section 5.3) or as the member `challenge` of a JSON object.
"""

from __future__ import annotations

import hmac
import json
import secrets
import uuid
from contextlib import suppress
from typing import Any, Final

from chalicelib import settings
from chalicelib.publishing.cloudevents import SPECVERSION, TYPE_PREFIX, dumps
from chalicelib.todos import instants
from chalicelib.webhooks import http_post
from chalicelib.webhooks.errors import WrongAnswer
from chalicelib.webhooks.webhook import Webhook

EVENT_TYPE: Final = "webhook.ping"
_CHALLENGE_BYTES: Final = 32


def challenge(webhook: Webhook) -> int:
    """Send a challenge; returns the answer's status.

    Raises
    ------
    WrongAnswer
        When the answer does not repeat it.
    DeliveryFailed, WebhookGone
        As `http_post.send`.
    """
    text = secrets.token_urlsafe(_CHALLENGE_BYTES)
    message = message_of(webhook, text)
    now = instants.instant_after(None)
    answer = http_post.send(webhook.url, webhook.signing_secrets(now), message["id"], dumps(message))
    if not repeats(answer.content, text):
        raise WrongAnswer(answer.status)
    return answer.status


def message_of(webhook: Webhook, text: str) -> dict[str, Any]:
    """The CloudEvent with a challenge."""
    return {
        "specversion": SPECVERSION,
        "id": str(uuid.uuid4()),
        "source": f"{settings.public_url() or ''}/webhooks/{webhook.webhook_id}",
        "type": TYPE_PREFIX + EVENT_TYPE,
        "subject": webhook.webhook_id,
        "time": instants.instant_after(None),
        "datacontenttype": "application/json",
        "data": {"challenge": text},
    }


def repeats(content: bytes, text: str) -> bool:
    """Whether an answer's body repeats a challenge. Merely sending the request's body back does not."""
    given = content.strip()
    if given.startswith(b"{"):
        with suppress(ValueError, RecursionError):
            answered = json.loads(given)
            return isinstance(answered, dict) and _is(answered.get("challenge"), text)
    return hmac.compare_digest(given, text.encode())


def _is(given: object, text: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(errors="replace"), text.encode())
