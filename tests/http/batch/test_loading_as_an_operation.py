"""A load that is an operation: its events are spread over the keys of the index, wherever they are moved."""

from __future__ import annotations

import json
import uuid
from argparse import Namespace
from pathlib import Path

import pytest

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.commands import operations
from chalicelib.todos import ids
from chalicelib.todos.ids import Owner
from loaders.cli import main
from stack.commands import takeout
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


def test_it_moves_with_a_takeout(environment: None, owner: str, file: Path, tmp_path: Path) -> None:
    assert main([str(file), "--owner", owner, "--operation", "import"]) == 0
    taken, other = tmp_path / "taken.jsonl", str(uuid.uuid4())
    assert takeout.run(Namespace(owner=Owner(owner), file=str(taken), stage="local")) == 0

    assert main([str(taken), "--owner", other, "--max-lag", "0"]) == 0

    assert found(other, "import") == found(owner, "import")
