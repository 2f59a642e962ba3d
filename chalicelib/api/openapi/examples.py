"""One todo and its history, which all examples of the contract share."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.api.openapi.schemas import SOME_ID
from chalicelib.api.problem_types import ProblemType

BASE_URL: Final = "https://api.example.com"

CONTENT: Final[dict[str, Any]] = {
    "title": "Buy milk",
    "notes": "Two bottles.",
    "completed": False,
    "list": "groceries",
    "tags": ["home", "weekly"],
    "priority": "high",
    "due": "2026-12-01T09:00:00+01:00",
    "remind_at": "2026-11-30",
    "order": 10,
    "repeat": "FREQ=WEEKLY;BYDAY=TU",
    "repeat_from": "next_future",
    "time_zone": "Europe/Berlin",
    "parent": None,
    "source": None,
    "metadata": {"colour": "green"},
}

TODO: Final[dict[str, Any]] = {
    "id": SOME_ID,
    "version": 1,
    **CONTENT,
    "completed_at": None,
    "created_at": "2026-11-20T18:21:07.412Z",
    "updated_at": "2026-11-20T18:21:07.412Z",
    "url": f"{BASE_URL}/todos/{SOME_ID}",
}

PATCH: Final[dict[str, Any]] = {"completed": True, "notes": None, "metadata": {"colour": None, "shop": "corner"}}

PATCHED: Final[dict[str, Any]] = {
    **TODO,
    "version": 2,
    "completed": True,
    "notes": None,
    "metadata": {"shop": "corner"},
    "completed_at": "2026-11-21T07:00:00.000Z",
    "updated_at": "2026-11-21T07:00:00.000Z",
}

EVENT: Final[dict[str, Any]] = {
    "version": 1,
    "type": "TodoCreated",
    "event_id": "019aa2c4-5e14-7d3b-9c5a-3f1e2b7a9d10",
    "occurred_at": "2026-11-20T18:21:07.412Z",
    "actor": "alice",
    "client": "shopping-app",
    "operation": "tidy-up-2026-12-01",
    "change": CONTENT,
    "correlation_id": "a1b2c3d4",
    "undoes": None,
    "direction": None,
    "causation_id": None,
    "idempotency_key": "5f0c2f1e-buy-milk",
}

WEBHOOK: Final[dict[str, Any]] = {
    "id": "6b2c1f1e-9a53-4a0e-8a55-0d6f3d1c2b4a",
    "url": "https://example.com/todo-events",
    "types": ["TodoCompleted"],
    "lists": ["groceries"],
    "enabled": True,
    "created_at": "2026-11-20T18:21:07.412Z",
    "verified_at": "2026-11-20T18:21:08.020Z",
    "active_from": "2026-11-20T18:21:18.020Z",
    "disabled_at": None,
    "disabled_reason": None,
    "failing_since": None,
    "paused_until": None,
}

DELIVERY: Final[dict[str, Any]] = {
    "event_id": EVENT["event_id"],
    "type": "TodoCompleted",
    "tried_at": "2026-11-21T07:00:00.300Z",
    "result": "rejected",
    "status": 503,
    "milliseconds": 120,
    "next_try_at": "2026-11-21T07:00:05.420Z",
}


def problem(kind: ProblemType, detail: str) -> dict[str, Any]:
    """A problem document without extension members."""
    return kind.document(BASE_URL, detail)
