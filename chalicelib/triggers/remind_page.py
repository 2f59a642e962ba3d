"""The queue's worker that appends reminders."""

from __future__ import annotations

from typing import Any


def handle(event: dict[str, Any]) -> dict[str, Any]:
    return {"batchItemFailures": []}
