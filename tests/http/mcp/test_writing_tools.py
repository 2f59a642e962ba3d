"""What the tools that write do: each call one operation, each item with a result of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws import memory
from tests.support.assistant import Assistant
from tests.support.client import Client

FIELDS = {
    "notes": "two bottles", "tags": ["home"], "due": "2030-01-01", "remind_at": "2029-12-31", "order": 3,
    "repeat": "FREQ=WEEKLY", "repeat_from": "completion", "time_zone": "Europe/Berlin",
    "parent": "0197e1f0-0000-7000-8000-00000000000a",
}  # fmt: skip


def one(answer: dict[str, Any]) -> dict[str, Any]:
    (row,) = answer["results"]
    found: dict[str, Any] = row
    return found


def test_several_todos_are_added_as_one_operation(assistant: Assistant, client: Client) -> None:
    answer = assistant.done("add", todos=[{"title": "one", "list": "garden"}, {"title": "two", **FIELDS}])

    assert answer["operation"].startswith("~")
    assert [row["status"] for row in answer["results"]] == ["done", "done"]
    assert {name: client.get(f"/todos/{answer['results'][1]['id']}").json()[name] for name in FIELDS} == FIELDS
    for row in answer["results"]:
        (event,) = client.events(row["id"])
        assert (event["actor"], event["client"], event["operation"]) == ("agent", "claude", answer["operation"])


def test_a_call_is_part_of_the_operation_that_it_states(assistant: Assistant, client: Client) -> None:
    todo = client.create("Buy milk")
    for tool, more in (("change", {"notes": "x"}), ("complete", {}), ("delete", {}), ("restore", {})):
        answer = assistant.done(tool, todos=[{"id": todo["id"], **more}], operation="plan-7")
        assert answer["operation"] == "plan-7"

    assert [event["operation"] for event in client.events(todo["id"])] == [None, *["plan-7"] * 4]
    error = assistant.refused("complete", todos=[{"id": todo["id"]}], operation="~mine")
    assert [each["argument"] for each in error["errors"]] == ["operation"]


def test_nothing_is_added_if_one_of_them_is_not_valid(assistant: Assistant, client: Client) -> None:
    error = assistant.refused(
        "add", todos=[{"title": "good"}, {"title": "", "due": "soon"}, {"title": "c", "colour": "red"}]
    )
    # What its types say, first; then what they cannot.
    assert {each["argument"] for each in error["errors"]} == {"todos/1/title", "todos/2/colour"}
    error = assistant.refused("add", todos=[{"title": "good"}, {"title": "b", "due": "soon"}])
    assert {each["argument"] for each in error["errors"]} == {"todos/1/due"}

    assert assistant.done("add", todos=[{"title": "good"}])["results"][0]["status"] == "done"


def test_what_is_left_empty_in_a_new_todo_is_left_out(assistant: Assistant, client: Client) -> None:
    named = ("notes", "list", "priority", "due", "remind_at", "repeat", "repeat_from", "time_zone", "parent")
    for number, nothing in enumerate(("", None)):
        new: dict[str, Any] = {"title": f"Buy milk {number}", "tags": [], **dict.fromkeys(named, nothing)}
        row = one(assistant.done("add", todos=[new], key=nothing, operation=nothing))
        todo = client.get(f"/todos/{row['id']}").json()
        assert (todo["list"], todo["priority"], todo["notes"], todo["tags"]) == ("inbox", "none", None, None)


@pytest.mark.parametrize("empty", [None, "", []])
@pytest.mark.parametrize("field", FIELDS)
def test_no_field_is_emptied_that_clear_does_not_name(
    assistant: Assistant, client: Client, field: str, empty: object
) -> None:
    """Models send null and empty texts for what they do not mean."""
    todo = client.create("Buy milk", **FIELDS)
    result = assistant.call("change", todos=[{"id": todo["id"], "title": "Buy oat milk", field: empty}])

    assert client.get(f"/todos/{todo['id']}").json()[field] == FIELDS[field]
    if empty is None:
        assert one(result["structuredContent"])["todo"]["title"] == "Buy oat milk"
    else:
        assert result["isError"]


@pytest.mark.parametrize("field", ["notes", "tags", "due", "repeat"])
def test_an_empty_value_is_refused_with_the_way_to_empty_a_field(assistant: Assistant, field: str) -> None:
    todo_id = one(assistant.done("add", todos=[{"title": "Buy milk", field: FIELDS[field]}]))["id"]
    error = assistant.refused("change", todos=[{"id": todo_id, field: [] if field == "tags" else ""}])

    (said,) = [each["detail"] for each in error["errors"]]
    assert f'clear: ["{field}"]' in said or "Expected" in said


def test_clear_empties_what_it_names(assistant: Assistant, client: Client) -> None:
    todo = client.create("Buy milk", **FIELDS)
    answer = assistant.done("change", todos=[{"id": todo["id"], "clear": ["notes", "due", "repeat"]}])

    assert not {"notes", "due", "repeat"} & one(answer)["todo"].keys()
    left = client.get(f"/todos/{todo['id']}").json()
    assert [name for name in FIELDS if left[name] is None] == ["notes", "due", "repeat"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"clear": ["title"]}, "expected one of"),
        ({"clear": ["due"], "due": "2030-01-01"}, "send one of the two"),
        ({}, "nothing to change"),
        ({"due": None}, "nothing to change"),
        ({"clear": []}, "nothing to change"),
        ({"completed": True}, "unknown field"),
    ],
)
def test_a_change_that_means_nothing_is_refused(assistant: Assistant, change: dict[str, Any], said: str) -> None:
    todo_id = one(assistant.done("add", todos=[{"title": "Buy milk"}]))["id"]
    error = assistant.refused("change", todos=[{"id": todo_id, **change}])

    assert said in error["errors"][0]["detail"]


def test_a_stale_version_brings_what_has_changed(assistant: Assistant, client: Client) -> None:
    todo, other = client.create("Buy milk"), client.create("other")
    client.patch(f"/todos/{todo['id']}", {"notes": "two bottles"})
    result = assistant.call(
        "change",
        todos=[{"id": todo["id"], "if_version": 1, "title": "x"}, {"id": other["id"], "if_version": 1, "title": "y"}],
    )

    answer = result["structuredContent"]
    assert (result["isError"], answer["failed"]) == (True, 1)
    failed, done = answer["results"]
    assert (done["status"], done["version"]) == ("done", 2), "the others are done"
    assert failed["status"] == "failed"
    error = failed["error"]
    assert error["type"] == "precondition-failed"
    assert "if_version" in error["what_to_do"]
    assert (error["todo"]["version"], error["todo"]["notes"]) == (2, "two bottles")
    assert [(event["version"], event["change"]) for event in error["changed_since"]] == [(2, {"notes": "two bottles"})]


def test_completing_a_repeating_todo_names_the_next_one(assistant: Assistant) -> None:
    todo = one(assistant.done("add", todos=[{"title": "water", "due": "2030-01-01", "repeat": "FREQ=DAILY"}]))
    row = one(assistant.done("complete", todos=[{"id": todo["id"], "if_version": 1}]))

    assert row["todo"]["completed"] is True
    assert assistant.done("get", id=row["next_id"])["todo"]["due"] == "2030-01-02"
    assert one(assistant.done("complete", todos=[{"id": todo["id"]}], completed=False))["todo"]["completed"] is False


def test_what_is_deleted_can_be_deleted_again_and_restored(assistant: Assistant, client: Client) -> None:
    todo = client.create("Buy milk")
    for _ in range(2):
        assert one(assistant.done("delete", todos=[{"id": todo["id"]}]))["status"] == "done"
    assert [event["type"] for event in client.events(todo["id"])] == ["TodoCreated", "TodoDeleted"]
    error = one(assistant.call("change", todos=[{"id": todo["id"], "title": "x"}])["structuredContent"])["error"]
    assert "restore" in error["what_to_do"]
    for _ in range(2):
        assert one(assistant.done("restore", todos=[{"id": todo["id"]}]))["todo"]["title"] == "Buy milk"
    assert len(client.events(todo["id"])) == 3


WITH_VERSION = [
    ("change", {"notes": "x"}),
    ("change", {"clear": ["due"]}),
    ("complete", {}),
    ("delete", {}),
]


@pytest.mark.parametrize(("tool", "more"), WITH_VERSION)
def test_a_call_at_a_version_that_comes_again_gets_the_first_answer(
    assistant: Assistant, client: Client, tool: str, more: dict[str, Any]
) -> None:
    todo = client.create("Buy milk", due="2030-01-01")
    asked = {"id": todo["id"], "if_version": 1, **more}
    first = one(assistant.done(tool, todos=[asked]))
    # Others go on, and another process serves the repeat.
    client.post(f"/todos/{todo['id']}/revert", {"to_version": 1})
    memory.forget()
    again = one(assistant.done(tool, todos=[asked], operation="again"))

    assert again == first
    assert len(client.events(todo["id"])) == 3


def test_a_token_that_only_reads_is_told_what_it_lacks(another: Callable[..., Assistant], client: Client) -> None:
    reader = another(scope="todos:read")

    assert "add" not in [tool["name"] for tool in reader.request("tools/list")["result"]["tools"]]
    error = reader.refused("add", todos=[{"title": "x"}])
    assert "todos:write" in error["what_to_do"]
    assert client.rows("/todos") == []


def test_what_there_was_no_time_for_is_told_and_done_by_the_same_call(
    assistant: Assistant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    todos = [{"title": "a"}, {"title": "b"}]
    with monkeypatch.context() as patch:
        patch.setattr("chalicelib.api.resources.batch.LAST_START_SECONDS", -1)
        result = assistant.call("add", todos=todos)

    rows = result["structuredContent"]["results"]
    assert result["isError"]
    assert [row["status"] for row in rows] == ["not tried"] * 2
    assert "very same call again" in rows[0]["error"]["what_to_do"]
    assert [row["status"] for row in assistant.done("add", todos=todos)["results"]] == ["done"] * 2
    assert [row["status"] for row in assistant.done("add", todos=todos)["results"]] == ["repeated"] * 2


def test_a_full_call_is_one_answer_within_the_bound(assistant: Assistant) -> None:
    result = assistant.call("add", todos=[{"title": f"{n} " + "t" * 300, "notes": "n" * 2000} for n in range(50)])

    assert result["structuredContent"]["failed"] == 0
    assert len(json.dumps(result["structuredContent"], ensure_ascii=False).encode()) < 22_000
    error = assistant.refused("add", todos=[{"title": "x"}] * 51)
    assert error["errors"][0]["argument"] == "todos"
