"""The queue's worker that clears long lists."""

from __future__ import annotations

from typing import Any

from chalicelib import logs
from chalicelib.aws import errors, quarantine
from chalicelib.commands import clear_list

HANDLER = "clear"


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Work through a batch of SQS messages; returns those to be handed over again (ReportBatchItemFailures)."""
    logs.write(HANDLER, records=len(event["Records"]))
    failed = []
    for record in event["Records"]:
        try:
            _resume(record)
        except Exception as error:
            logs.fail("clearing a list will be tried again", error)
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
        clear_list.resume(record["body"])
    except Exception as error:
        if errors.is_transient(error):
            raise
        quarantine.put(HANDLER, error, record=record)
