"""The queue's worker that clears long lists."""

from __future__ import annotations

from typing import Any

from chalicelib import clearing, logs


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Work through a batch of SQS messages; returns those to be handed over again (ReportBatchItemFailures)."""
    logs.write("clear", records=len(event["Records"]))
    failed = []
    for record in event["Records"]:
        try:
            clearing.resume(record["body"])
        except Exception as error:
            logs.fail("clearing a list will be tried again", error)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
