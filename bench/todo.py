"""The todo that is measured, by itself: the environment of the peers has nothing of the service."""

from __future__ import annotations

from typing import Any, Final

TODO_ID: Final = "01a1fb26-8a01-76b7-8e28-d3d1e9c8a6a7"
CONTENT: Final[dict[str, Any]] = {
    "title": "Ask the landlord about the boiler",
    "notes": "It makes the noise again, mostly in the morning. " * 3,
    "list": "home",
    "tags": ["phone", "urgent"],
    "priority": "high",
    "due": "2026-12-01T09:00:00Z",
    "order": 3,
}
