"""The queue's worker that clears long lists."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.aws import errors, quarantine
from chalicelib.commands import clear_list
from chalicelib.triggers import queue_worker

HANDLER: Final = "clear"


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Clear a page for each SQS message; returns those to be handed over again (ReportBatchItemFailures)."""
    return queue_worker.work_through(HANDLER, event, _resume)


def _resume(record: dict[str, Any]) -> None:
    """Clear a page; a message that no retry can help is quarantined.

    Raises
    ------
    Exception
        When another try may succeed.
    """
    try:
        clear_list.resume(record["body"])
    except Exception as error:
        if errors.is_transient(error):
            raise
        quarantine.put(HANDLER, error, record=record)
