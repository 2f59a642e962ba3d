"""The queue's worker that delivers events to webhooks."""

from __future__ import annotations

from typing import Any

from chalicelib import logs
from chalicelib.webhooks import deliver


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Deliver a batch of SQS messages; returns those to be handed over again (ReportBatchItemFailures)."""
    done = deliver.deliver_batch(event, context)
    logs.write(
        "deliver",
        records=len(event["Records"]),
        deliveries=done.deliveries,
        failed=len(done.failed),
        reasons=done.reasons,
    )
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in done.failed]}
