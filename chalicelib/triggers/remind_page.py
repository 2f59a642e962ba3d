"""The queue's worker that appends reminders."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.commands import reminders
from chalicelib.triggers import queue_worker

HANDLER: Final = "remind_page"


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Give the reminders of SQS messages; returns those to be handed over again (ReportBatchItemFailures)."""
    return queue_worker.work_through(HANDLER, event, lambda record: reminders.give_or_quarantine(HANDLER, record))
