"""Sync: first everything, then the changes; a client that applies them ends with exactly the live todos."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.views import queries
from chalicelib.views.sync import walk
from tests.support.client import Client, problem
from tests.support.in_process import InProcess
from tests.support.replica import Replica
from tests.support.waiting import at_once, shows


@pytest.fixture
def filled(client: Client) -> Client:
    """Seven todos, in lists and states of every kind."""
    todos = [client.create(str(number), list="ab"[number % 2], due="2026-12-01") for number in range(7)]
    client.patch(f"/todos/{todos[0]['id']}", {"completed": True})
    client.patch(f"/todos/{todos[1]['id']}", {"title": "again"})
    shows(lambda: (client.stats()["total"], client.stats()["completed"]), (7, 1))
    shows(lambda: "again" in client.titles("/todos"), True)
    return client


def by_id(todos: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {todo["id"]: todo for todo in todos}


@pytest.mark.parametrize("limit", [3, 200])
def test_a_first_sync_that_would_bring_the_same_again_is_a_304(filled: Client, limit: int) -> None:
    path = f"/changes?limit={limit}"
    tag = filled.get(path).headers["ETag"]

    assert filled.get(path, if_none_match=tag).status_code == 304
    filled.created_and_seen("something new")
    assert filled.get("/changes?limit=200", if_none_match=tag).status_code == 200


def test_the_tag_is_another_on_another_day_since_its_cursor_may_have_expired(
    here: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = []
    for day in (20_000, 20_000.9, 20_001):
        clock = SimpleNamespace(time_ns=lambda day=day: int(day * 86_400 * 10**9), monotonic=time.monotonic)
        monkeypatch.setattr(walk, "time", clock)
        tags.append(here.get("/changes").headers["ETag"])

    assert tags[0] == tags[1] != tags[2]


def test_an_owner_without_todos_has_no_changes(client: Client) -> None:
    page = client.get("/changes").json()

    assert (page["changes"], page["more"]) == ([], False)
    again = client.get(f"/changes?since={page['cursor']}").json()
    assert (again["changes"], again["more"]) == ([], False)


@pytest.mark.parametrize("limit", [1, 2, 6, 7, 8, None])
def test_without_a_cursor_it_starts_with_everything_there_is_each_todo_once(filled: Client, limit: int | None) -> None:
    replica = Replica(filled, limit)

    changes = replica.sync()

    assert len(changes) == 7
    assert replica.todos == by_id(filled.rows("/todos"))
    assert replica.sync() == []


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_a_page_has_no_more_than_its_limit_and_only_the_last_says_that_there_is_no_more(
    filled: Client, limit: int
) -> None:
    replica = Replica(filled, limit)
    pages: list[dict[str, Any]] = []
    while not pages or pages[-1]["more"]:
        pages.append(replica.page())

    assert all(len(page["changes"]) <= limit for page in pages)
    assert len(pages) == -(-7 // limit)


def test_then_come_the_changes_in_their_order_each_as_the_newest_state(filled: Client) -> None:
    replica = Replica(filled)
    replica.sync()
    one, other, *_ = replica.todos
    filled.seen.patch(f"/todos/{one}", {"title": "first"})
    filled.seen.patch(f"/todos/{other}", {"completed": True})
    created = filled.created_and_seen("new")
    newest = filled.seen.patch(f"/todos/{one}", {"title": "last"}).json()

    changes = replica.sync()

    assert [change["id"] for change in changes] == [other, created["id"], one]
    assert changes[1:] == [created, newest]
    assert replica.todos == by_id(filled.rows("/todos"))


def test_a_deletion_is_a_tombstone(filled: Client) -> None:
    replica = Replica(filled)
    replica.sync()
    gone = next(iter(replica.todos))
    filled.seen.delete(f"/todos/{gone}")
    tombstone = {"id": gone, "version": len(filled.events(gone)), "deleted": True}

    assert replica.sync() == [tombstone]
    assert gone not in replica.todos
    assert tombstone in Replica(filled, limit=3).sync()


def test_what_is_restored_comes_back(filled: Client) -> None:
    replica = Replica(filled)
    replica.sync()
    path = f"/todos/{next(iter(replica.todos))}"
    filled.seen.delete(path)
    replica.sync()
    restored = filled.seen.post(f"{path}/restore").json()

    assert replica.sync() == [restored]
    assert replica.todos == by_id(filled.rows("/todos"))


def test_a_todo_that_changed_often_comes_once(filled: Client) -> None:
    replica = Replica(filled, limit=2)
    replica.sync()
    path = f"/todos/{next(iter(replica.todos))}"
    for number in range(6):
        filled.seen.patch(path, {"title": f"edit {number}"})
    filled.seen.delete(path)
    restored = filled.seen.post(f"{path}/restore").json()

    assert replica.sync() == [restored]


def test_what_changes_between_two_pages_comes_again(filled: Client) -> None:
    replica = Replica(filled, limit=2)
    (listed, _) = replica.page()["changes"]
    newest = filled.seen.patch(f"/todos/{listed['id']}", {"title": "since then"}).json()

    assert newest in replica.sync()
    assert replica.todos == by_id(filled.rows("/todos"))


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_a_copy_made_while_others_write_ends_as_what_there_is(client: Client, limit: int) -> None:
    writers = 3
    created: list[str] = []
    written: list[int] = []
    replica = Replica(client.another(), limit)

    def write(seed: int) -> None:
        mine, chance = client.another(), random.Random(seed)
        ids = [mine.create(f"{seed} {number}")["id"] for number in range(3)]
        for number in range(12):
            path = f"/todos/{chance.choice(ids)}"
            match chance.randrange(4):
                case 0:
                    ids.append(mine.create(f"{seed} {number} more")["id"])
                case 1:
                    mine.delete(path)
                case 2:
                    mine.post(f"{path}/restore")
                case _:
                    mine.patch(path, {"title": f"edit {number}", "list": chance.choice("abc")})
        created.extend(ids)
        written.append(seed)

    def copy() -> None:
        while len(written) < writers:
            replica.page()

    deeds: list[Callable[[], None]] = [*(partial(write, seed) for seed in range(writers)), copy]
    at_once(deeds)

    answers = [client.get(f"/todos/{todo_id}") for todo_id in created]
    live = by_id([answer.json() for answer in answers if answer.status_code == 200])
    assert 0 < len(live) < len(created)
    shows(lambda: (replica.sync(), replica.todos)[1], live)


def test_a_page_has_fifty_where_no_limit_is_given(client: Client) -> None:
    at_once([lambda: [client.another().create() for _ in range(13)] for _ in range(4)])
    shows(lambda: client.stats()["total"], 52)

    assert [len(page["changes"]) for page in pages_of(Replica(client))] == [50, 2]


def test_a_page_ends_where_it_has_enough_bytes(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        here.created_and_seen("x", notes="n" * 1000)
    replica = Replica(here)
    replica.sync()
    for todo_id in replica.todos:
        here.seen.patch(f"/todos/{todo_id}", {"title": "y"})
    monkeypatch.setattr(queries, "MAX_ANSWERED_BYTES", 4000)

    assert [len(page["changes"]) for page in pages_of(replica)] == [2, 1]


def test_a_page_may_have_two_thousand(client: Client) -> None:
    client.created_and_seen("one")

    assert len(client.get("/changes?limit=2000").json()["changes"]) == 1


@pytest.mark.parametrize("limit", [3, 4, 6, 2000])
def test_a_page_reads_the_rows_of_its_changes_a_few_at_a_time(
    here: InProcess, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    replica = Replica(here, limit)
    replica.sync()
    ids = [here.created_and_seen(str(number))["id"] for number in range(6)]
    # Their first entries do not count any more, and their rows are asked for before the others'.
    for todo_id in ids[:2]:
        here.seen.patch(f"/todos/{todo_id}", {"title": "again"})
    monkeypatch.setattr(walk, "ROWS_AT_ONCE", 2)

    changes = [page["changes"] for page in pages_of(replica)]

    assert [change["id"] for page in changes for change in page] == [*ids[2:], *ids[:2]]
    assert max(map(len, changes)) <= limit


def pages_of(replica: Replica) -> list[dict[str, Any]]:
    pages = [replica.page()]
    while pages[-1]["more"]:
        pages.append(replica.page())
    return pages


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=2001", "limit=20000", "limit=-1", "limit=x", "limit=", "cursor=x", "list=a"]
)
def test_other_queries_are_refused(client: Client, query: str) -> None:
    (error,) = problem(client.get(f"/changes?{query}"), 400)["errors"]

    assert error["parameter"] == query.partition("=")[0]


def test_head_is_get_without_the_body(filled: Client) -> None:
    head, get = filled.head("/changes"), filled.get("/changes")

    assert (head.status_code, head.text) == (200, "")
    assert get.headers["Cache-Control"] == head.headers["Cache-Control"] == "private, no-cache"
    assert head.headers["Content-Type"] == "application/json"


def test_nobody_learns_of_anothers_changes(
    client: Client, client_of: Callable[..., Client], owner: str, filled: Client
) -> None:
    for name in (f"{owner}#", f"{owner}2", owner[:-1], owner.upper(), "#views"):
        stranger = Replica(client_of(name))
        stranger.sync()
        assert not stranger.todos.keys() & by_id(filled.rows("/todos")).keys()


def test_to_read_is_enough(client_of: Callable[..., Client], owner: str) -> None:
    assert client_of(owner, scope="todos:read").get("/changes").status_code == 200
    problem(client_of(owner, scope="todos:write").get("/changes"), 403)
