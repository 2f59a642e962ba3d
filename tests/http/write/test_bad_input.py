"""Bad input is refused with a pointer to each bad field, and nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client, pointers, problem

BAD_FIELDS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no title": ({"title": None}, {"#/title"}),
    "an empty title": ({"title": ""}, {"#/title"}),
    "a long title": ({"title": "x" * 501}, {"#/title"}),
    "long notes": ({"notes": "é" * 8193}, {"#/notes"}),
    "a list named with a control character": ({"list": "a\nb"}, {"#/list"}),
    "a list named .": ({"list": "."}, {"#/list"}),
    "a list named ..": ({"list": ".."}, {"#/list"}),
    "an empty list name": ({"list": ""}, {"#/list"}),
    "a list name of 101 characters": ({"list": "x" * 101}, {"#/list"}),
    "a list name of 301 bytes": ({"list": "€" * 100 + "x"}, {"#/list"}),
    "33 tags": ({"tags": [str(number) for number in range(33)]}, {"#/tags"}),
    "a long tag": ({"tags": ["a", "x" * 65]}, {"#/tags/1"}),
    "an unknown priority": ({"priority": "urgent"}, {"#/priority"}),
    "a due day that no calendar has": ({"due": "2026-02-30"}, {"#/due"}),
    "a due time without an offset": ({"due": "2026-02-03T10:00:00"}, {"#/due"}),
    "an order that is text": ({"order": "1"}, {"#/order"}),
    "an order that is true": ({"order": True}, {"#/order"}),
    "completed as text": ({"completed": "yes"}, {"#/completed"}),
    "a rule that is none": ({"repeat": "every day"}, {"#/repeat"}),
    "a parent that is no id": ({"parent": "x"}, {"#/parent"}),
    "metadata that is no object": ({"metadata": []}, {"#/metadata"}),
    "long metadata": ({"metadata": {"a": "x" * 4096}}, {"#/metadata"}),
    "an unknown field": ({"colour": "red"}, {"#/colour"}),
    "several at once": ({"colour": "red", "due": 1, "title": 2}, {"#/colour", "#/due", "#/title"}),
    "a field named with a slash and a tilde": ({"a/b~c": 1}, {"#/a~1b~0c"}),
    "a lone surrogate": ({"title": "\ud800"}, {"#/title"}),
}


@pytest.mark.parametrize("name", BAD_FIELDS)
def test_a_bad_field_is_pointed_at(client: Client, name: str) -> None:
    fields, expected = BAD_FIELDS[name]

    refused = client.post("/todos", {"title": "Buy milk", **fields})

    assert pointers(refused) == expected
    assert all(error["detail"] for error in refused.json()["errors"])


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"title"', b'{"title": "x"} x', b'{"title": "x", "order": NaN}', b"[" * 100_000,
     b'{"title": "x", "order": 1e999}', b'{"title": "x", "metadata": {"a": Infinity}}'],
)  # fmt: skip
def test_what_is_not_a_json_object_is_refused(client: Client, body: bytes) -> None:
    problem(client.post("/todos", body), 400)


def test_a_todo_is_not_its_own_parent(client: Client) -> None:
    todo_id = client.create()["id"]
    path, own = f"/todos/{todo_id}", {"title": "x", "parent": todo_id}
    new = "0197e1f0-0000-7000-8000-00000000000b"
    commands = [
        {"op": "patch", "id": todo_id, "body": {"parent": todo_id}},
        {"op": "create", "id": new, "body": {"title": "x", "parent": new}},
    ]

    for refused in (
        client.patch(path, {"parent": todo_id}),
        client.put(path, own, if_match='"1"'),
        client.put(f"/todos/{new}", {"title": "x", "parent": new}, if_none_match="*"),
    ):
        assert pointers(refused) == {"#/parent"}
    results = client.post("/batch", {"commands": commands}).json()["results"]
    assert [result["status"] for result in results] == [400, 400]
    assert client.get(path).json()["version"] == 1


def test_parents_in_a_circle_are_read_and_written_like_any_others(client: Client) -> None:
    """Nothing walks them, so that none of these has no end."""
    first = client.created_and_seen("first")["id"]
    second = client.created_and_seen("second", parent=first)["id"]
    circle = client.seen.patch(f"/todos/{first}", {"parent": second})

    assert circle.status_code == 200
    assert {row["id"] for row in client.rows("/todos")} == {first, second}
    assert client.get("/export").text.count("\n") == 2
    feed = client.post("/feeds", {}).json()["url"]
    assert client.get(feed.removeprefix(client.url)).text.count("RELATED-TO:") == 2


def test_a_name_stated_twice_is_refused(client: Client) -> None:
    assert pointers(client.post("/todos", b'{"title": "a", "title": "b"}')) == {"#/title"}
    nested = b'{"title": "a", "metadata": {"b": [{"c": 1, "c": 1}]}}'
    assert pointers(client.post("/todos", nested)) == {"#/metadata/b/0/c"}


def test_another_media_type_is_refused(client: Client) -> None:
    todo = client.create()

    for media_type in ("text/plain", "application/merge-patch+json", "application/x-www-form-urlencoded"):
        problem(client.post("/todos", {"title": "x"}, content_type=media_type), 415)
        problem(client.put(f"/todos/{todo['id']}", {"title": "x"}, content_type=media_type, if_match="*"), 415)
    problem(client.patch(f"/todos/{todo['id']}", {"title": "x"}, content_type="application/xml"), 415)
    assert client.get(f"/todos/{todo['id']}").json() == todo


def test_the_largest_fields_fit(client: Client) -> None:
    todo = client.create("x" * 500, notes="é" * 8192, list="€" * 100, tags=[f"{n:064}" for n in range(32)])

    assert client.get(f"/todos/{todo['id']}").json() == todo


def test_a_body_or_an_event_that_is_too_large_is_refused(client: Client) -> None:
    problem(client.post("/todos", {"title": "x", "notes": "x" * 140_000}), 413)
    # Each of these characters takes six bytes as stored.
    problem(client.post("/todos", {"title": "x", "notes": "\u0001" * 16_384}), 413)
    todo = client.create()
    problem(client.patch(f"/todos/{todo['id']}", {"notes": "\u0001" * 16_384}), 413)
    assert len(client.events(todo["id"])) == 1


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256, "a\tb"])
def test_an_idempotency_key_has_visible_ascii_characters_only(client: Client, key: str) -> None:
    problem(client.post("/todos", {"title": "x"}, idempotency_key=key), 400)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/todos", "limit=201"), ("/todos", "limit=0"), ("/todos", "limit=-1"), ("/todos", "limit=1.5"),
        ("/todos", "limit="), ("/todos", "limit=%C2%B2"), ("/todos", "limit=10&limit=10"), ("/todos", "colour=red"),
        ("/todos", "completed=yes"), ("/todos", "priority=urgent"), ("/todos", "sort=title"),
        ("/todos", "due_before=soon"), ("/todos", "due_after=2026-02-30"), ("/todos", "cursor="), ("/stats", "a=b"),
        ("/lists", "limit=201"), ("/lists", "q=x"), ("/lists/inbox/todos", "list=inbox"),
    ],
)  # fmt: skip
def test_a_bad_query_is_refused_and_the_parameter_named(client: Client, path: str, query: str) -> None:
    document = problem(client.get(f"{path}?{query}"), 400)

    assert {error["parameter"] for error in document["errors"]} == {query.partition("=")[0]}


def test_an_unknown_parameter_is_refused_on_writes_too(client: Client) -> None:
    todo = client.create()
    path = f"/todos/{todo['id']}"

    for answer in (
        client.post("/todos?colour=red", {"title": "x"}),
        client.put(f"{path}?colour=red", {"title": "x"}, if_match="*"),
        client.patch(f"{path}?colour=red", {"title": "x"}),
        client.delete(f"{path}?colour=red"),
        client.post(f"{path}/restore?colour=red"),
        client.post(f"{path}/revert?colour=red", {"to_version": 1}),
        client.post("/lists/inbox/todos?colour=red", {"title": "x"}),
        client.delete("/lists/inbox/todos?colour=red"),
    ):
        problem(answer, 400)
    assert client.get(path).json() == todo
