"""Tenants are isolated: no request reaches another owner's todos, whatever the two are called."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from chalicelib.todos import ids
from tests.support.client import Client, list_path, problem

# Pairs whose keys would meet if owner and id, or owner and key, were put together without encoding.
NEIGHBOURS = [
    ("{}", "{}-2"), ("{}", "{}#b"), ("{}#", "{}"), ("{}%23b", "{}#b"), ("{}%2523", "{}%23"), ("{}/b", "{}%2Fb"),
    ("{}", "{}/"), ("{} b", "{}+b"), ("{}", "{} "), ("{}A", "{}a"), ("{}é", "{}e\u0301"), ("{}#list#x", "{}"),
    ("#{}", "%23{}"), ("{}", "{}\n"),
]  # fmt: skip


@pytest.fixture(params=NEIGHBOURS, ids=lambda pair: f"{pair[0]!r} and {pair[1]!r}".replace("{}", "x"))
def neighbours(request: pytest.FixtureRequest, owner: str, client_of: Callable[..., Client]) -> tuple[Client, Client]:
    """Two owners with similar names."""
    one, other = (name.format(owner) for name in request.param)
    return client_of(one), client_of(other)


def test_neither_sees_or_touches_what_is_the_others(neighbours: tuple[Client, Client]) -> None:
    victim, stranger = neighbours
    todo = victim.created_and_seen("secret", list="shared name", due="2026-12-01", tags=["secret"])
    path = f"/todos/{todo['id']}"

    for answer in (
        stranger.get(path), stranger.get(f"{path}?version=1"), stranger.get(f"{path}?at=2999-01-01"),
        stranger.get(path, if_none_match='"1"'), stranger.get(f"{path}/events"), stranger.patch(path, {"title": "x"}),
        stranger.put(path, {"title": "x"}, if_match='"1"'), stranger.put(path, {"title": "x"}, if_match="*"),
        stranger.delete(path), stranger.delete(path, if_match='"1"'), stranger.post(f"{path}/restore"),
        stranger.post(f"{path}/revert", {"to_version": 1}),
    ):  # fmt: skip
        problem(answer, 404)
        assert "secret" not in answer.text
    for collection in ("/todos", "/todos?sort=due", "/todos?q=secret", list_path("shared name"), "/lists"):
        assert stranger.rows(collection) == []
    assert stranger.stats() == {"total": 0, "open": 0, "completed": 0}
    assert stranger.delete(list_path("shared name")).status_code == 204
    assert victim.get(path).json() == todo
    assert victim.rows("/todos") == [todo]
    assert len(victim.events(todo["id"])) == 1


def test_both_may_use_the_same_id_the_same_list_and_the_same_key(neighbours: tuple[Client, Client]) -> None:
    one, other = neighbours
    todo = one.created_and_seen("mine", list="same")
    path = f"/todos/{todo['id']}"

    created = other.seen.put(path, {"title": "theirs", "list": "same"}, if_none_match="*")

    assert (created.status_code, created.headers["ETag"]) == (201, '"1"')
    for _ in range(2):
        assert one.patch(path, {"notes": "a"}, idempotency_key="k").json()["title"] == "mine"
        assert other.patch(path, {"notes": "b"}, idempotency_key="k").json()["title"] == "theirs"
    assert (one.titles(list_path("same")), other.titles(list_path("same"))) == (["mine"], ["theirs"])
    assert one.lists() == other.lists() == {"same": (1, 1, 0)}


def test_a_key_creates_another_todo_for_each_owner(neighbours: tuple[Client, Client]) -> None:
    one, other = neighbours

    mine = one.post("/todos", {"title": "mine"}, idempotency_key="k")
    theirs = other.post("/todos", {"title": "theirs"}, idempotency_key="k")

    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["id"] != theirs.json()["id"]
    problem(other.get(f"/todos/{mine.json()['id']}"), 404)


def test_a_cursor_serves_its_owner_alone(neighbours: tuple[Client, Client]) -> None:
    victim, stranger = neighbours
    for _ in range(2):
        victim.created_and_seen(due="2026-12-01")
    for path in ("/todos?limit=1", "/todos?limit=1&sort=due", "/lists/inbox/todos?limit=1"):
        following = victim.get(path).headers["Link"].split(">")[0].partition(victim.url)[2]
        assert victim.get(following).status_code == 200
        problem(stranger.get(following), 400)


def test_an_owner_and_a_key_are_not_confused_with_another_pair_of_them(
    client_of: Callable[..., Client], owner: str
) -> None:
    pairs = [(owner, "b#c"), (f"{owner}#b", "c"), (f"{owner}%23b", "c"), (owner, "b%23c"), (f"{owner}#b#c", "#")]

    todo_ids = {client_of(name).post("/todos", {"title": "x"}, idempotency_key=key).json()["id"] for name, key in pairs}

    assert len(todo_ids) == len(pairs)


def test_nothing_in_a_request_names_an_owner(client: Client, client_of: Callable[..., Client], owner: str) -> None:
    stranger = client_of(f"{owner}-2")
    client.created_and_seen("secret")
    names = {"x_owner": owner, "x_amzn_oidc_identity": owner, "principalid": owner, "cookie": f"sub={owner}"}

    assert stranger.get("/todos", **names).json() == []
    for name in ("owner", "sub", "principalId"):
        problem(stranger.get(f"/todos?{name}={owner}"), 400)
        problem(stranger.post("/todos", {"title": "x", name: owner}), 400)


def test_an_id_that_looks_like_a_key_reaches_nothing(
    client: Client, client_of: Callable[..., Client], owner: str
) -> None:
    todo = client.created_and_seen("secret")
    stranger = client_of(f"{owner}-2")
    partition = ids.partition_of(owner)

    for guess in (f"{partition}#{todo['id']}", f"#{todo['id']}", f"../{partition}#{todo['id']}", "tally", "list#inbox"):
        problem(stranger.get(f"/todos/{quote(guess, safe='')}"), 404)
    for name in (f"#{partition}", f"{partition}#inbox", f"inbox#{todo['id']}", "#views", "pointer"):
        assert stranger.get(list_path(name)).json() == []


def test_owners_named_like_the_services_own_records_are_owners_like_others(
    client_of: Callable[..., Client],
) -> None:
    for name in ("#views", "%23views", "pointer", "tally"):
        client = client_of(name)
        todo = client.created_and_seen("x")
        assert todo in client.rows("/todos")
        client.seen.delete(f"/todos/{todo['id']}")
        assert todo not in client.rows("/todos")
