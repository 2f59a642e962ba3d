"""`GET /export`: the owner's todos as a file in pages, which the loader takes back without loss."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.api import pages
from chalicelib.todos.events import CONTENT_FIELDS
from stack.local.local_stack import LocalStack
from tests.support.client import Client, next_path, problem
from tests.support.in_process import InProcess
from tests.support.waiting import shows
from tests.unit.api.requests_given import a_request

JSON_LINES = "application/jsonl"

NASTY: list[dict[str, Any]] = [
    {"title": 'He said "no", twice;\tand\\', "notes": 'a\r\nb\rc\n\n"d",e\u2028f\x85\x0bg\x01', "list": "a/b#c, \"d\""},
    {"title": "=1+1", "notes": "", "tags": [], "metadata": {}, "order": 0},
    {"title": " ", "notes": " \n ", "list": " ", "tags": [" ", "a,b", 'c"d', "ü;é"], "order": -1.5, "source": " "},
    {"title": "@home", "priority": "high", "due": "2026-12-01", "remind_at": "2026-12-01T09:00:00+02:00"},
    {"title": "🌱 é", "order": 2.0, "repeat": "FREQ=WEEKLY;BYDAY=TU", "due": "2026-12-01t09:00:00.25z", "source": "f"},
    {"title": '"', "completed": True, "metadata": {
        "nested": [{"a": [1, 1.0, True, None, "x\n"]}, {}], "n": 10**30, "f": 1e-7, "id": "x", "=": '"'}},
    {"title": "id", "notes": "null", "order": 9007199254740991, "tags": ["null"], "list": "null", "priority": "low"},
]  # fmt: skip


def content(todo: dict[str, Any]) -> dict[str, Any]:
    """What must come back of a todo; as JSON, where 1, 1.0 and true differ."""
    return {name: json.dumps(todo[name]) for name in ("id", *CONTENT_FIELDS)}


def exported(client: Client, query: str = "", **headers: str) -> str:
    """All pages, one after the other."""
    path, pages = f"/export{query}", []
    while path:
        answer = client.get(path, **headers)
        assert answer.status_code == 200, answer.text
        pages.append(answer.content.decode())
        path = next_path(answer)
    return "".join(pages)


@pytest.fixture
def filled(client: Client) -> Client:
    """A client whose todos are hard to write down, with a subtask and one that is deleted."""
    made = [client.create(**todo) for todo in NASTY]
    gone = client.create("gone")
    client.seen.delete(f"/todos/{gone['id']}")
    client.create("A subtask", parent=made[0]["id"], order=-3)
    client.seen.patch(f"/todos/{made[1]['id']}", {"notes": ""})
    shows(lambda: client.stats()["total"], len(NASTY) + 1)
    return client


@pytest.mark.parametrize("accept", [JSON_LINES, "application/x-ndjson"])
def test_json_lines_are_the_todos_as_the_api_shows_them(filled: Client, accept: str) -> None:
    answer = filled.get("/export", accept=accept)

    assert answer.headers["Content-Type"] == accept
    lines = [json.loads(line) for line in answer.content.decode().split("\n")[:-1]]
    assert lines == sorted(filled.rows("/todos"), key=lambda todo: todo["id"])


def test_csv_has_a_header_and_quotes_as_rfc_4180_says(filled: Client) -> None:
    answer = filled.get("/export", accept="text/csv")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    header, *rows = csv.reader(io.StringIO(answer.content.decode(), newline=""), strict=True)
    todos = sorted(filled.rows("/todos"), key=lambda todo: todo["id"])
    assert header == list(todos[0])
    assert [row[header.index("title")] for row in rows] == [todo["title"] for todo in todos]
    assert [row[header.index("notes")] for row in rows] == [todo["notes"] or "" for todo in todos]
    assert [json.loads(row[header.index("tags")] or "null") for row in rows] == [todo["tags"] for todo in todos]
    assert answer.content.count(b"\r\n") >= len(rows) + 1


@pytest.mark.parametrize("accept", [JSON_LINES, "text/csv"])
def test_the_pages_make_the_file(filled: Client, accept: str) -> None:
    whole = exported(filled, accept=accept)

    assert exported(filled, "?limit=2", accept=accept) == exported(filled, "?limit=1", accept=accept) == whole


def test_what_moves_between_two_pages_is_in_the_file_once(client: Client) -> None:
    made = [client.create(str(number), list="zzz")["id"] for number in range(6)]
    shows(lambda: client.stats()["total"], len(made))

    found: list[str] = []
    path = "/export?limit=2"
    while path:
        page = client.get(path)
        found += [json.loads(line)["id"] for line in page.text.splitlines()]
        # From before to behind where a reader by list and order is, and the other way.
        client.seen.patch(f"/todos/{made[0]}", {"list": f"zzzz{len(found)}"})
        client.seen.patch(f"/todos/{made[-1]}", {"list": "a", "order": -len(found)})
        path = next_path(page)

    assert sorted(found) == sorted(made)


def test_deleted_todos_neither_fill_a_page_nor_end_the_file(client: Client) -> None:
    made = [client.create(str(number))["id"] for number in range(7)]
    for gone in made[1:6]:
        client.delete(f"/todos/{gone}")
    client.patch(f"/todos/{made[0]}", {"title": "x"})
    shows(lambda: client.stats()["total"], 2)

    assert [json.loads(line)["id"] for line in exported(client, "?limit=2").splitlines()] == [made[0], made[6]]
    assert next_path(client.get("/export?limit=2")) == ""


def test_a_cursor_of_the_export_by_list_and_order_has_expired(here: InProcess) -> None:
    query = {"format": "jsonl", "limit": None, "cursor": None}
    request = a_request(owner=here.owner, route="/export")
    cursor = pages.cursor_of(request, query, "inbox#~#0197e1f0-0000-7000-8000-00000000000a")

    refused = problem(here.get(f"/export?cursor={cursor}", accept=JSON_LINES), 410)

    assert refused["type"].endswith("/cursor-expired")
    assert "Start over" in refused["detail"]


def test_only_the_first_page_has_the_header_and_each_says_so(filled: Client) -> None:
    first = filled.get("/export?format=csv&limit=2")
    second = filled.get(next_path(first))

    assert first.headers["Content-Type"].endswith("header=present")
    assert second.headers["Content-Type"] == "text/csv; charset=utf-8; header=absent"
    assert first.text.startswith("id,version,title,")
    assert not second.text.startswith("id,")


@pytest.mark.parametrize(("name", "media_type"), [("jsonl", JSON_LINES), ("csv", "text/csv")])
def test_the_format_may_stand_in_the_query(client: Client, name: str, media_type: str) -> None:
    browser = "text/html,application/xhtml+xml,*/*;q=0.8"

    answer = client.get(f"/export?format={name}", accept=browser)

    assert answer.headers["Content-Type"].partition(";")[0] == media_type
    assert answer.headers["Content-Disposition"] == f'attachment; filename="todos.{name}"'
    assert client.get("/export", accept=browser).headers["Content-Type"] == JSON_LINES


def test_without_todos_there_is_a_header_or_nothing(client: Client) -> None:
    assert client.get("/export?format=jsonl").text == ""
    assert client.get("/export?format=csv").text.count("\r\n") == 1


def test_head_has_the_headers_alone(filled: Client) -> None:
    whole, head = (send("/export?limit=2&format=csv") for send in (filled.get, filled.head))

    assert (head.status_code, head.text) == (200, "")
    for name in ("Content-Type", "Link", "Cache-Control", "Vary"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize("accept", ["application/json", "text/html", "text/csv;q=0"])
def test_the_query_chooses_whatever_else_is_accepted(filled: Client, accept: str) -> None:
    chosen = filled.get("/export?format=csv", accept=accept)

    assert (chosen.status_code, chosen.headers["Content-Type"].partition(";")[0]) == (200, "text/csv")


def test_what_it_does_not_offer_is_refused(filled: Client) -> None:
    problem(filled.get("/export", accept="application/json"), 406)
    for query in ("format=xml", "limit=0", "limit=201", "list=inbox", "cursor=x", "format=csv&format=csv"):
        problem(filled.get(f"/export?{query}"), 400)
    problem(filled.post("/export", {}), 405)


def test_a_cursor_serves_its_owner_and_its_format_alone(
    filled: Client, owner: str, client_of: Callable[..., Client]
) -> None:
    path = next_path(filled.get("/export?limit=2", accept="text/csv"))

    problem(filled.get(path, accept=JSON_LINES), 400)
    problem(client_of(f"{owner}#").get(path, accept="text/csv"), 400)
    problem(filled.get(path.replace("/export", "/todos")), 400)
    assert filled.get(path, accept="text/csv").status_code == 200


def test_nobody_exports_anothers(filled: Client, owner: str, client_of: Callable[..., Client]) -> None:
    assert client_of(f"{owner}#").get("/export").text == ""
    assert client_of(owner, scope="todos:read").get("/export").text
    problem(client_of(owner, scope="todos:write").get("/export"), 403)


@pytest.mark.parametrize(("name", "query"), [("jsonl", "?limit=3"), ("csv", "?limit=3"), ("csv", "")])
def test_the_loader_makes_the_same_todos_of_another_owner(
    filled: Client,
    stack: LocalStack,
    owner: str,
    client_of: Callable[..., Client],
    tmp_path: Path,
    name: str,
    query: str,
) -> None:
    file = tmp_path / "export"
    file.write_bytes(exported(filled, query, accept={"jsonl": JSON_LINES, "csv": "text/csv"}[name]).encode())
    another = client_of(f"bob-{owner}")

    for _ in range(2):
        stack.run_module("loaders", str(file), "--owner", f"bob-{owner}")

    shows(lambda: another.stats()["total"], len(NASTY) + 1)
    assert [content(todo) for todo in another.rows("/todos")] == [content(todo) for todo in filled.rows("/todos")]


def test_loading_an_export_where_it_comes_from_changes_nothing(
    filled: Client, stack: LocalStack, owner: str, tmp_path: Path
) -> None:
    before = filled.rows("/todos")
    file = tmp_path / "export.jsonl"
    file.write_bytes(exported(filled).encode())

    stack.run_module("loaders", str(file), "--owner", owner)

    assert exported(filled) == file.read_text()
    assert filled.rows("/todos") == before
