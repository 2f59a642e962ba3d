"""What a command costs: requests to DynamoDB, and write units by the engine's own count."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.todos import ids
from tests.support.client import Client
from tests.support.faults import counted
from tests.support.in_process import InProcess
from tests.support.reset import forget_todos


def size_of(owner: str, todo_id: str, version: int) -> int:
    """The size of an event's item as DynamoDB counts it: names and values in UTF-8; a small number takes 2 bytes."""
    stream = ids.stream_id(ids.partition_of(owner), todo_id)
    key = {"stream_id": {"S": stream}, "version": {"N": str(version)}}
    item = dynamodb.client().get_item(TableName=settings.events_table(), Key=key, ConsistentRead=True)["Item"]
    return sum(len(name) + (len(value["S"].encode()) if "S" in value else 2) for name, value in item.items())


@pytest.mark.parametrize(
    ("memory", "key", "expected"),
    [
        ("warm", None, {"PutItem": 1}),
        ("cold", None, {"Query": 1, "PutItem": 1}),
        ("warm", "k", {"Query": 1, "PutItem": 1}),
        ("cold", "k", {"Query": 2, "PutItem": 1}),
    ],
)
def test_an_update_takes_two_requests_one_from_memory_and_one_more_with_a_key(
    here: InProcess, memory: str, key: str | None, expected: dict[str, int]
) -> None:
    path = f"/todos/{here.create()['id']}"
    if memory == "cold":
        forget_todos()

    with counted() as traffic:
        patched = here.patch(path, {"title": "x"}, idempotency_key=key)

    assert patched.status_code == 200
    assert traffic.requests == expected
    assert traffic.write_units == (2 if key else 1)


def test_other_updates_of_a_live_todo_cost_the_same(here: InProcess) -> None:
    path = f"/todos/{here.create()['id']}"
    steps: list[Callable[[], Any]] = [
        lambda: here.put(path, {"title": "x"}, if_match='"1"'),
        lambda: here.patch(path, {"completed": True}, if_match='"2"'),
        lambda: here.delete(path),
        lambda: here.post(f"{path}/restore"),
    ]
    for step in steps:
        with counted() as warm:
            assert step().status_code in (200, 204)
        assert (warm.requests, warm.write_units) == ({"PutItem": 1}, 1)


@pytest.mark.parametrize(
    ("key", "requests", "units"), [(None, {"PutItem": 1}, 1), ("k", {"Query": 1, "PutItem": 1}, 2)]
)
def test_a_creation_takes_one_request(here: InProcess, key: str | None, requests: dict[str, int], units: int) -> None:
    with counted() as traffic:
        assert here.post("/todos", {"title": "x"}, idempotency_key=key).status_code == 201

    assert (traffic.requests, traffic.write_units) == (requests, units)


@pytest.mark.parametrize("key", [None, "b"])
def test_a_command_in_a_batch_costs_what_it_costs_alone_and_a_unit_for_its_operation(
    here: InProcess, key: str | None
) -> None:
    todo_ids = [here.create()["id"] for _ in range(10)]
    forget_todos()
    commands = [{"op": "patch", "id": todo_id, "body": {"order": 1}} for todo_id in todo_ids]
    commands += [{"op": "create", "body": {"title": "x"}}] * 10

    with counted() as traffic:
        done = here.post("/batch", {"commands": commands}, idempotency_key=key).json()["results"]

    assert [result["status"] for result in done] == [200] * 10 + [201] * 10
    keyed = 1 if key else 0
    assert traffic.requests == {"Query": 10 + 20 * keyed, "PutItem": 20}
    assert traffic.write_units == 20 + 20 * keyed + 20


def test_an_operation_costs_one_write_unit_more_and_no_request(here: InProcess) -> None:
    with counted() as traffic:
        todo = here.post("/todos", {"title": "x"}, operation_id="tidy-up").json()
        here.patch(f"/todos/{todo['id']}", {"title": "y"}, operation_id="tidy-up")

    assert (traffic.requests, traffic.write_units) == ({"PutItem": 2}, 4)


def test_an_event_of_863_bytes_still_takes_one_write_unit_with_its_client(here: InProcess) -> None:
    program = InProcess(here.owner, client=str(uuid.uuid4()))
    todo_id = program.create()["id"]
    program.patch(f"/todos/{todo_id}", {"notes": "x"})
    unnamed = size_of(here.owner, todo_id, 2) - len("client") - 36 - 2

    with counted() as traffic:
        program.patch(f"/todos/{todo_id}", {"notes": "x" * ((863 - unnamed) // 2)})

    size = size_of(here.owner, todo_id, 3)
    assert 862 <= size - len("client") - 36 <= 863
    assert (traffic.requests, traffic.write_units) == ({"PutItem": 1}, 1)


def test_creating_under_the_clients_own_id_reads_first(here: InProcess) -> None:
    with counted() as traffic:
        assert here.put(f"/todos/{uuid.uuid4()}", {"title": "x"}, if_none_match="*").status_code == 201

    assert (traffic.requests, traffic.write_units) == ({"Query": 1, "PutItem": 1}, 1)


@pytest.mark.parametrize("notes", [0, 100, 200, 500, 1500, 5000, 16_000])
@pytest.mark.parametrize("key", [None, "k"])
def test_a_write_costs_a_unit_for_each_started_kilobyte_and_one_more_with_a_key(
    here: InProcess, owner: str, notes: int, key: str | None
) -> None:
    todo = here.create()

    with counted() as traffic:
        here.patch(f"/todos/{todo['id']}", {"notes": "x" * notes or None, "order": 1}, idempotency_key=key)

    event_units = math.ceil(size_of(owner, todo["id"], 2) / 1024)
    assert traffic.write_units == event_units + (1 if key else 0)
    assert event_units == 1 + (2 * notes + 500) // 1024, "the event holds the notes twice, and little else"


def test_reading_a_todo_takes_one_request_however_long_its_history(here: InProcess) -> None:
    path = f"/todos/{here.create()['id']}"
    for number in range(20):
        here.patch(path, {"order": number})

    for known in (None, '"21"'):
        with counted() as traffic:
            assert here.get(path, if_none_match=known).status_code in (200, 304)
        assert traffic.requests == {"Query": 1}


def test_nothing_to_change_costs_one_read_and_a_stale_version_no_write(here: InProcess) -> None:
    path = f"/todos/{here.create()['id']}"

    with counted() as unchanged:
        here.patch(path, {"title": "Buy milk"})
    with counted() as stale:
        here.patch(path, {"title": "x"}, if_match='"9"')

    assert (unchanged.requests, unchanged.write_units) == ({"Query": 1}, 0)
    assert set(stale.requests) == {"Query"}


def test_a_race_lost_from_memory_costs_two_requests_more_than_a_cold_update(here: InProcess, client: Client) -> None:
    """The put that lost, the event that stands there, and then as from the beginning."""
    path = f"/todos/{here.create()['id']}"
    client.patch(path, {"notes": "x"})

    with counted() as traffic:
        here.patch(path, {"title": "x"})

    assert traffic.requests == {"PutItem": 2, "GetItem": 1, "Query": 1}
