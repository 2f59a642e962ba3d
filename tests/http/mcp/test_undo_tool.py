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


def test_only_what_the_preview_showed_is_changed(assistant: Assistant, client: Client) -> None:
    todos = [client.create("Buy milk") for _ in range(2)]
    for todo in todos:
        assistant.done("change", todos=[{"id": todo["id"], "title": "Buy tea"}], operation="tidy")
    shown = assistant.done("undo", operation="tidy", dry_run=True)["preview"]
    client.patch(f"/todos/{todos[0]['id']}", {"notes": "green"})

    expect = [{"todo": each["todo"], "version": each["version"]} for each in shown]
    undone = assistant.done("undo", operation="tidy", expect=expect)

    assert [content(client, todo["id"])["title"] for todo in todos] == ["Buy tea", "Buy milk"]
    (conflict,) = undone["conflicts"]
    assert (conflict["todo"], conflict["conflicts"][0]["reason"]) == (todos[0]["id"], "moved_on")
    # To expect none is to change none.
    other = assistant.done("change", todos=[{"id": todos[1]["id"], "title": "Buy bread"}])["operation"]
    assert assistant.done("undo", operation=other, expect=[])["changed"] == 0


def test_who_pages_through_a_preview_and_forgets_to_say_so_undoes_nothing(assistant: Assistant, client: Client) -> None:
    done = assistant.done("add", todos=[{"title": "a"}, {"title": "b"}])
    cursor = assistant.done("undo", operation=done["operation"], dry_run=True, limit=1)["next_cursor"]

    error = assistant.refused("undo", operation=done["operation"], cursor=cursor)

    assert [each["argument"] for each in error["errors"]] == ["cursor"]
    assert all(client.get(f"/todos/{row['id']}").ok for row in done["results"])
    assert len(assistant.done("undo", operation=done["operation"], dry_run=True, cursor="")["preview"]) == 2


def test_a_preview_shows_what_an_expectation_leaves(assistant: Assistant, client: Client) -> None:
    first, second = (done := assistant.done("add", todos=[{"title": "a"}, {"title": "b"}]))["results"]

    expect = [{"todo": first["id"], "version": 1}]
    shown = assistant.done("undo", operation=done["operation"], dry_run=True, expect=expect)["preview"]

    assert {each["todo"]: each["type"] for each in shown} == {first["id"]: "TodoDeleted", second["id"]: None}


def test_an_undo_is_the_assistants_own_act(assistant: Assistant, client: Client) -> None:
    (row,) = (done := assistant.done("add", todos=[{"title": "new"}]))["results"]
    undone = assistant.done("undo", operation=done["operation"])

    event = client.events(row["id"])[-1]
    assert (event["actor"], event["client"], event["operation"]) == ("agent", "claude", undone["undo"])


def test_an_unknown_operation_is_told(assistant: Assistant) -> None:
    assert assistant.refused("undo", operation="nothing")["type"] == "not-found"
    assert assistant.refused("undo", operation="no name")["errors"][0]["argument"] == "operation"
    expect = [{"todo": "x", "version": 1}, {"version": 0}]
    errors = assistant.refused("undo", operation="nothing", expect=expect)["errors"]
    assert {error["argument"] for error in errors} == {"expect/0/todo", "expect/1/todo", "expect/1/version"}
