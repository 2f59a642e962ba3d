"""PUT with If-Match replaces the whole content of the version that the client knew, and of no other."""

from __future__ import annotations

import uuid

import pytest

from tests.support.client import Client, problem


def test_what_was_read_can_be_edited_and_put_back(client: Client) -> None:
    todo = client.create(notes="semi-skimmed", tags=["shop"])
    todo["title"] = "Buy bread"
    todo["completed"] = True

    replaced = client.put(f"/todos/{todo['id']}", todo, if_match='"1"')

    assert (replaced.status_code, replaced.headers["ETag"]) == (200, '"2"')
    assert "Location" not in replaced.headers
    now = replaced.json()
    assert {name for name in todo if todo[name] != now[name]} == {"version", "updated_at", "completed_at"}


def test_fields_that_the_body_leaves_out_are_unset(client: Client) -> None:
    todo = client.create(notes="semi-skimmed", list="shopping", priority="high")

    replaced = client.put(f"/todos/{todo['id']}", {"title": "Buy milk"}, if_match='"1"').json()

    assert [replaced[name] for name in ("notes", "list", "priority")] == [None, "inbox", "none"]


@pytest.mark.parametrize("matching", ["*", '"2"', '"1", "2"'])
def test_any_of_the_versions_named_will_do(client: Client, matching: str) -> None:
    path = f"/todos/{client.create()['id']}"
    client.patch(path, {"notes": "second"})

    assert client.put(path, {"title": "x"}, if_match=matching).status_code == 200


def test_without_a_precondition_put_is_refused(client: Client) -> None:
    path = f"/todos/{client.create()['id']}"

    document = problem(client.put(path, {"title": "x"}), 428)

    assert "If-Match" in document["detail"]
    assert client.get(path).headers["ETag"] == '"1"'


def test_both_preconditions_at_once_are_refused(client: Client) -> None:
    problem(client.put(f"/todos/{client.create()['id']}", {"title": "x"}, if_match='"1"', if_none_match="*"), 400)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_stale_version_is_answered_with_the_todo_and_its_events_since(client: Client, method: str) -> None:
    todo = client.create("First")
    path = f"/todos/{todo['id']}"
    client.patch(path, {"title": "Second"})
    current = client.patch(path, {"completed": True}).json()

    content = () if method == "delete" else ({"title": "Mine"},)
    refused = getattr(client, method)(path, *content, if_match='"1"')

    document = problem(refused, 412)
    assert refused.headers["ETag"] == '"3"'
    assert document["todo"] == current
    assert document["events"] == client.events(todo["id"])[1:]
    assert [event["change"] for event in document["events"]] == [{"title": "Second"}, {"completed": True}]


def test_at_most_a_hundred_events_come_with_it(client: Client) -> None:
    todo = client.create()
    path = f"/todos/{todo['id']}"
    for number in range(102):
        client.patch(path, {"order": number})

    document = problem(client.put(path, {"title": "x"}, if_match='"1"'), 412)

    assert [event["version"] for event in document["events"]] == list(range(2, 102))
    assert document["todo"]["version"] == 103


@pytest.mark.parametrize("unknown", ['W/"1"', '"99"', '"abc"', '"01x"', '""'])
def test_a_weak_or_unknown_version_matches_nothing(client: Client, unknown: str) -> None:
    document = problem(client.put(f"/todos/{client.create()['id']}", {"title": "x"}, if_match=unknown), 412)

    assert document["events"] == []


@pytest.mark.parametrize("garbled", ["1", "'1'", '"1', "", '"1";"2"'])
def test_what_is_no_entity_tag_is_refused(client: Client, garbled: str) -> None:
    problem(client.put(f"/todos/{client.create()['id']}", {"title": "x"}, if_match=garbled), 400)


@pytest.mark.parametrize("matching", ["*", '"1"', '"9"'])
def test_what_never_was_is_not_found_and_what_was_deleted_is_gone(client: Client, matching: str) -> None:
    problem(client.put(f"/todos/{uuid.uuid4()}", {"title": "x"}, if_match=matching), 404)
    path = f"/todos/{client.create()['id']}"
    client.delete(path)
    for answer in (
        client.put(path, {"title": "x"}, if_match=matching),
        client.patch(path, {"title": "x"}, if_match=matching),
        client.delete(path, if_match=matching),
    ):
        problem(answer, 410)


def test_the_same_content_again_makes_no_event(client: Client) -> None:
    todo = client.create()

    again = client.put(f"/todos/{todo['id']}", todo, if_match='"1"')

    assert (again.status_code, again.headers["ETag"], again.json()) == (200, '"1"', todo)
    assert len(client.events(todo["id"])) == 1
