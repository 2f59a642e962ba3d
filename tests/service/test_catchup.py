"""catchup closes every gap between ledger and views, and adds nothing where there is none."""

from __future__ import annotations

import pytest

from stack import catchup

from .client import Client
from .streams import revision

pytestmark = pytest.mark.usefixtures("environment")


def test_run_twice_it_adds_nothing(client: Client, owner: str) -> None:
    kept = client.created_and_seen(list="a")
    client.delete(f"/todos/{client.created_and_seen()['id']}", prefer="wait=10")
    before = revision(owner)

    done = [catchup.run() for _ in range(2)]

    assert all(each.streams >= 2 for each in done)
    assert revision(owner) == before
    assert client.rows("/todos") == [client.get(f"/todos/{kept['id']}").json()]
    assert client.lists() == {"a": (1, 1, 0)}


def test_it_tells_how_far_it_is(client: Client) -> None:
    client.created_and_seen()
    told: list[catchup.Caught] = []

    done = catchup.run(told.append)

    assert told
    assert told[-1] == done
