"""The tool that takes back what a call, or several of one name, have done; and brings it back."""

from __future__ import annotations

from typing import Any

from tests.support.assistant import Assistant
from tests.support.client import Client


def content(client: Client, todo_id: str) -> Any:
    answer = client.get(f"/todos/{todo_id}")
    return {name: answer.json()[name] for name in ("title", "notes", "due")} if answer.ok else answer.status_code


def test_one_undo_takes_back_what_a_handle_names(assistant: Assistant, client: Client) -> None:
    todo = client.create("Buy milk", due="2030-01-01")
    before = content(client, todo["id"])
    asked = {"id": todo["id"], "title": "Buy tea", "clear": ["due"]}
    assistant.done("change", todos=[asked], operation="tidy")
    (added,) = assistant.done("add", todos=[{"title": "new"}], operation="tidy")["results"]
    after = content(client, todo["id"])

    shown = assistant.done("undo", operation="tidy", dry_run=True)
    assert {each["todo"] for each in shown["preview"]} == {todo["id"], added["id"]}
    assert content(client, todo["id"]) == after, "a dry run writes nothing"

    undone = assistant.done("undo", operation="tidy")
    assert (undone["state"], undone["changed"], undone["conflict_count"]) == ("done", 2, 0)
    assert content(client, todo["id"]) == before
    assert content(client, added["id"]) == 410
    assert assistant.done("undo", operation="tidy")["changed"] == 2, "a repeat does nothing more"

    assistant.done("undo", operation=undone["undo"])
    assert content(client, todo["id"]) == after
    assert content(client, added["id"])["title"] == "new"


def test_what_others_changed_since_stays_and_is_told(assistant: Assistant, client: Client) -> None:
    todo = client.create("Buy milk")
    done = assistant.done("change", todos=[{"id": todo["id"], "title": "Buy tea", "notes": "green"}])
    client.patch(f"/todos/{todo['id']}", {"title": "Buy coffee"})
    undone = assistant.done("undo", operation=done["operation"])

    (conflict,) = undone["conflicts"]
    assert conflict["todo"] == todo["id"]
    assert content(client, todo["id"]) == {"title": "Buy coffee", "notes": None, "due": None}


def test_an_undo_is_the_assistants_own_act(assistant: Assistant, client: Client) -> None:
    (row,) = (done := assistant.done("add", todos=[{"title": "new"}]))["results"]
    undone = assistant.done("undo", operation=done["operation"])

    event = client.events(row["id"])[-1]
    assert (event["actor"], event["client"], event["operation"]) == ("agent", "claude", undone["undo"])


def test_an_unknown_operation_is_told(assistant: Assistant) -> None:
    assert assistant.refused("undo", operation="nothing")["type"] == "not-found"
    assert assistant.refused("undo", operation="no name")["errors"][0]["argument"] == "operation"
