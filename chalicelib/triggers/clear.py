"""The queue's worker that clears and renames long lists."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.commands import list_worker
from chalicelib.triggers import queue_worker

# The name of the deployed function, and of its queue.
HANDLER: Final = "clear"


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Work on a page for each SQS message; returns those to be handed over again (ReportBatchItemFailures)."""
    return queue_worker.work_through(HANDLER, event, lambda record: list_worker.work_or_quarantine(HANDLER, record))
