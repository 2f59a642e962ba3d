"""The clock's handler that finds due reminders and fans them out."""

from __future__ import annotations

from typing import Any


def handle(event: dict[str, Any]) -> None:
    return None
