"""PATCH merges (RFC 7396), on the newest state, and each command makes one event or none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import MERGE_PATCH, Client, pointers, problem


@pytest.mark.parametrize("media_type", ["application/json", MERGE_PATCH, "application/merge-patch+json; charset=utf-8"])
def test_a_patch_changes_what_it_names(client: Client, media_type: str) -> None:
    todo = client.create(notes="semi-skimmed", metadata={"a": {"b": 1, "c": 2}})

    patched = client.patch(
        f"/todos/{todo['id']}", {"notes": None, "metadata": {"a": {"b": None, "d": 3}}}, content_type=media_type
    )

    assert (patched.status_code, patched.headers["ETag"]) == (200, '"2"')
    now = patched.json()
    assert (now["notes"], now["metadata"]) == (None, {"a": {"c": 2, "d": 3}})
    assert {name for name in todo if todo[name] != now[name]} == {"notes", "metadata", "version", "updated_at"}


@pytest.mark.parametrize(
    ("before", "patch", "event_type"),
    [
        (False, {"title": "x"}, "TodoEdited"),
        (False, {"completed": True}, "TodoCompleted"),
        (False, {"completed": True, "title": "x"}, "TodoCompleted"),
        (True, {"completed": False}, "TodoReopened"),
        (True, {"completed": None}, "TodoReopened"),
    ],
)
def test_a_change_of_completed_names_the_event(
    client: Client, before: bool, patch: dict[str, Any], event_type: str
) -> None:
    todo = client.create(completed=before)

    now = client.patch(f"/todos/{todo['id']}", patch).json()

    assert client.events(todo["id"])[-1]["type"] == event_type
    assert (now["completed_at"] is not None) is now["completed"]


def test_a_patch_that_changes_nothing_makes_no_event(client: Client) -> None:
    todo = client.create(tags=["a"], metadata={"a": 1})

    for patch in ({}, {"title": "Buy milk"}, {"tags": ["a"]}, {"metadata": {"b": None}}, {"version": 7, "id": "x"}):
        patched = client.patch(f"/todos/{todo['id']}", patch)
        assert (patched.status_code, patched.headers["ETag"], patched.json()) == (200, '"1"', todo)
    assert len(client.events(todo["id"])) == 1


def test_one_and_true_are_not_the_same(client: Client) -> None:
    todo = client.create(metadata={"flag": True})

    assert client.patch(f"/todos/{todo['id']}", {"metadata": {"flag": 1}}).headers["ETag"] == '"2"'


def test_a_patch_may_name_the_version_it_means(client: Client) -> None:
    path = f"/todos/{client.create()['id']}"

    assert client.patch(path, {"title": "x"}, if_match='"1"').status_code == 200
    problem(client.patch(path, {"title": "y"}, if_match='"1"'), 412)
    assert client.patch(path, {"title": "y"}).json()["version"] == 3


def test_a_patch_that_leads_to_a_bad_todo_is_refused(client: Client) -> None:
    path = f"/todos/{client.create()['id']}"

    assert pointers(client.patch(path, {"title": None})) == {"#/title"}
    assert pointers(client.patch(path, {"nothing": None})) == {"#/nothing"}
    assert pointers(client.patch(path, {"tags": ["a", 1]})) == {"#/tags/1"}
    assert pointers(client.patch(path, ["title"])) == {"#"}
    assert client.get(path).headers["ETag"] == '"1"'


def test_a_deleted_todo_is_not_patched(client: Client) -> None:
    path = f"/todos/{client.create()['id']}"
    client.delete(path)

    problem(client.patch(path, {"title": "x"}), 410)
