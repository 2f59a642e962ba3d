"""POST creates a todo under an id of the service's own, PUT with If-None-Match: * under one of the client's."""

from __future__ import annotations

import uuid

from tests.support.client import Client, problem


def test_post_answers_201_with_the_todo_where_it_is_and_its_version(client: Client) -> None:
    created = client.post("/todos", {"title": "Buy milk"})

    todo = created.json()
    assert created.status_code == 201
    assert created.headers["ETag"] == '"1"'
    assert created.headers["Location"] == todo["url"] == f"{client.url}/todos/{todo['id']}"
    assert client.get(f"/todos/{todo['id']}").json() == todo
    assert todo["id"] != client.create()["id"]


def test_put_creates_under_the_clients_own_id(client: Client) -> None:
    path = f"/todos/{uuid.uuid4()}"

    created = client.put(path, {"title": "Buy milk"}, if_none_match="*")

    assert (created.status_code, created.headers["ETag"]) == (201, '"1"')
    assert created.headers["Location"] == client.url + path
    assert client.get(path).json() == created.json()


def test_put_does_not_create_where_a_todo_lives(client: Client) -> None:
    todo = client.create()

    refused = client.put(f"/todos/{todo['id']}", {"title": "Buy bread"}, if_none_match="*")

    document = problem(refused, 412)
    assert (document["todo"], document["events"]) == (todo, [])
    assert refused.headers["ETag"] == '"1"'


def test_put_on_a_deleted_todo_restores_it_with_the_new_content(client: Client) -> None:
    todo = client.create(notes="semi-skimmed")
    path = f"/todos/{todo['id']}"
    client.delete(path)

    restored = client.put(path, {"title": "Buy bread"}, if_none_match="*")

    assert (restored.status_code, restored.headers["ETag"]) == (201, '"3"')
    assert restored.headers["Location"] == client.url + path
    assert (restored.json()["title"], restored.json()["notes"]) == ("Buy bread", None)
    newest = client.events(todo["id"])[-1]
    assert (newest["type"], newest["change"]) == ("TodoRestored", {"title": "Buy bread", "notes": None})


def test_an_id_must_be_a_uuid_in_its_canonical_form(client: Client) -> None:
    for todo_id in (str(uuid.uuid4()).upper(), uuid.uuid4().hex, f"%7B{uuid.uuid4()}%7D", "mine"):
        problem(client.put(f"/todos/{todo_id}", {"title": "x"}, if_none_match="*"), 400)


def test_the_read_only_fields_of_a_body_are_ignored(client: Client) -> None:
    body = {"id": "x", "version": 9, "created_at": "x", "updated_at": 1, "completed_at": [], "url": None}

    created = client.post("/todos", {"title": "Buy milk", **body})

    assert created.status_code == 201
    assert (created.json()["version"], created.json()["completed_at"]) == (1, None)
    assert created.json()["id"] != "x"


def test_null_means_unset(client: Client) -> None:
    todo = client.create("Buy milk", notes=None, list=None, completed=None, priority=None, tags=None, order=None)

    assert [todo[name] for name in ("notes", "list", "completed", "priority")] == [None, "inbox", False, "none"]


def test_a_todo_may_be_created_completed(client: Client) -> None:
    todo = client.create(completed=True)

    assert todo["completed_at"] == todo["created_at"]
    assert [event["type"] for event in client.events(todo["id"])] == ["TodoCreated"]
