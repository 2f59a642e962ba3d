"""Reads are the caller's alone and have a validator: asking again for what is known costs a 304."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client, list_path
from tests.support.waiting import shows

READS = {
    "todos": "/todos?limit=2", "todos by due date": "/todos?sort=due", "one todo": "/todos/{id}",
    "an older version": "/todos/{id}?version=1", "history": "/todos/{id}/events", "lists": "/lists",
    "a list": "/lists/garden/todos", "counts": "/stats", "webhooks": "/webhooks", "health": "/health",
}  # fmt: skip
# What each answer has anew, and what a connection is told.
OF_THE_MOMENT = {"x-amzn-remapped-date",
    "date", "x-request-id", "x-amzn-requestid", "x-amz-request-id", "x-amz-id-2", "content-length", "transfer-encoding",
}  # fmt: skip


@pytest.fixture
def todo(client: Client) -> dict[str, Any]:
    return client.created_and_seen("Plant the garlic", list="garden", due="2026-12-01")


@pytest.fixture(params=READS)
def path(request: pytest.FixtureRequest, todo: dict[str, Any]) -> str:
    return READS[request.param].format(**todo)


def lasting(answer: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items() if name.lower() not in OF_THE_MOMENT}


def test_a_read_has_a_validator_and_asking_with_it_costs_a_304(client: Client, path: str) -> None:
    answer = client.get(path)
    tag = answer.headers["ETag"]

    unchanged = client.get(path, if_none_match=tag)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == ("no-cache" if path == "/health" else "private, no-cache")
    assert (unchanged.status_code, unchanged.text) == (304, "")
    assert "Content-Length" not in unchanged.headers
    assert unchanged.headers["ETag"] == tag
    assert unchanged.headers["Cache-Control"] == answer.headers["Cache-Control"]
    assert client.get(path, if_none_match='"other"').status_code == 200


def test_head_has_the_headers_of_get_and_no_body(client: Client, path: str) -> None:
    got, head = client.get(path), client.head(path)

    assert (got.status_code, head.status_code, head.text) == (200, 200, "")
    assert lasting(head) == lasting(got)
    assert "Content-Length" not in head.headers, "RFC 9110, section 8.6: that of GET, or none"
    assert client.head(path, if_none_match=got.headers["ETag"]).status_code == 304


def test_head_of_what_is_refused_is_refused_alike(client: Client, path: str) -> None:
    bare, _, query = path.partition("?")
    wrong = f"{bare}?{query}&colour=red"

    got, head = client.get(wrong), client.head(wrong)

    assert (got.status_code, head.status_code, head.text) == (400, 400, "")
    assert lasting(head) == lasting(got)


def test_a_change_changes_the_tag_of_all_that_shows_it(client: Client, todo: dict[str, Any]) -> None:
    paths = ["/todos", "/todos?sort=due", "/lists", list_path("garden"), "/stats", f"/todos/{todo['id']}/events"]
    known = {path: client.get(path).headers["ETag"] for path in paths}

    client.created_and_seen("Water it", list="garden", due="2026-12-02")
    client.seen.patch(f"/todos/{todo['id']}", {"title": "Plant the onions"})

    assert [path for path in paths if client.get(path, if_none_match=known[path]).status_code == 304] == []


def test_a_page_is_another_once_a_next_one_follows_it(client: Client, todo: dict[str, Any]) -> None:
    only = client.get("/todos?limit=1")
    client.created_and_seen("Zucchini", list="zzz")

    again = client.get("/todos?limit=1", if_none_match=only.headers["ETag"])

    assert (again.status_code, again.json()) == (200, only.json())
    assert "Link" in again.headers
    assert "Link" not in only.headers


def test_the_same_again_has_the_same_tag(client: Client, todo: dict[str, Any]) -> None:
    tag = client.get("/stats").headers["ETag"]
    client.seen.patch(f"/todos/{todo['id']}", {"completed": True})
    client.seen.patch(f"/todos/{todo['id']}", {"completed": False})

    shows(lambda: client.get("/stats").headers["ETag"], tag)


def test_a_todo_that_was_restored_is_not_hidden_by_the_refusal_of_before(client: Client, todo: dict[str, Any]) -> None:
    """410 may be stored without being told so (RFC 9110, section 15.1), and restore is another address."""
    path = f"/todos/{todo['id']}"
    client.delete(path)
    gone = client.get(path)
    client.post(f"{path}/restore")

    assert (gone.status_code, gone.headers["Cache-Control"]) == (410, "no-store")
    assert client.get(path).headers["Cache-Control"] == "private, no-cache"


def test_nothing_but_a_read_that_succeeds_is_stored(client: Client, todo: dict[str, Any]) -> None:
    """Also what the gateway itself refuses: an unknown path, and no valid token."""
    path = f"/todos/{todo['id']}"
    nobody = Client(client.url, "x")
    answers = {
        200: client.patch(path, {"title": "x"}),
        201: client.post("/todos", {"title": "x"}),
        204: client.delete(path),
        400: client.get("/todos?colour=red"),
        401: nobody.get("/todos"),
        404: client.get("/nowhere"),
        405: client.put("/stats", {}),
        406: client.get("/stats", accept="text/html"),
        410: client.get(path),
        413: client.post("/todos", {"title": "x", "notes": "x" * 140_000}),
        415: client.post("/todos", {}, content_type="text/plain"),
        428: client.put(path, {"title": "x"}),
    }

    assert [answer.status_code for answer in answers.values()] == list(answers)
    assert {answer.headers["Cache-Control"] for answer in answers.values()} == {"no-store"}
    assert client.options(path).headers["Cache-Control"] == "no-store"


def test_a_secret_is_not_kept(client: Client) -> None:
    created = client.post("/webhooks", {"url": "http://127.0.0.1:9/"})

    assert (created.status_code, created.headers["Cache-Control"]) == (201, "no-store")
