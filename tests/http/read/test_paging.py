"""Pages: every todo exactly once to the end, and a cursor that is valid only for its owner and query."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial

import pytest

from tests.support.client import Client, list_path, next_path, problem
from tests.support.waiting import at_once, shows

COUNT = 23


@pytest.fixture
def filled(client: Client) -> Client:
    """Twenty-three open todos with due dates, some of them the same, in two lists."""

    def create(numbers: range) -> None:
        mine = client.another()
        for number in numbers:
            due = f"2026-12-{number % 5 + 1:02}"
            mine.create(str(number), list="ab"[number % 2], order=number % 3, due=due, tags=[f"t{number % 4}"])

    at_once([partial(create, range(first, COUNT, 4)) for first in range(4)])
    shows(lambda: client.stats()["total"], COUNT)
    return client


@pytest.mark.parametrize("sort", ["order", "due"])
@pytest.mark.parametrize("limit", [1, 7, 22, 23, 24, 200])
def test_following_the_links_finds_every_todo_once_and_in_order(filled: Client, sort: str, limit: int) -> None:
    pages = filled.pages(f"/todos?sort={sort}&limit={limit}")

    rows = [todo for page in pages for todo in page]
    assert len(rows) == len({todo["id"] for todo in rows}) == COUNT
    assert all(len(page) <= limit for page in pages)
    order = [(todo["list"], todo["order"]) if sort == "order" else todo["due"] for todo in rows]
    assert order == sorted(order)


@pytest.mark.parametrize("query", ["tag=t1", "tag=t1&sort=due", "q=1", "due_after=2026-12-02&sort=due", "list=b"])
def test_filtered_pages_find_the_same_as_one_page(filled: Client, query: str) -> None:
    whole = filled.get(f"/todos?{query}&limit=200").json()

    assert len(whole) > 3
    assert filled.rows(f"/todos?{query}&limit=1") == filled.rows(f"/todos?{query}&limit=3") == whole


def test_a_page_has_fifty_where_no_limit_is_given(client: Client) -> None:
    at_once([lambda: [client.another().create() for _ in range(15)] for _ in range(4)])
    shows(lambda: client.stats()["total"], 60)

    assert [len(page) for page in client.pages("/todos")] == [50, 10]


def test_the_link_names_the_same_query_and_list(client: Client) -> None:
    for _ in range(2):
        client.created_and_seen("a+b & 50%", list="a/b#c", tags=["x y"])

    first = client.get(f"{list_path('a/b#c')}?limit=1&tag=x%20y&q=a%2Bb%20%26%2050%25")

    assert first.headers["Link"].startswith(f"<{client.url}{list_path('a/b#c')}?")
    assert [len(page) for page in client.pages(next_path(first))] == [1]


def test_what_changes_while_paging_neither_hides_nor_repeats_the_rest(filled: Client) -> None:
    before = filled.rows("/todos?limit=200")
    first = filled.get("/todos?limit=10")
    filled.seen.delete(f"/todos/{before[2]['id']}")
    filled.seen.delete(f"/todos/{before[9]['id']}")

    assert [todo["id"] for todo in filled.rows(next_path(first))] == [todo["id"] for todo in before[10:]]


@pytest.mark.parametrize(
    "cursor",
    ["x", "%00", "AAAA", "bnVsbA", "W10", "WzEsMl0", "e30", "é", "W1tdLFtdXQ", pytest.param("a" * 5000, id="long")],
)
def test_a_garbled_cursor_is_refused(client: Client, cursor: str) -> None:
    for path in ("/todos", "/todos?sort=due", "/lists", list_path("a")):
        problem(client.get(f"{path}{'&' if '?' in path else '?'}cursor={cursor}"), 400)


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("/todos?limit=1", "/todos?limit=1&completed=false"),
        ("/todos?limit=1", "/todos?limit=1&sort=due"),
        ("/todos?limit=1&list=a", "/todos?limit=1&list=b"),
        ("/todos?limit=1&list=a", "/lists/a/todos?limit=1"),
        ("/lists/a/todos?limit=1", "/lists/b/todos?limit=1"),
        ("/lists?limit=1", "/todos?limit=1"),
    ],
)
def test_a_cursor_of_another_query_is_refused(filled: Client, path: str, other: str) -> None:
    cursor = cursor_after(filled, path)

    problem(filled.get(f"{other}&cursor={cursor}"), 400)
    assert filled.get(f"{path}&cursor={cursor}").status_code == 200


def test_another_owners_cursor_is_refused(filled: Client, client_of: Callable[..., Client], owner: str) -> None:
    stranger = client_of(f"{owner}-2")

    for path in ("/todos?limit=1", "/todos?limit=1&sort=due", "/lists?limit=1", "/lists/a/todos?limit=1"):
        problem(stranger.get(f"{path}&cursor={cursor_after(filled, path)}"), 400)


def test_the_limit_may_change_from_page_to_page(filled: Client) -> None:
    cursor = cursor_after(filled, "/todos?limit=1")

    assert len(filled.get(f"/todos?limit=200&cursor={cursor}").json()) == COUNT - 1


@pytest.mark.parametrize("path", ["/todos", "/todos?sort=due", "/lists", "/lists/a/todos", "history"])
def test_a_cursor_that_was_tampered_with_is_refused(client: Client, path: str) -> None:
    """What a cursor holds can be read by whoever decodes it; what comes back changed is none of the service's."""
    todos = [client.created_and_seen(list=name, due="2026-12-01") for name in ("a", "a", "b")]
    client.patch(f"/todos/{todos[0]['id']}", {"order": 1})
    path = f"/todos/{todos[0]['id']}/events" if path == "history" else path
    asked = f"{path}{'&' if '?' in path else '?'}limit=1"
    cursor = cursor_after(client, asked)
    *kept, _ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))

    statuses = {}
    for position in ("zzz", "", "é", "9" * 50, "9" * 5000, "²", "b~", "-1"):
        tampered = base64.urlsafe_b64encode(json.dumps([*kept, position]).encode()).decode().rstrip("=")
        statuses[position[:50]] = client.get(f"{asked}&cursor={tampered}").status_code
    assert set(statuses.values()) == {400}, statuses


def cursor_after(client: Client, path: str) -> str:
    """The cursor of the page after this one."""
    return next_path(client.get(path)).partition("cursor=")[2].partition("&")[0]
