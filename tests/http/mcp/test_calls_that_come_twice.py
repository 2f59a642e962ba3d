"""Calls whose answers were lost, made again under new ids, by the same program or by another."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.aws import memory
from chalicelib.mcp import repeats
from tests.support.assistant import Assistant
from tests.support.client import Client
from tests.support.faults import lost_answers

MILK = [{"title": "Buy milk"}]


def rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer["results"]
    return found


def ids(answer: dict[str, Any]) -> list[str]:
    return [row["id"] for row in rows(answer)]


def pass_time(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = repeats.milliseconds()
    monkeypatch.setattr(repeats, "milliseconds", lambda: now + round(seconds * 1000))


def test_what_was_just_added_is_not_added_again(assistant: Assistant, client: Client) -> None:
    todos = [{"title": "one"}, {"title": "two", "due": "2030-01-01"}]
    first = assistant.done("add", todos=todos)
    memory.forget()
    again = assistant.done("add", todos=[{"due": "2030-01-01", "title": "two", "notes": None}, {"title": "one"}][::-1])

    assert ids(again) == ids(first)
    assert [row["status"] for row in rows(again)] == ["repeated", "repeated"]
    assert all("new key" in row["what_to_do"] and row["age_seconds"] >= 0 for row in rows(again))
    assert again["operation"] == first["operation"]
    assert [len(client.events(todo_id)) for todo_id in ids(first)] == [1, 1]


@pytest.mark.parametrize(
    "other",
    [
        {"actor": "agent-2", "client": "claude"},
        {"actor": "agent", "client": "cursor"},
        {"actor": "agent", "client": "claude", "scope": "todos:read todos:write openid"},
    ],
)
def test_only_the_same_actor_and_client_make_the_same_call(
    assistant: Assistant, another: Callable[..., Assistant], other: dict[str, str]
) -> None:
    first = assistant.done("add", todos=MILK)
    again = another(**other).done("add", todos=MILK)

    assert (ids(again) == ids(first)) == ("scope" in other)


def test_another_operation_or_content_is_another_call(assistant: Assistant) -> None:
    found = [
        assistant.done("add", todos=MILK),
        assistant.done("add", todos=MILK, operation="a"),
        assistant.done("add", todos=MILK, operation="b"),
        assistant.done("add", todos=[*MILK, *MILK]),
        assistant.done("add", todos=[{"title": "Buy milk "}]),
    ]

    assert len({todo_id for answer in found for todo_id in ids(answer)}) == 6
    assert ids(assistant.done("add", todos=MILK, operation="a")) == ids(found[1])


@pytest.mark.parametrize(("seconds", "is_repeat"), [(299, True), (301, False)])
def test_after_five_minutes_the_same_text_is_another_todo(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, seconds: int, is_repeat: bool
) -> None:
    """By the time that the item has, also while DynamoDB has not removed it."""
    first = assistant.done("add", todos=MILK)
    pass_time(monkeypatch, seconds)
    again = assistant.done("add", todos=MILK)

    assert (ids(again) == ids(first)) is is_repeat


@pytest.mark.parametrize(
    ("tool", "more"), [("change", {"notes": "two"}), ("complete", {}), ("delete", {}), ("change", {"title": "x"})]
)
def test_what_was_worked_on_since_is_meant_again(
    assistant: Assistant, client: Client, tool: str, more: dict[str, Any]
) -> None:
    """Such as the same errand, after the first was done."""
    (first,) = ids(assistant.done("add", todos=MILK))
    assistant.done(tool, todos=[{"id": first, **more}])
    again = assistant.done("add", todos=MILK)

    assert [row["status"] for row in rows(again)] == ["done"]
    assert ids(again) != [first]
    assert ids(assistant.done("add", todos=MILK)) == ids(again)


def test_a_key_tells_calls_apart_for_a_day(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    first = assistant.done("add", todos=MILK)
    keyed = assistant.done("add", todos=MILK, key="second")
    assert ids(keyed) != ids(first)
    assistant.done("complete", todos=[{"id": ids(keyed)[0]}])
    (again,) = rows(assistant.done("add", todos=MILK, key="second", operation="other"))
    assert (again["id"], again["status"], again["version"]) == (ids(keyed)[0], "repeated", 2)
    assert assistant.refused("add", todos=[{"title": "tea"}], key="second")["type"] == "idempotency-key-reused"
    pass_time(monkeypatch, 24 * 3600 + 1)
    assert ids(assistant.done("add", todos=[{"title": "tea"}], key="second")) != ids(keyed)


def test_a_call_that_died_half_way_is_finished_by_its_repeat(assistant: Assistant, client: Client) -> None:
    todos = [{"title": f"todo {number}"} for number in range(5)]
    real = repeats.SettingsStore.put
    first = assistant.done("add", todos=todos[:1])
    assert real is repeats.SettingsStore.put
    # The nonce is there, and nothing else: the function was stopped.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chalicelib.mcp.writing._run", stopped)
        assert assistant.refused("add", todos=todos)["type"] == "internal-error"
    again = assistant.done("add", todos=todos)

    assert [row["status"] for row in rows(again)] == ["done"] * 5
    assert not set(ids(first)) & set(ids(again))


def stopped(*_: Any, **__: Any) -> Any:
    raise SystemError("the function was stopped")


@pytest.mark.parametrize("call", ["UpdateItem", "PutItem"])
def test_a_lost_answer_of_dynamodb_is_no_repeat(
    assistant: Assistant, client: Client, impatient: None, call: str
) -> None:
    """botocore asks again, and finds what its first try wrote."""
    with lost_answers(call, 1):
        (row,) = rows(assistant.done("add", todos=MILK))

    assert row["status"] == "done"
    assert len(client.events(row["id"])) == 1


def test_equal_calls_at_the_same_time_add_once(another: Callable[..., Assistant], client: Client) -> None:
    def add(_: int) -> list[str]:
        return ids(another(actor="agent", client="claude").done("add", todos=[{"title": "one"}, {"title": "two"}]))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(add, range(8)))

    assert len({tuple(each) for each in found}) == 1
    assert [len(client.events(todo_id)) for todo_id in found[0]] == [1, 1]
