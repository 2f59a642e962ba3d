"""The engine stops and starts again: what was written is there, and the views catch up with what they had not seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stack.local.local_stack import LocalStack
from tests.support.client import Client, list_path
from tests.support.own_stack import private_stack
from tests.support.waiting import shows


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack for these tests alone, since they stop it."""
    with private_stack(tmp_path_factory.mktemp("restart"), persist=True) as stack:
        yield stack


@pytest.fixture
def client(own_stack: LocalStack, owner: str) -> Client:
    """This test's owner, on that stack."""
    return Client(own_stack.url, own_stack.token(owner))


def restarted(stack: LocalStack, client: Client) -> Client:
    """The same owner's client, once the stack has been stopped and started again."""
    assert stack.stop()
    assert stack.start()
    assert stack.url == client.url
    return client.another()


class Projection:
    """The mapping that hands the ledger's stream to the project Lambda."""

    def __init__(self, stack: LocalStack) -> None:
        self._lambda = stack.deployment.client("lambda")
        mappings = self._lambda.list_event_source_mappings()["EventSourceMappings"]
        (self._mapping,) = (each["UUID"] for each in mappings if each["FunctionArn"].endswith("-project"))

    def switch(self, *, on: bool) -> None:
        self._lambda.update_event_source_mapping(UUID=self._mapping, Enabled=on)


def everything(client: Client, todo_id: str) -> dict[str, Any]:
    """What the API says of one todo and of all."""
    return {
        "todo": client.get(f"/todos/{todo_id}").json(),
        "events": client.events(todo_id),
        "todos": client.rows("/todos"),
        "by due": client.rows("/todos?sort=due"),
        "lists": client.lists(),
        "stats": client.stats(),
    }


def test_everything_is_as_it_was_and_goes_on(own_stack: LocalStack, client: Client) -> None:
    todo = client.created_and_seen(list="a/b", due="2026-12-01", metadata={"a": 1})
    path = f"/todos/{todo['id']}"
    kept = client.seen.patch(path, {"title": "x"}, idempotency_key="k")
    client.created_and_seen("done", completed=True)
    before = everything(client, todo["id"])

    client = restarted(own_stack, client)

    assert everything(client, todo["id"]) == before
    repeated = client.patch(path, {"title": "x"}, idempotency_key="k")
    assert (repeated.status_code, repeated.headers["ETag"], repeated.json()) == (200, '"2"', kept.json())
    client.seen.patch(path, {"completed": True})
    assert client.lists() == {"a/b": (1, 0, 1), "inbox": (1, 0, 1)}


def test_what_the_stream_had_not_delivered_it_delivers_after_the_start(own_stack: LocalStack, client: Client) -> None:
    moved = client.created_and_seen("moved", list="a")
    deleted = client.created_and_seen("deleted", list="a")
    projection = Projection(own_stack)
    projection.switch(on=False)
    try:
        client.patch(f"/todos/{moved['id']}", {"list": "b", "completed": True})
        client.delete(f"/todos/{deleted['id']}")
        client.create("new", list="c")
        client.delete(f"/todos/{client.create('came and went', list='d')['id']}")
        assert client.lists() == {"a": (2, 2, 0)}, "the projection is off: nothing of it is in the views"

        client = restarted(own_stack, client)
        Projection(own_stack).switch(on=True)

        shows(client.lists, {"b": (1, 0, 1), "c": (1, 1, 0)})
        assert client.stats() == {"total": 2, "open": 1, "completed": 1}
        assert client.titles("/todos") == ["moved", "new"]
        assert client.titles(list_path("a")) == client.titles(list_path("d")) == []
    finally:
        Projection(own_stack).switch(on=True)
    client.created_and_seen("after", list="c")
    shows(client.lists, {"b": (1, 0, 1), "c": (2, 2, 0)})


def test_a_token_outlives_the_restart_and_the_issuer_keeps_its_key(own_stack: LocalStack, client: Client) -> None:
    key_set = json.dumps(own_stack.issuer.key_set())

    client = restarted(own_stack, client)

    assert client.get("/stats").status_code == 200
    assert json.dumps(client.get("/.well-known/jwks.json").json()) == key_set


def test_starting_what_runs_changes_nothing(own_stack: LocalStack, client: Client) -> None:
    client.created_and_seen()
    pid = own_stack.engine.pid

    assert own_stack.start() is False

    assert own_stack.engine.pid == pid
    assert client.stats()["total"] == 1
