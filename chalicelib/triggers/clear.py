"""The queue's worker that clears long lists."""

from __future__ import annotations

import logging
from typing import Any

from chalicelib import clearing, failures, logs, quarantine

log = logging.getLogger(__name__)

HANDLER = "clear"


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Work through a batch of SQS messages; returns those to be handed over again (ReportBatchItemFailures)."""
    logs.write(HANDLER, records=len(event["Records"]))
    failed = []
    for record in event["Records"]:
        try:
            _resume(record)
        except Exception:
            log.exception("clearing a list will be tried again")
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _resume(record: dict[str, Any]) -> None:
    """Clear a page; what no retry can help goes into the quarantine.

    Raises
    ------
    Exception
        When another try may go better.
    """
    try:
        clearing.resume(record["body"])
    except Exception as error:
        if failures.is_transient(error):
            raise
        quarantine.put(HANDLER, error, record=record)
