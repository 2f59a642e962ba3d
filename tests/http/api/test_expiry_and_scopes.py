"""A good token opens what its scopes name, until it expires: the app itself looks at both."""

from __future__ import annotations

import pytest

from stack.local.local_stack import LocalStack
from tests.support.client import Client, problem
from tests.support.in_process import InProcess
from tests.support.waiting import eventually


def test_a_token_that_expires_while_the_gateway_remembers_it_is_refused_by_the_app(
    stack: LocalStack, owner: str
) -> None:
    # The first that lasts until its first answer: a busy machine needs a while.
    clients = (Client(stack.url, stack.token(owner, expires_in=seconds)) for seconds in (4, 8, 16, 32, 64))
    client = next(client for client in clients if client.get("/stats").status_code == 200)

    eventually(lambda: client.get("/stats").status_code == 401)

    answer = client.get("/stats")
    assert problem(answer, 401)["detail"] == "The token has expired."
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    problem(client.post("/todos", {"title": "x"}), 401)


def test_the_app_itself_looks_at_the_expiry_and_the_scope(environment: None, owner: str) -> None:
    problem(InProcess(owner, expires_in=-1).get("/stats"), 401)
    problem(InProcess(owner, scope="").get("/stats"), 403)


READS = [
    "/todos", "/todos/{id}", "/todos/{id}/events", "/lists", "/lists/inbox/todos", "/stats", "/webhooks",
    "/webhooks/{id}", "/webhooks/{id}/deliveries",
]  # fmt: skip
WRITES = [
    ("POST", "/todos", {"title": "x"}), ("PUT", "/todos/{id}", {"title": "x"}),
    ("PATCH", "/todos/{id}", {"title": "x"}), ("DELETE", "/todos/{id}", None),
    ("POST", "/todos/{id}/restore", None), ("POST", "/todos/{id}/revert", {"to_version": 1}),
    ("POST", "/lists/inbox/todos", {"title": "x"}), ("DELETE", "/lists/inbox/todos", None),
    ("POST", "/webhooks", {"url": "https://hooks.example/"}), ("PATCH", "/webhooks/{id}", {}),
    ("POST", "/webhooks/{id}/ping", None), ("POST", "/webhooks/{id}/rotate", None), ("DELETE", "/webhooks/{id}", None),
]  # fmt: skip


@pytest.mark.parametrize("scope", ["", "todos:read", "todos:reading todos:writer", "TODOS:WRITE", "openid", "todos"])
def test_a_write_needs_the_scope_for_writing(client: Client, stack: LocalStack, owner: str, scope: str) -> None:
    todo = client.create()
    reader = Client(stack.url, stack.token(owner, scope=scope))

    for method, path, content in WRITES:
        body = () if content is None else (content,)
        answer = reader.request(method, path.format(id=todo["id"]), *body, if_match="*")
        assert "todos:write" in problem(answer, 403)["detail"]
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert client.get(f"/todos/{todo['id']}").json() == todo


@pytest.mark.parametrize("scope", ["", "todos:write", "todos:readers"])
def test_a_read_needs_the_scope_for_reading(client: Client, stack: LocalStack, owner: str, scope: str) -> None:
    todo = client.create()
    writer = Client(stack.url, stack.token(owner, scope=scope))

    for path in READS:
        problem(writer.get(path.format(id=todo["id"])), 403)
        assert writer.head(path.format(id=todo["id"])).status_code == 403


@pytest.mark.parametrize(
    ("scope", "lacking"),
    [("todos:write", "todos:read"), ("todos:read", "todos:write"), ("", "todos:read and todos:write")],
)
def test_what_shows_todos_to_others_is_made_with_both_scopes_only(
    client: Client, stack: LocalStack, owner: str, scope: str, lacking: str
) -> None:
    limited = Client(stack.url, stack.token(owner, scope=scope))

    for path, content in (("/feeds", {}), ("/webhooks", {"url": "http://127.0.0.1:9/"})):
        refused = limited.post(path, content)
        assert problem(refused, 403)["detail"] == f"The token lacks the scope {lacking}."
        assert 'scope="todos:read todos:write"' in refused.headers["WWW-Authenticate"]
        assert client.get(path).json() == []


def test_each_scope_is_enough_for_its_own(client: Client, stack: LocalStack, owner: str) -> None:
    path = f"/todos/{client.create()['id']}"

    assert Client(stack.url, stack.token(owner, scope="a todos:read b")).get(path).status_code == 200
    assert Client(stack.url, stack.token(owner, scope="todos:write")).patch(path, {"title": "x"}).status_code == 200
