"""The queue's worker that fans events out to webhooks, and delivers them."""

from __future__ import annotations

from typing import Any

from chalicelib import logs
from chalicelib.webhooks import deliver


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work on a batch of SQS messages; returns those to be handed over again (ReportBatchItemFailures)."""
    done = deliver.deliver_batch(event, context)
    logs.write(
        "deliver",
        records=len(event["Records"]),
        recipients=done.recipients,
        tried=done.tried,
        failed=len(done.failed),
        reasons=done.reasons,
    )
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in done.failed]}
