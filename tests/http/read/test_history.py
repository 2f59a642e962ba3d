"""The events of a todo: oldest first, in pages, each with what happened, when, by whom and why."""

from __future__ import annotations

import re

from tests.support.client import Client, next_path, problem


def test_each_event_tells_what_changed_when_and_by_whom(client: Client, owner: str) -> None:
    todo = client.create("Buy milk", priority="high")
    client.patch(f"/todos/{todo['id']}", {"title": "Buy bread"})

    created, edited = client.get(f"/todos/{todo['id']}/events").json()

    shape = {
        "version", "type", "event_id", "occurred_at", "actor", "client", "operation", "undoes", "direction",
        "change", "correlation_id", "causation_id", "idempotency_key",
    }  # fmt: skip
    assert set(created) == set(edited) == shape
    assert (created["version"], created["type"], created["actor"]) == (1, "TodoCreated", owner)
    assert created["change"] == {"title": "Buy milk", "priority": "high"}
    assert edited["change"] == {"title": "Buy bread"}
    assert created["occurred_at"] == todo["created_at"] < edited["occurred_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created["occurred_at"])
    assert created["event_id"] < edited["event_id"], "UUIDv7 sort by time"
    assert created["correlation_id"] != edited["correlation_id"]


def test_a_client_knows_its_own_events_by_their_keys(client: Client) -> None:
    todo = client.post("/todos", {"title": "x"}, idempotency_key="mine").json()
    client.patch(f"/todos/{todo['id']}", {"title": "y"})

    assert [event["idempotency_key"] for event in client.events(todo["id"])] == ["mine", None]


def test_the_history_comes_in_pages_each_event_once(client: Client) -> None:
    todo = client.create()
    for number in range(6):
        client.patch(f"/todos/{todo['id']}", {"order": number})
    path = f"/todos/{todo['id']}/events"

    for limit in (1, 2, 3, 7, 8):
        pages = client.pages(f"{path}?limit={limit}")
        assert [event["version"] for page in pages for event in page] == [1, 2, 3, 4, 5, 6, 7]
        assert all(len(page) <= limit for page in pages)
    assert next_path(client.get(f"{path}?limit=7")) == ""


def test_a_deleted_todo_still_tells_its_history(client: Client) -> None:
    todo = client.create()
    client.delete(f"/todos/{todo['id']}")

    assert len(client.get(f"/todos/{todo['id']}/events").json()) == 2


def test_events_that_come_while_paging_are_found_at_the_end(client: Client) -> None:
    todo = client.create()
    client.patch(f"/todos/{todo['id']}", {"order": 1})
    first = client.get(f"/todos/{todo['id']}/events?limit=1")
    client.patch(f"/todos/{todo['id']}", {"order": 2})

    assert [event["version"] for event in client.rows(next_path(first))] == [2, 3]


def test_a_cursor_of_another_todos_history_is_refused(client: Client) -> None:
    one, other = client.create(), client.create()
    for todo in (one, other):
        client.patch(f"/todos/{todo['id']}", {"order": 1})
    following = next_path(client.get(f"/todos/{one['id']}/events?limit=1"))

    problem(client.get(following.replace(one["id"], other["id"])), 400)


def test_history_takes_no_other_parameters(client: Client) -> None:
    path = f"/todos/{client.create()['id']}/events"

    for query in ("limit=0", "limit=201", "limit=x", "cursor=x", "since=1"):
        problem(client.get(f"{path}?{query}"), 400)
