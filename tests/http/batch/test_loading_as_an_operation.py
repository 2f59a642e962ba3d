"""A load that is an operation: its events are spread over the keys of the index, wherever they are moved."""

from __future__ import annotations

import json
import uuid
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.commands import operations
from chalicelib.todos import ids
from chalicelib.todos.ids import Owner
from loaders.cli import main
from stack.commands import takeout
from stack.local.local_stack import LocalStack
from tests.support.client import Client
from tests.support.waiting import eventually

ROWS = 60


def found(owner: str, operation: str) -> list[int]:
    """How many events each key of an operation has."""
    return [
        dynamodb.client().query(
            TableName=settings.events_table(),
            IndexName="by_operation",
            KeyConditionExpression="operation = :operation",
            ExpressionAttributeValues={":operation": {"S": key}},
        )["Count"]
        for key in operations.index_keys(ids.partition_of(Owner(owner)), operation)
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "todos.jsonl"
    file.write_text("".join(json.dumps({"id": number, "title": f"Todo {number}"}) + "\n" for number in range(ROWS)))
    return file


def test_its_events_are_found_by_its_name(environment: None, owner: str, file: Path) -> None:
    assert main([str(file), "--owner", owner, "--operation", "import"]) == 0

    counts = found(owner, "import")
    assert (len(counts), sum(counts)) == (ids.OPERATION_SHARDS, ROWS)
    assert max(counts) < ROWS / 2


def test_a_load_that_is_none_is_not_in_the_index(environment: None, owner: str, file: Path) -> None:
    assert main([str(file), "--owner", owner]) == 0

    assert found(owner, "import") == [0]


def test_what_a_caller_adds_to_it_is_found_too(environment: None, client: Client, owner: str, file: Path) -> None:
    assert main([str(file), "--owner", owner, "--operation", "import"]) == 0
    assert client.post("/todos", {"title": "By hand"}, operation_id="import").status_code == 201

    assert sum(found(owner, "import")) == ROWS + 1
    assert found(f"{owner}-other", "import") == [0]


def test_what_it_changes_and_deletes_is_part_of_it_too(
    environment: None, client: Client, owner: str, file: Path
) -> None:
    assert main([str(file), "--owner", owner]) == 0
    eventually(lambda: client.stats()["total"] == ROWS)
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([*lines[2:-1], lines[-1].replace("Todo", "Other")]))

    assert main([str(file), "--owner", owner, "--prune", "--delete", "--operation", "tidy-up"]) == 0

    events = client.get("/operations/tidy-up").json()["events"]
    assert sorted(event["type"] for event in events) == ["TodoDeleted", "TodoDeleted", "TodoEdited"]
    assert {(event["actor"], event["operation"]) for event in events} == {(ids.LOADER, "tidy-up")}


@pytest.fixture
def load(stack: LocalStack, environment: None, owner: str) -> Callable[..., int]:
    """Loads a file into the ledger, or over HTTP."""

    def run(where: str, file: Path, operation: str) -> int:
        to = ["--owner", owner] if where == "ledger" else ["--to", stack.url, "--token", stack.token(owner)]
        return main([str(file), *to, "--operation", operation])

    return run


def undo(client: Client, operation: str) -> dict[str, Any]:
    answer = client.post(f"/operations/{operation}/undo", {})
    assert answer.status_code == 200, answer.text
    undone: dict[str, Any] = answer.json()
    assert undone["conflicts"] == []
    return undone


def contents(client: Client, total: int) -> dict[str, Any]:
    """What there is, by id, without what each write changes."""
    eventually(lambda: client.stats()["total"] == total)
    read_only = ("version", "updated_at", "completed_at")
    return {
        todo["id"]: {name: value for name, value in client.get(f"/todos/{todo['id']}").json().items()
                     if name not in read_only}
        for todo in client.rows("/todos?limit=200")
    }  # fmt: skip


@pytest.mark.parametrize("where", ["ledger", "api"])
def test_it_is_seen_undone_brought_back_and_loaded_again(
    client: Client, load: Callable[..., int], file: Path, where: str
) -> None:
    client.created_and_seen("By hand")
    before = contents(client, 1)
    assert load(where, file, "import") == 0
    loaded = contents(client, 1 + ROWS)
    events = client.get("/activity?operation=import&limit=200").json()["events"]
    assert sorted(event["change"]["title"] for event in events) == sorted(f"Todo {number}" for number in range(ROWS))

    undone = undo(client, "import")
    assert undone["changed"] == ROWS
    assert contents(client, 1) == before
    again = undo(client, undone["undo"])
    assert contents(client, 1 + ROWS) == loaded
    assert undo(client, again["undo"])["changed"] == ROWS
    assert contents(client, 1) == before

    # It was the wrong list: loaded again in the right one, it is there, and can be taken back once more.
    file.write_text(file.read_text().replace('"title"', '"list": "home", "title"'))
    for _ in range(2):
        assert load(where, file, "import") == 0
        found = contents(client, 1 + ROWS)
        assert sum(todo["list"] == "home" for todo in found.values()) == ROWS
    assert undo(client, "import")["changed"] == ROWS
    assert contents(client, 1) == before


@pytest.mark.parametrize("where", ["ledger", "api"])
def test_an_update_that_was_undone_is_made_again_and_what_the_user_did_since_stays(
    client: Client, load: Callable[..., int], file: Path, where: str
) -> None:
    assert load(where, file, "import") == 0
    contents(client, ROWS)
    file.write_text(file.read_text().replace('"title"', '"notes": "new", "title"'))
    assert load(where, file, "update") == 0
    assert undo(client, "update")["changed"] == ROWS
    mine, gone, *_ = (row["id"] for row in client.rows("/todos"))
    client.patch(f"/todos/{mine}", {"title": "Mine"})
    client.delete(f"/todos/{gone}")

    assert load(where, file, "update") == 1, "two are reported"

    found = contents(client, ROWS - 1)
    assert sum(todo["notes"] == "new" for todo in found.values()) == ROWS - 2
    assert (found[mine]["title"], found[mine]["notes"]) == ("Mine", None)


@pytest.mark.parametrize("where", ["ledger", "api"])
def test_a_todo_that_the_user_deleted_after_an_undo_is_not_loaded_again(
    client: Client, load: Callable[..., int], file: Path, where: str
) -> None:
    assert load(where, file, "import") == 0
    contents(client, ROWS)
    undo(client, "import")
    todo_id = client.get("/operations/import").json()["events"][0]["todo"]
    assert client.post(f"/todos/{todo_id}/restore").ok
    assert client.delete(f"/todos/{todo_id}").ok

    load(where, file, "import")

    contents(client, ROWS - 1)
    assert client.get(f"/todos/{todo_id}").status_code == 410


def test_it_moves_with_a_takeout(environment: None, owner: str, file: Path, tmp_path: Path) -> None:
    assert main([str(file), "--owner", owner, "--operation", "import"]) == 0
    taken, other = tmp_path / "taken.jsonl", str(uuid.uuid4())
    assert takeout.run(Namespace(owner=Owner(owner), file=str(taken), stage="local")) == 0

    assert main([str(taken), "--owner", other, "--max-lag", "0"]) == 0

    assert found(other, "import") == found(owner, "import")
