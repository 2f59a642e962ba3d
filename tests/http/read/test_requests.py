"""What a read of the views costs: requests to DynamoDB of a process that knows which table is in use."""

from __future__ import annotations

import pytest

from tests.support.client import Client
from tests.support.faults import counted
from tests.support.in_process import InProcess
from tests.support.reset import forget_tables
from tests.support.waiting import shows


@pytest.fixture
def warm(client: Client, here: InProcess) -> InProcess:
    """A process that has served its first read already."""
    client.create(list="a", due="2026-12-01", tags=["x"])
    shows(lambda: client.stats()["total"], 1)
    here.get("/stats")
    return here


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/todos", {"Query": 1}),
        ("/todos?completed=false&tag=x", {"Query": 1}),
        ("/lists/a/todos", {"Query": 1}),
        ("/stats", {"GetItem": 1}),
        # The index has the keys alone.
        ("/todos?sort=due", {"Query": 1, "BatchGetItem": 1}),
        # Names that are kept without todos are in the settings table.
        ("/lists", {"Query": 2}),
    ],
)
def test_a_list_takes_one_request(warm: InProcess, path: str, expected: dict[str, int]) -> None:
    with counted() as traffic:
        answer = warm.get(path)

    assert answer.status_code == 200
    assert traffic.requests == expected


def test_the_first_one_of_a_process_also_reads_which_table_is_in_use(warm: InProcess) -> None:
    forget_tables()

    with counted() as traffic:
        warm.get("/todos")

    assert traffic.requests == {"GetItem": 1, "Query": 1}


def test_a_sync_without_news_takes_one_request(warm: InProcess) -> None:
    page = warm.get("/changes").json()
    while page["more"]:
        page = warm.get(f"/changes?since={page['cursor']}").json()

    with counted() as traffic:
        page = warm.get(f"/changes?since={page['cursor']}").json()

    assert (page["changes"], page["more"]) == ([], False)
    assert traffic.requests == {"Query": 1}
