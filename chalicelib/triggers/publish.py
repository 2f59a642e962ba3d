"""The stream's reader that tells the world: each event as a CloudEvent on the topic."""

from __future__ import annotations

from typing import Any


def handle(event: dict[str, Any]) -> None:
    return None
