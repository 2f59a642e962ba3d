"""Every environment variable that the service reads, in one place."""

from __future__ import annotations

import os
from typing import Final


def serves(handler: str) -> bool:
    """Whether this process registers a handler: all of them, unless ``HANDLERS`` names some (comma separated).

    Every Lambda of the app imports the same ``app.py``: naming its handlers keeps what others need out of a cold start.
    """
    names = os.environ.get("HANDLERS")
    return names is None or handler in names.split(",")


def stage() -> str:
    """The stage that this process belongs to."""
    return os.environ.get("STAGE", "local")


def trace() -> str:
    """The trace of this invocation, as the header ``X-Amzn-Trace-Id`` has it; empty outside of a Lambda."""
    return os.environ.get("_X_AMZN_TRACE_ID", "")


def starts_from_snapshot() -> bool:
    """Whether Lambda starts this function from a snapshot of a process that has imported it (SnapStart)."""
    return os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"


THIN: Final = "thin"
BOTOCORE: Final = "botocore"


def client() -> str:
    """Which clients speak to DynamoDB and SNS: `THIN` or `BOTOCORE`."""
    return os.environ.get("TODO_LEDGER_CLIENT", THIN)


def events_table() -> str:
    """The name of the ledger's table."""
    return os.environ["EVENTS_TABLE"]


def settings_table() -> str:
    """The name of the table of webhooks, feeds and pointers."""
    return os.environ["SETTINGS_TABLE"]


def clear_queue_url() -> str:
    """The queue of lists to be cleared."""
    return os.environ["CLEAR_QUEUE_URL"]


def quarantine_queue_url() -> str:
    """The queue of what no handler can process."""
    return os.environ["QUARANTINE_QUEUE_URL"]


def events_topic_arn() -> str:
    """The topic that events are published to."""
    return os.environ["EVENTS_TOPIC_ARN"]


def deliveries_table() -> str:
    """The name of the table that remembers which deliveries succeeded."""
    return os.environ["DELIVERIES_TABLE"]


def deliver_queue_url() -> str:
    """The queue that `deliver` works on, and sends to: a message for each recipient, and later tries."""
    return os.environ["DELIVER_QUEUE_URL"]


def deliver_dead_letters_url() -> str:
    """The queue of deliveries that failed for the last time."""
    return os.environ["DELIVER_DEAD_LETTERS_URL"]


def webhooks_allow_private() -> bool:
    """Whether webhooks may go to this very machine, over http too: on a laptop, and never where others have access."""
    return os.environ.get("WEBHOOKS_ALLOW_PRIVATE") == "1"


def own_ports() -> frozenset[int]:
    """The ports of this machine on which the service itself and its AWS API listen: on a laptop, otherwise none."""
    from urllib.parse import urlsplit

    urls = [urlsplit(os.environ.get("PUBLIC_URL", "")), urlsplit(os.environ.get("AWS_ENDPOINT_URL", ""))]
    return frozenset(
        url.port for url in urls if url.port is not None and url.hostname in ("127.0.0.1", "localhost", "::1")
    )


def waits_at_once() -> int:
    """How many requests of all owners together may wait for a change at the same time."""
    return int(os.environ.get("WAITS_AT_ONCE", "100"))


def remind_queue_url() -> str:
    """The queue of pages of reminders."""
    return os.environ["REMIND_QUEUE_URL"]


def public_url() -> str | None:
    """The address that clients know the API by; None means the gateway's own."""
    return os.environ.get("PUBLIC_URL") or None


def token_issuer() -> str:
    """The `iss` that a token must have."""
    return os.environ["TOKEN_ISSUER"]


def token_audience() -> str:
    """The `aud` that a token must have."""
    return os.environ["TOKEN_AUDIENCE"]


def page_client_id() -> str | None:
    """The client id of the page at the token issuer (OAuth 2.0); None where one cannot sign in there."""
    return os.environ.get("PAGE_CLIENT_ID") or None


def page_origins() -> list[str]:
    """The addresses, beside the issuer's own, that the page asks to sign in, such as that of its token endpoint."""
    return os.environ.get("PAGE_ORIGINS", "").split()


def page_waits() -> bool:
    """Whether the page waits for changes, so that each open one holds a process; otherwise it asks now and then."""
    return os.environ.get("PAGE_WAITS") == "1"


def page_codes() -> bool:
    """Whether one signs in to the page by a one-time code, which only the local stack gives out."""
    return os.environ.get("PAGE_CODES") == "1"


def jwks_url() -> str:
    """Where the issuer publishes its keys (RFC 7517)."""
    return os.environ["JWKS_URL"]
