"""`Operation-Id`: several changes are parts of one operation, which their events and the answers name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.http.batch.commands import create
from tests.http.write.test_renaming_lists import rename_path
from tests.support.client import Client, list_path, problem
from tests.support.in_process import InProcess
from tests.support.waiting import eventually


def operations(client: Client | InProcess, todo_id: str) -> list[str | None]:
    return [event["operation"] for event in client.get(f"/todos/{todo_id}/events").json()]


@pytest.mark.parametrize("given", ["a", "!", "tidy-up#2026/12%", "a~", "x" * 64])
def test_every_verb_is_part_of_the_operation_that_it_names(here: InProcess, given: str) -> None:
    created = here.post("/todos", {"title": "x", "list": "a"}, operation_id=given)
    path = f"/todos/{created.json()['id']}"
    answers = [
        created,
        here.patch(path, {"title": "2"}, operation_id=given),
        here.put(path, {"title": "3"}, if_match="*", operation_id=given),
        here.delete(path, operation_id=given),
        here.post(f"{path}/restore", operation_id=given),
        here.post(f"{path}/revert", {"to_version": 1}, operation_id=given),
    ]

    assert [answer.headers["Operation-Id"] for answer in answers] == [given] * 6
    assert operations(here, created.json()["id"]) == [given] * 6


def test_a_single_command_without_one_has_none(here: InProcess) -> None:
    created = here.post("/todos", {"title": "x"})

    assert "Operation-Id" not in created.headers
    assert operations(here, created.json()["id"]) == [None]


@pytest.mark.parametrize("given", ["", "~a", "~", "a b", "é", "x" * 65, "a\tb"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda here, path, given: here.patch(path, {"title": "y"}, operation_id=given),
        lambda here, path, given: here.post("/batch", {"commands": []}, operation_id=given),
        lambda here, path, given: here.post(rename_path("inbox"), {"to": "b"}, operation_id=given),
        lambda here, path, given: here.delete(list_path("inbox"), operation_id=given),
    ],
    ids=["patch", "batch", "rename", "clear"],
)
def test_another_text_is_refused_and_nothing_written(
    here: InProcess, ask: Callable[[InProcess, str, str], Any], given: str
) -> None:
    path = f"/todos/{here.create()['id']}"

    assert "Operation-Id" in problem(ask(here, path, given), 400)["detail"]
    assert here.get(path).headers["ETag"] == '"1"'


def test_a_repeat_with_its_key_under_another_id_gets_the_first_answer(here: InProcess) -> None:
    path = f"/todos/{here.create()['id']}"
    for first_id, again_id in (("one", "other"), (None, "one"), ("one", None)):
        key = f"{first_id} {again_id}".replace(" ", "-")
        first = here.patch(path, {"title": key}, idempotency_key=key, operation_id=first_id)
        again = here.patch(path, {"title": key}, idempotency_key=key, operation_id=again_id)

        assert (again.status_code, again.text) == (first.status_code, first.text)
        assert again.headers.get("Operation-Id") == first.headers.get("Operation-Id") == first_id


def test_a_command_that_changes_nothing_does_not_name_anothers_operation(here: InProcess) -> None:
    todo = here.post("/todos", {"title": "x"}, operation_id="another's").json()

    for given in (None, "mine"):
        unchanged = here.patch(f"/todos/{todo['id']}", {"title": "x"}, operation_id=given)
        assert (unchanged.headers["ETag"], unchanged.headers.get("Operation-Id")) == ('"1"', given)


def test_a_batch_is_an_operation_also_without_a_name(here: InProcess) -> None:
    named = here.post("/batch", {"commands": [create(title="a"), create(title="b")]}, operation_id="mine")
    unnamed = [here.post("/batch", {"commands": [create(title="a"), create(title="b")]}) for _ in range(2)]

    assert named.headers["Operation-Id"] == "mine"
    minted = {answer.headers["Operation-Id"] for answer in unnamed}
    assert len(minted) == 2
    assert all(each.startswith("~") and len(each) <= 64 for each in minted)
    for answer in (named, *unnamed):
        for result in answer.json()["results"]:
            assert result["operation"] == answer.headers["Operation-Id"]
            assert operations(here, result["id"]) == [result["operation"]]


def test_a_batch_that_is_repeated_with_its_key_is_the_same_operation(here: InProcess) -> None:
    commands = {"commands": [create(title="a"), create(title="b")]}
    first = here.post("/batch", commands, idempotency_key="k")

    again = here.post("/batch", commands, idempotency_key="k")
    assert (again.text, again.headers["Operation-Id"]) == (first.text, first.headers["Operation-Id"])

    under_another = here.post("/batch", commands, idempotency_key="k", operation_id="other")
    assert under_another.headers["Operation-Id"] == "other"
    assert under_another.text == first.text, "each result names its event's own operation"


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("given", [None, "mine"])
def test_clearing_and_renaming_a_list_are_operations(client: Client, key: str | None, given: str | None) -> None:
    todos = [client.created_and_seen(list="a") for _ in range(2)]
    renamed = client.post(
        rename_path("a"), {"to": "b"}, operation_id=given, idempotency_key=key and f"{key}-rename", prefer="wait=10"
    )
    eventually(lambda: set(client.lists()) == {"b"})
    cleared = client.delete(list_path("b"), operation_id=given, idempotency_key=key)

    assert (renamed.status_code, cleared.status_code) == (200, 204)
    parts = [answer.headers["Operation-Id"] for answer in (renamed, cleared)]
    if given is None:
        assert all(part.startswith("~") for part in parts)
        assert len(set(parts)) == 2
    else:
        assert parts == [given] * 2
    for todo in todos:
        assert operations(client, todo["id"]) == [None, *parts]
    if key is not None:
        repeats = [
            client.post(rename_path("a"), {"to": "b"}, operation_id="other", idempotency_key=f"{key}-rename"),
            client.delete(list_path("b"), operation_id="other", idempotency_key=key),
        ]
        assert [answer.headers["Operation-Id"] for answer in repeats] == parts
