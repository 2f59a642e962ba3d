"""A list may have any name without control characters: a name in a URL comes back unchanged."""

from __future__ import annotations

import http.client
import unicodedata
from urllib.parse import urlsplit

import pytest

from tests.support.client import Client, list_path, pointers, problem
from tests.support.waiting import PATIENCE_SECONDS, shows

NAMES = [
    "inbox", "a/b", "/", "//", "a%b", "100%", "%2F", "a%2Fb", "%", "%%", "%zz", "a+b", "a b", " ", "#", "a#b", "list#a",
    "todo#", "tally", "?", "a?b=c&d", "&", ";", ":", "@", "'", '"', "\\", "~", "...", ".a", "*", "{list}", "Café",
    "買い物", "🛒", "👩‍👩‍👧", "€" * 100, "x" * 100, "events", "restore",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_list_is_found_by_its_name_and_by_no_other(client: Client, name: str) -> None:
    path = list_path(name)

    created = client.seen.post(path, {"title": "here"})

    assert (created.status_code, created.json()["list"]) == (201, name)
    assert client.titles(path) == ["here"]
    assert client.lists() == {name: (1, 1, 0)}
    assert client.get(f"/todos/{created.json()['id']}").json()["list"] == name


def test_similar_names_are_different_lists(client: Client) -> None:
    similar = ["a/b", "a%2Fb", "a%252Fb", "a b", "a+b", "a", "a#", "A", "ab", "a/"]
    for name in similar:
        client.created_and_seen(name, list=name)

    assert {name: client.titles(list_path(name)) for name in similar} == {name: [name] for name in similar}
    assert set(client.lists()) == set(similar)


def test_names_that_look_the_same_are_the_same(client: Client) -> None:
    decomposed = unicodedata.normalize("NFD", "Café")
    client.created_and_seen("one", list="Café")
    client.created_and_seen("two", list=decomposed)

    assert client.lists() == {"Café": (2, 2, 0)}
    assert len(client.rows(list_path(decomposed))) == 2


def test_the_paths_list_is_the_bodys_or_the_body_names_none(client: Client) -> None:
    path = list_path("shop/ping")

    assert client.post(path, {"title": "x", "list": "shop/ping"}).status_code == 201
    assert client.post(path, {"title": "x", "list": None}).json()["list"] == "shop/ping"
    assert pointers(client.post(path, {"title": "x", "list": "inbox"})) == {"#/list"}
    created = client.post(path, {"title": "x"})
    assert created.headers["Location"] == created.json()["url"]
    assert created.headers["ETag"] == '"1"'


@pytest.mark.parametrize("name", ["a%0Ab", "%00", "%C2%85", "x" * 101, "%E2%82%AC" * 100 + "x"])
def test_a_path_that_names_no_list_is_refused(client: Client, name: str) -> None:
    for answer in (
        client.get(f"/lists/{name}/todos"),
        client.post(f"/lists/{name}/todos", {"title": "x"}),
        client.delete(f"/lists/{name}/todos"),
    ):
        problem(answer, 400)


@pytest.mark.parametrize("steps", ["%2E", "%2E%2E", ".", ".."])
def test_dots_name_no_list(client: Client, steps: str) -> None:
    # Sent by hand: an HTTP library takes the dots for steps, and so may whatever stands between.
    connection = http.client.HTTPConnection(urlsplit(client.url).netloc, timeout=PATIENCE_SECONDS)
    connection.request("GET", f"/lists/{steps}/todos", headers={"Authorization": f"Bearer {client.token}"})

    assert connection.getresponse().status in (400, 404)
    connection.close()


def test_a_list_that_holds_nothing_is_empty_and_not_listed(client: Client) -> None:
    assert client.get(list_path("nothing")).json() == []
    todo = client.created_and_seen(list="short")
    client.seen.delete(f"/todos/{todo['id']}")

    none: dict[str, tuple[int, int, int]] = {}
    shows(client.lists, none)
    assert client.get(list_path("short")).json() == []


def test_the_lists_come_in_pages_by_name(client: Client) -> None:
    names = [f"{letter}/{number}" for letter in "abc" for number in range(3)]
    for name in names:
        client.created_and_seen(list=name)

    for limit in (1, 2, 4, 9, 200):
        pages = client.pages(f"/lists?limit={limit}")
        assert [row["list"] for page in pages for row in page] == names
        assert all(len(page) <= limit for page in pages)
