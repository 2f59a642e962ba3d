"""When a todo was created and completed at its source: a load says it, an export has it, no caller of the API can."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.audit.findings import Difference
from chalicelib.todos import ids
from chalicelib.todos.ids import Owner
from loaders.cli import main
from stack.operate import audit
from tests.support.client import MERGE_PATCH, Client
from tests.support.waiting import eventually, shows

CREATED, COMPLETED = "2019-05-04T10:00:00.000Z", "2020-06-05T11:30:00.000Z"
FORGED = {"created_at": "1999-01-01T00:00:00.000Z", "completed_at": "1999-01-01T00:00:00.000Z"}

ROWS: list[dict[str, Any]] = [
    {"id": 1, "title": "Youngest", "Created": "2021-01-01"},
    {"id": 2, "title": "Done", "done": True, "Created": CREATED, "completedAt": COMPLETED},
    {"id": 3, "title": "Oldest", "Created": "2018-01-01", "due": "2026-12-01", "repeat": "FREQ=DAILY"},
]


def load(file: Path, owner: str) -> None:
    assert main([str(file), "--owner", owner]) == 0


def differences_of(owner: str) -> list[Difference]:
    """What an audit finds of an owner's todos now. Other tests leave others, for which it must not be patient."""
    found = audit.audit_views(patience=0).findings.differences
    return [each for each in found if each.subject.split("#")[0] == ids.partition_of(Owner(owner))]


@pytest.fixture
def loaded(client: Client, owner: str, environment: None, tmp_path: Path) -> list[dict[str, Any]]:
    """The todos of `ROWS`, as the API answers them."""
    file = tmp_path / "todos.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    load(file, owner)
    shows(lambda: client.stats()["total"], len(ROWS))
    return [client.get(f"/todos/{ids.id_for_source(Owner(owner), 'file', str(row['id']))}").json() for row in ROWS]


def test_reads_say_when_and_history_and_order_follow(client: Client, owner: str, loaded: list[dict[str, Any]]) -> None:
    _, done, _ = loaded
    assert (done["created_at"], done["completed_at"]) == (CREATED, COMPLETED)
    assert client.titles("/todos?sort=created&limit=2") == ["Oldest", "Done", "Youngest"]
    [event] = client.events(done["id"])
    assert event["change"] == {
        "title": "Done",
        "completed": True,
        "order": 2,
        "source": "file:2",
        "created_at": CREATED,
        "completed_at": COMPLETED,
    }
    # It was not here before it was loaded.
    assert client.get(f"/todos/{done['id']}?at=2022-01-01T00:00:00Z").status_code == 404
    assert client.get(f"/todos/{done['id']}?at={event['occurred_at']}").json() == done
    eventually(lambda: not differences_of(owner))


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_an_export_comes_back_with_them_for_another_owner(
    client: Client,
    client_of: Callable[..., Client],
    owner: str,
    loaded: list[dict[str, Any]],
    tmp_path: Path,
    kind: str,
) -> None:
    file = tmp_path / f"export.{kind}"
    file.write_bytes(client.get(f"/export?format={kind}").content)
    load(file, f"{owner}-2")
    other = client_of(f"{owner}-2")
    shows(lambda: other.stats()["total"], len(ROWS))
    for todo in loaded:
        found = other.get(f"/todos/{todo['id']}").json()
        assert {name for name in todo if todo[name] != found[name]} == {"updated_at"}
    load(file, owner)
    assert [client.get(f"/todos/{todo['id']}").json() for todo in loaded] == loaded


def test_no_caller_of_the_api_can_say_it(client: Client, owner: str, loaded: list[dict[str, Any]]) -> None:
    youngest, done, oldest = (f"/todos/{todo['id']}" for todo in loaded)
    operations = [
        {"op": "replace", "path": "/created_at", "value": FORGED["created_at"]},
        {"op": "add", "path": "/completed_at", "value": FORGED["completed_at"]},
        {"op": "replace", "path": "/completed", "value": True},
    ]
    whole = {"title": "Whole", "completed": True, **FORGED}
    daily = {**whole, "title": "Oldest", "repeat": "FREQ=DAILY", "due": "2026-12-01"}
    made = client.post("/todos", whole)
    answers = [
        made,
        client.put(f"/todos/{made.json()['id']}", whole, if_match="*"),
        client.patch(youngest, {"completed": True, **FORGED}, content_type=MERGE_PATCH),
        client.patch(youngest, {"completed": False, **FORGED}, content_type=MERGE_PATCH),
        client.patch(youngest, operations, content_type="application/json-patch+json"),
        client.put(oldest, daily, if_match='"1"'),
        client.delete(done),
        client.put(done, whole, if_none_match="*"),
        client.post(f"{youngest}/revert", {"to_version": 1}),
        client.post(f"{youngest}/revert", {"to_version": 2}),
    ]
    assert all(answer.status_code < 300 for answer in answers), [answer.text for answer in answers]
    batch = client.post(
        "/batch",
        {
            "commands": [
                {"op": "create", "body": whole},
                {"op": "patch", "id": loaded[0]["id"], "body": {"completed": False, **FORGED}},
                {"op": "patch", "id": loaded[0]["id"], "body": {"completed": True, **FORGED}},
            ]
        },
    ).json()
    new = [made.json()["id"], batch["results"][0]["id"]]
    for todo_id in [todo["id"] for todo in loaded] + new:
        first, *later = client.events(todo_id)
        assert "created_at" not in first["change"] or todo_id not in new
        assert all(event["change"].keys().isdisjoint(FORGED) for event in later)
        todo = client.get(f"/todos/{todo_id}").json()
        assert todo["created_at"] not in FORGED.values()
        assert todo["completed_at"] not in FORGED.values()
    [_, done_now, oldest_now] = (client.get(f"/todos/{todo['id']}").json() for todo in loaded)
    assert (done_now["created_at"], oldest_now["created_at"]) == (CREATED, "2018-01-01T00:00:00.000Z")
    assert done_now["completed_at"] == COMPLETED, "it stayed completed while it was deleted"
    following = client.get(f"/todos/{ids.id_for_next(loaded[2]['id'])}").json()
    assert following["title"] == "Oldest"
    assert following["completed_at"] is None
    assert following["created_at"] == oldest_now["completed_at"]
    eventually(lambda: not differences_of(owner))
