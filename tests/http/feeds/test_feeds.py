"""`/feeds`: tokens for calendar programs are told once, kept as hashes, and end when their owner says so."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.calendar.feeds import MAX_FEEDS
from stack.local.local_stack import LocalStack
from tests.support.client import Client, pointers, problem
from tests.support.in_process import InProcess


def made(client: Client, **wanted: Any) -> dict[str, Any]:
    answer = client.post("/feeds", wanted)
    assert answer.status_code == 201, answer.text
    feed: dict[str, Any] = answer.json()
    return feed


def path_of(feed: dict[str, Any]) -> str:
    path: str = "/todos.ics" + feed["url"].partition("/todos.ics")[2]
    return path


def token_of(feed: dict[str, Any]) -> str:
    token: str = feed["url"].partition("?token=")[2]
    return token


@pytest.fixture
def anybody(stack: LocalStack) -> Client:
    """A client without a bearer token, like a calendar program."""
    return Client(stack.url, None)


def test_a_new_feed_has_a_url_that_is_shown_once(client: Client) -> None:
    answer = client.post("/feeds", {"name": "Phone", "lists": ["garden", "garden", "a/b"]})

    feed = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{client.url}/feeds/{feed['id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert (feed["name"], feed["lists"]) == ("Phone", ["garden", "a/b"])
    assert feed["url"].startswith(f"{client.url}/todos.ics?token=")
    (listed,) = client.get("/feeds").json()
    assert listed == {name: value for name, value in feed.items() if name != "url"}


def test_a_token_has_a_secret_of_its_own_of_256_bits(client: Client) -> None:
    tokens = {token_of(made(client)) for _ in range(3)}

    secrets = {base64.urlsafe_b64decode(token)[16:] for token in tokens}
    assert len(secrets) == 3
    assert {len(secret) for secret in secrets} == {32}


def test_nothing_that_is_stored_is_the_token(client: Client, environment: None) -> None:
    feed = made(client, name="Phone")

    token = token_of(feed)
    stored = [
        str(item)
        for page in dynamodb.pages("scan", TableName=settings.settings_table(), ConsistentRead=True)
        for item in page
    ]
    assert sum(feed["id"] in item for item in stored) == 2
    secret = base64.urlsafe_b64decode(token)[16:]
    for part in (token, token[22:], secret.hex(), str(secret)):
        assert not any(part in item for item in stored)


def test_the_token_alone_opens_the_calendar(client: Client, anybody: Client) -> None:
    client.created_and_seen("Plant the garlic")

    answer = anybody.get(path_of(made(client)))

    assert answer.status_code == 200
    assert "SUMMARY:Plant the garlic" in answer.text


def test_no_wrong_token_opens_it_and_all_are_answered_alike(client: Client, anybody: Client) -> None:
    feed, revoked = made(client), made(client)
    assert client.delete(f"/feeds/{revoked['id']}").status_code == 204
    token = token_of(feed)
    content = base64.urlsafe_b64decode(token)
    wrong = [
        token_of(revoked),
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        base64.urlsafe_b64encode(content[:16] + bytes(32)).decode(),
        base64.urlsafe_b64encode(bytes(48)).decode(),
        base64.urlsafe_b64encode(base64.urlsafe_b64decode(token_of(revoked))[:16] + content[16:]).decode(),
        token[:-4], token + "AAAA", "", "é" * 64, "%00" * 64, f"%20{token}", feed["id"], client.token,
    ]  # fmt: skip

    refused = [anybody.get(f"/todos.ics?token={each}") for each in wrong] + [anybody.get("/todos.ics")]

    assert {answer.status_code for answer in refused} == {401}
    assert len({answer.text for answer in refused}) == 1
    assert refused[0].headers["X-Amzn-Remapped-WWW-Authenticate"].startswith("Bearer")
    problem(refused[0], 401)
    assert anybody.get(path_of(feed)).status_code == 200


def test_a_bearer_token_does_not_stand_in_for_the_feeds(client: Client) -> None:
    problem(client.get("/todos.ics"), 401)


def test_the_token_serves_the_calendar_alone(client: Client, anybody: Client) -> None:
    token = token_of(made(client))

    assert anybody.get("/todos", authorization=f"Bearer {token}").status_code == 401
    problem(anybody.post("/todos.ics", {}), 405)
    problem(anybody.get(f"/todos.ics?token={token}&list=inbox"), 400)
    problem(anybody.get(f"/todos.ics?token={token}&token={token}"), 400)


def test_a_feed_ends_at_once_when_it_is_deleted_and_the_others_stay(client: Client, anybody: Client) -> None:
    first, second = made(client), made(client)

    assert client.delete(f"/feeds/{first['id']}").status_code == 204

    problem(anybody.get(path_of(first)), 401)
    assert anybody.get(path_of(second)).status_code == 200
    assert [feed["id"] for feed in client.get("/feeds").json()] == [second["id"]]
    problem(client.delete(f"/feeds/{first['id']}"), 404)


@pytest.mark.parametrize("feed_id", ["no-uuid", "0190c3a0-0000-7000-8000-000000000000", "%23", "pointer"])
def test_what_is_no_feed_cannot_be_deleted(client: Client, feed_id: str) -> None:
    problem(client.delete(f"/feeds/{feed_id}"), 404)


def test_nobody_sees_or_ends_anothers_feeds(client: Client, owner: str, client_of: Callable[..., Client]) -> None:
    feed = made(client)

    for neighbour in (f"{owner}#", f"{owner}%23", f"#feed#{feed['id']}", "#feed"):
        stranger = client_of(neighbour)
        assert stranger.get("/feeds").json() == []
        problem(stranger.delete(f"/feeds/{feed['id']}"), 404)

    assert client.get(path_of(feed)).status_code == 200


def test_each_feed_shows_its_own_owners_todos(
    client: Client, owner: str, client_of: Callable[..., Client], anybody: Client
) -> None:
    neighbour = client_of(f"{owner}#")
    client.created_and_seen("mine", list="same")
    neighbour.created_and_seen("theirs", list="same")

    shown = anybody.get(path_of(made(neighbour, lists=["same"]))).text

    assert "theirs" in shown
    assert "mine" not in shown


def test_there_may_be_so_many_and_a_deleted_one_makes_room(client: Client) -> None:
    feeds = [made(client) for _ in range(MAX_FEEDS)]

    assert problem(client.post("/feeds", {}), 409)["type"].endswith("/too-many-feeds")
    client.delete(f"/feeds/{feeds[0]['id']}")
    made(client)
    problem(client.post("/feeds", {}), 409)


def test_a_repeat_with_its_key_makes_no_second_feed_but_a_new_token(client: Client, anybody: Client) -> None:
    first = client.post("/feeds", {"name": "Phone"}, idempotency_key="a").json()

    again = client.post("/feeds", {"name": "Phone"}, idempotency_key="a")

    repeated = again.json()
    assert again.status_code == 201
    assert {**repeated, "url": first["url"]} == first
    problem(anybody.get(path_of(first)), 401)
    assert anybody.get(path_of(repeated)).status_code == 200
    assert len(client.get("/feeds").json()) == 1
    problem(client.post("/feeds", {"name": "Wall"}, idempotency_key="a"), 422)
    assert anybody.get(path_of(repeated)).status_code == 200


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ([], {"#"}),
        ({"lists": []}, {"#/lists"}),
        ({"lists": "inbox"}, {"#/lists"}),
        ({"lists": ["a", 1]}, {"#/lists/1"}),
        ({"lists": ["a", "."]}, {"#/lists/1"}),
        ({"lists": ["a"] * 21}, {"#/lists"}),
        ({"name": ""}, {"#/name"}),
        ({"name": "a\u0007"}, {"#/name"}),
        ({"name": "x" * 101}, {"#/name"}),
        ({"token": "mine", "name": 5}, {"#/token", "#/name"}),
    ],
)
def test_a_bad_body_is_refused_naming_each_field(client: Client, body: object, wrong: set[str]) -> None:
    assert pointers(client.post("/feeds", body)) == wrong
    assert client.get("/feeds").json() == []


def test_scopes_count(client_of: Callable[..., Client], owner: str) -> None:
    reader = client_of(owner, scope="todos:read")

    problem(reader.post("/feeds", {}), 403)
    assert reader.get("/feeds").status_code == 200


def test_no_log_shows_the_token(here: InProcess, stack: LocalStack, capfd: pytest.CaptureFixture[str]) -> None:
    feed = here.post("/feeds", {"name": "Phone"}).json()

    assert here.get(path_of(feed)).status_code == 200
    assert here.get(f"/todos.ics?token={'x' * 64}").status_code == 401

    logged = "".join(capfd.readouterr()) + stack.state.log.read_text(errors="replace")
    assert logged.count('"route":"/todos.ics"') == 2
    assert token_of(feed) not in logged
    assert "x" * 64 not in logged
