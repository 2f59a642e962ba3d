"""The commands of a batch, and their results."""

from __future__ import annotations

import uuid
from typing import Any

from tests.support.client import Verbs


def new_id() -> str:
    return str(uuid.uuid4())


def results(client: Verbs, commands: list[dict[str, Any]], **headers: str) -> list[dict[str, Any]]:
    """The result of each command of a batch that was accepted."""
    answer = client.post("/batch", {"commands": commands}, **headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    assert answer.json().keys() == {"results"}
    assert len(found) == len(commands)
    return found


def statuses(found: list[dict[str, Any]]) -> list[int]:
    return [result["status"] for result in found]


def create(todo_id: str | None = None, title: str = "x", **more: Any) -> dict[str, Any]:
    return {"op": "create", **({"id": todo_id} if todo_id else {}), "body": {"title": title}, **more}
