"""What the tools that read answer, and that they ask DynamoDB for no more than the API's routes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.mcp import outputs
from tests.support.assistant import Assistant
from tests.support.client import Client
from tests.support.faults import Call, calls_watched
from tests.support.in_process import InProcess


@contextmanager
def asked() -> Iterator[list[str]]:
    """The calls that this process makes of DynamoDB meanwhile."""
    made: list[str] = []

    def note(operation: str, request: Mapping[str, Any], call: Call) -> Any:
        made.append(operation)
        return call(request)

    with calls_watched(note):
        yield made


TWINS: list[tuple[str, dict[str, Any], str]] = [
    ("find", {}, "/todos?limit=20"),
    ("find", {"list": "garden", "limit": 5}, "/todos?list=garden&limit=5"),
    ("find", {"text": "one", "completed": False}, "/todos?q=one&completed=false&limit=20"),
    ("find", {"sort": "due"}, "/todos?sort=due&limit=20"),
    ("find", {"sort": "created", "tags": ["a"]}, "/todos?sort=created&tag=a&limit=20"),
    ("lists", {}, "/lists?limit=20"),
    ("activity", {}, "/activity?limit=20"),
    ("changes", {}, "/changes?limit=20"),
]


@pytest.mark.parametrize(("tool", "arguments", "path"), TWINS)
def test_a_tool_asks_dynamodb_for_what_its_twin_asks_for(
    assistant: Assistant, here: InProcess, client: Client, tool: str, arguments: dict[str, Any], path: str
) -> None:
    for number in range(7):
        client.created_and_seen(f"one {number}", list="garden", tags=["a"], due=f"2030-01-0{number + 1}")
    # Both read what a process keeps, such as the pointer to the views.
    assistant.done(tool, **arguments)
    assert here.get(path).ok
    with asked() as of_tool:
        assistant.done(tool, **arguments)
    with asked() as of_twin:
        assert here.get(path).ok

    assert of_tool == of_twin != []


def test_find_gives_what_the_api_lists_page_by_page(assistant: Assistant, client: Client) -> None:
    for number in range(5):
        client.created_and_seen(f"todo {number}", list="garden", notes="n" * 300)
    first = assistant.done("find", list="garden", limit=3)
    rest = assistant.done("find", list="garden", limit=3, cursor=first["next_cursor"])

    found = first["todos"] + rest["todos"]
    assert [todo["id"] for todo in found] == [todo["id"] for todo in client.rows("/todos?list=garden")]
    assert rest["next_cursor"] is None
    assert len(found[0]["notes"]) == 200, "a whole one by get"
    assert assistant.done("get", id=found[0]["id"])["todo"]["notes"] == "n" * 300


def test_notes_are_cut_where_there_are_many_todos_and_whole_in_get(assistant: Assistant, client: Client) -> None:
    todo = client.created_and_seen("Buy milk", notes="n" * 1000)

    (row,) = assistant.done("find")["todos"]
    assert row["notes"] == "n" * (outputs.MAX_BRIEF - 1) + "…"
    assert assistant.done("get", id=todo["id"])["todo"]["notes"] == "n" * 1000


def test_get_says_who_changed_it_last_and_what_happened_since(
    assistant: Assistant, client: Client, here: InProcess
) -> None:
    todo = client.create("Buy milk")
    assistant.done("change", todos=[{"id": todo["id"], "if_version": 1, "due": "2030-01-01"}], operation="plan")
    found = assistant.done("get", id=todo["id"], since_version=1)

    assert found["todo"]["due"] == "2030-01-01"
    assert found["last_change"] == {"actor": "agent", "client": "claude"}
    (event,) = found["events"]
    assert (event["version"], event["operation"], event["change"]) == (2, "plan", {"due": "2030-01-01"})
    assert found["more"] is False
    assert assistant.done("get", id=todo["id"], history=True, limit=1)["more"] is True


def test_a_deleted_todo_still_has_its_history(assistant: Assistant, client: Client) -> None:
    todo = client.create("Buy milk")
    assert client.delete(f"/todos/{todo['id']}").status_code == 204
    found = assistant.done("get", id=todo["id"], history=True)

    assert (found["deleted"], found["version"], "todo" in found) == (True, 2, False)
    assert [event["type"] for event in found["events"]] == ["TodoCreated", "TodoDeleted"]


def test_activity_finds_what_a_client_did(assistant: Assistant, client: Client) -> None:
    client.created_and_seen("by the owner")
    (row,) = assistant.done("add", todos=[{"title": "by the assistant"}])["results"]
    found = assistant.seen("activity", lambda answer: answer["events"], client="claude", before=True)

    (event,) = found["events"]
    assert (event["todo"], event["actor"], event["change"]["title"]) == (row["id"], "agent", "by the assistant")


def test_changes_go_on_where_the_last_answer_ended(assistant: Assistant, client: Client) -> None:
    todo = client.created_and_seen("Buy milk")
    first = assistant.done("changes")
    assert [each["id"] for each in first["changes"]] == [todo["id"]]
    assert client.seen.delete(f"/todos/{todo['id']}").status_code == 204

    since = assistant.done("changes", since=first["since"])
    assert since["changes"] == [{"id": todo["id"], "version": 2, "deleted": True}]


def test_lists_have_their_counts(assistant: Assistant, client: Client) -> None:
    client.created_and_seen("one", list="a/b c")

    assert assistant.done("lists")["lists"] == [{"list": "a/b c", "total": 1, "open": 1, "completed": 0}]


ERRORS: list[tuple[str, dict[str, Any], str]] = [
    ("find", {"limit": 51}, "limit"),
    ("find", {"limit": "5"}, "limit"),
    ("find", {"priority": "urgent"}, "priority"),
    ("find", {"due_before": "tomorrow"}, "due_before"),
    ("find", {"cursor": "x"}, "cursor"),
    ("find", {"text": "\0"}, "text"),
    ("find", {"query": "milk"}, "query"),
    ("find", {"tags": ["a", 1]}, "tags/1"),
    ("get", {}, "id"),
    ("get", {"id": "1"}, "id"),
    ("activity", {"type": "todo"}, "type"),
    ("activity", {"since": "x"}, "since"),
    ("changes", {"since": "x"}, "since"),
]


@pytest.mark.parametrize(("tool", "arguments", "wrong"), ERRORS)
def test_bad_arguments_are_named(assistant: Assistant, tool: str, arguments: dict[str, Any], wrong: str) -> None:
    error = assistant.refused(tool, **arguments)

    assert [each["argument"] for each in error["errors"]] == [wrong]


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("get", {"id": None}, "required"),
        ("get", {"id": ""}, "a UUID in lower case"),
        ("get", {"id": str(uuid.uuid4()).upper()}, "a UUID in lower case"),
        ("activity", {"type": "Created"}, "expected one of TodoCreated, "),
        ("add", {"todos": [{"title": None}]}, "required"),
        ("add", {"todos": [{"title": "a"}], "operation": "my work"}, "without a space, the first not a tilde"),
        ("add", {"todos": [{"title": "a"}], "key": "é"}, "visible ASCII characters"),
        ("undo", {"operation": "my work"}, "visible ASCII characters"),
    ],
)
def test_what_is_wrong_is_said_in_words(assistant: Assistant, tool: str, arguments: dict[str, Any], said: str) -> None:
    (error,) = assistant.refused(tool, **arguments)["errors"]

    assert said in error["detail"]
    assert "regex" not in error["detail"]


@pytest.mark.parametrize("nothing", [None, ""])
def test_null_and_empty_texts_count_as_left_out(assistant: Assistant, client: Client, nothing: str | None) -> None:
    todo = client.created_and_seen("Buy milk")
    optional: dict[str, tuple[str, ...]] = {
        "find": ("text", "list", "tags", "completed", "priority", "due_before", "due_after", "sort", "limit", "cursor"),
        "lists": ("limit", "cursor"),
        "activity": ("list", "todo", "actor", "client", "operation", "type", "since", "until", "limit", "cursor"),
        "changes": ("since", "limit"),
    }
    rows = {"find": "todos", "lists": "lists", "activity": "events", "changes": "changes"}
    for tool, names in optional.items():
        assert len(assistant.done(tool, **dict.fromkeys(names, nothing))[rows[tool]]) == 1
    assert assistant.done("get", id=todo["id"], history=nothing, since_version=nothing, limit=nothing)["todo"]


def test_a_whole_number_is_one_however_it_is_written(assistant: Assistant, client: Client) -> None:
    todo = client.created_and_seen("Buy milk")

    assert len(assistant.done("find", limit=5.0)["todos"]) == 1
    assert assistant.done("get", id=todo["id"], since_version=1.0)["events"] == []
    named = {"id": todo["id"], "if_version": 1.0, "order": 2.5}
    assert assistant.done("change", todos=[named])["results"][0]["version"] == 2
    assert [each["argument"] for each in assistant.refused("find", limit=5.5)["errors"]] == ["limit"]


def test_another_owners_todo_does_not_exist(assistant: Assistant, client_of: Callable[..., Client], owner: str) -> None:
    todo = client_of(f"{owner}-2").create("secret")

    assert assistant.refused("get", id=todo["id"])["type"] == "not-found"
    assert assistant.done("find")["todos"] == []


def test_answers_are_bounded_whatever_is_in_them(assistant: Assistant, client: Client) -> None:
    for number in range(50):
        client.create(
            "\U0001f600" * 500, notes="ü" * 2000, tags=[f"{number}-{n}-" + "ö" * 50 for n in range(32)],
            list="ä" * 100, source="ß" * 500, metadata={"id": "é" * 1500, "type": {"id": "é" * 300}},
            repeat="FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", due="2030-01-01", time_zone="Europe/Berlin",
        )  # fmt: skip
    found = assistant.seen("find", lambda answer: len(answer["todos"]) == 50, limit=50)

    assert len(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()) <= outputs.MAX_BYTES
    assert found["texts_shortened"] is True
    todo_id = found["todos"][0]["id"]
    assert assistant.done("get", id=todo_id)["todo"]["title"] == "\U0001f600" * 500
    assistant.seen("activity", lambda answer: len(answer["events"]) == 50, limit=50)
    for tool, more in (("activity", {"before": True}), ("changes", {}), ("find", {"sort": "created"})):
        text = assistant.call(tool, limit=50, **more)["content"][0]["text"]
        assert len(text.encode()) <= outputs.MAX_BYTES, tool
    history = assistant.call("get", id=todo_id, history=True)
    assert len(history["content"][0]["text"].encode()) <= outputs.MAX_BYTES
