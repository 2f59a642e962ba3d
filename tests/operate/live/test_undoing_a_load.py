"""A load undone by the local stack's queue: it goes on after a kill, and everything is as it was, and back again.

By default 500 todos; 10,000 with `--thorough 2`.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.ledger import scan
from chalicelib.views import pointer
from stack.local.local_stack import LocalStack
from stack.operate import audit
from tests.support.client import Client
from tests.support.reset import become, forget_everything
from tests.support.thorough import many
from tests.support.waiting import PATIENCE_SECONDS, eventually

pytestmark = pytest.mark.slow

ROWS = 10_000 if many(1) > 1 else 500
OWNER = "alice"


def progress(client: Client) -> dict[str, Any]:
    """How far the undo of the load got; nothing while functions that are killed leave the gateway without an answer."""
    answer = client.answer_to("GET", "/operations/import?limit=1", None, {})
    found: dict[str, Any] = answer.json()["undo"] if answer.status_code == 200 else {}
    return found


def undo(client: Client, operation: str) -> str:
    answer = client.post(f"/operations/{quote(operation, safe='')}/undo", {})
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "running"
    name: str = answer.json()["undo"]
    return name


def wait_until(client: Client, todos: int) -> None:
    """Wait until the undo has gone through so many todos, as long as it goes on."""
    reached = 0
    while reached < todos:
        reached = eventually(partial(further_than, client, reached))


def further_than(client: Client, reached: int) -> int:
    """How many todos the undo has gone through, if these are more; otherwise 0."""
    found: int = progress(client).get("todos", 0)
    return found if found > reached else 0


def test_it_goes_on_after_a_kill_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "todos.jsonl"
    file.write_text("".join(json.dumps({"id": number, "title": f"Todo {number}"}) + "\n" for number in range(ROWS)))
    with LocalStack(tmp_path / "state") as stack:
        client = Client(stack.url, stack.token(OWNER))
        client.create("By hand")
        stack.run_module("loaders", str(file), "--owner", OWNER, "--operation", "import")
        name = undo(client, "import")
        wait_until(client, ROWS // 2)
        stack.kill()
        assert stack.start()
        become(monkeypatch, stack.environment())
        forget_everything()
        client = Client(stack.url, stack.token(OWNER))

        wait_until(client, ROWS)
        eventually(lambda: progress(client).get("state") == "done")

        done = progress(client)
        assert (done["undo"], done["todos"], done["changed"], done["conflict_count"]) == (name, ROWS, ROWS, 0)
        eventually(lambda: client.stats()["total"] == 1)
        assert events() == 1 + 2 * ROWS, "of each todo its creation and one deletion"

        undo(client, name)
        wait_until(client, ROWS)
        eventually(lambda: progress(client).get("state") == "done")

        eventually(lambda: client.stats()["total"] == 1 + ROWS)
        assert events() == 1 + 3 * ROWS
        found = audit.audit_views(pointer.pointer().tables, patience=PATIENCE_SECONDS)
        assert found.is_clean, audit.describe(found)
    forget_everything()


def events() -> int:
    return sum(1 for page in scan.scan() for _ in page)
