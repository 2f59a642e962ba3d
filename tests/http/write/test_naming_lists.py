"""PUT keeps a list's name also while it is empty; DELETE forgets the name and nothing else."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from chalicelib.aws.owned_collection import OwnedItems
from chalicelib.commands import named_lists
from tests.support.client import Client, list_path, problem, problem_name
from tests.support.faults import counted
from tests.support.in_process import InProcess
from tests.support.waiting import shows


def test_an_empty_list_is_listed_once_it_is_named(client: Client) -> None:
    created = client.put("/lists/a%2Fb")

    assert (created.status_code, created.json()) == (201, {"list": "a/b"})
    assert created.headers["Location"].endswith("/lists/a%2Fb/todos")
    assert client.get(created.headers["Location"].removeprefix(client.url)).json() == []
    assert client.lists() == {"a/b": (0, 0, 0)}
    again = client.put("/lists/a%2Fb")
    assert (again.status_code, again.json()) == (200, {"list": "a/b"})


def test_it_stays_when_its_last_todo_goes(client: Client) -> None:
    client.put("/lists/a")
    client.created_and_seen(list="a")
    assert client.lists() == {"a": (1, 1, 0)}

    client.delete(list_path("a"))

    shows(client.lists, {"a": (0, 0, 0)})


def test_only_the_name_is_forgotten(client: Client) -> None:
    client.put("/lists/a")
    todo = client.created_and_seen(list="a")

    assert client.delete("/lists/a").status_code == 204

    assert client.lists() == {"a": (1, 1, 0)}
    assert client.get(f"/todos/{todo['id']}").status_code == 200
    assert client.delete("/lists/a").status_code == 204
    client.seen.delete(f"/todos/{todo['id']}")
    problem(client.delete("/lists/a"), 404)
    assert client.lists() == {}


def test_a_name_that_no_list_can_have_is_refused(client: Client) -> None:
    for method in ("PUT", "DELETE"):
        problem(client.request(method, "/lists/%00"), 400)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("precondition", ["if_match", "if_none_match"])
def test_a_name_has_no_version(client: Client, method: str, precondition: str) -> None:
    problem(client.request(method, "/lists/a", **{precondition: "*"}), 400)


def test_names_and_lists_with_todos_come_in_one_order_page_by_page(client: Client) -> None:
    named = ["a", "ab", "c d", "e", "z", "ä", "a/b"]
    filled = ["aa", "c", "e", "f", "Z"]
    for name in named:
        client.put("/lists/" + list_path(name).split("/")[2])
    for name in filled:
        client.created_and_seen(list=name)

    whole = client.get("/lists?limit=200").json()

    assert sorted(row["list"] for row in whole) == sorted({*named, *filled})
    assert {row["list"]: row["total"] for row in whole} == {**dict.fromkeys(named, 0), **dict.fromkeys(filled, 1)}
    for limit in (1, 2, 3, 5):
        pages = client.pages(f"/lists?limit={limit}")
        assert [row for page in pages for row in page] == whole
        assert all(len(page) == limit for page in pages[:-2])


def test_an_owner_may_have_so_many_and_no_more(here: InProcess) -> None:
    with patch.object(named_lists, "_COLLECTION", OwnedItems("list#", "lists", 2)):
        assert [here.put(f"/lists/{name}").status_code for name in "ab"] == [201, 201]
        assert problem_name(problem(here.put("/lists/c"), 409)) == "too-many-lists"
        assert here.put("/lists/a").status_code == 200
        # A list of a name that nobody keeps needs none.
        here.created_and_seen(list="c")
        assert here.post("/lists/a/rename", {"to": "d"}).status_code == 200
        assert here.post("/lists/d/rename", {"to": "b"}).status_code == 200
        assert here.put("/lists/e").status_code == 201
        assert here.delete("/lists/e").status_code == 204
        assert here.put("/lists/f").status_code == 201


def test_commands_on_todos_do_not_touch_the_names(here: InProcess) -> None:
    here.put("/lists/a")
    with counted() as traffic:
        here.create(list="a")
    assert traffic.requests == {"PutItem": 1}
