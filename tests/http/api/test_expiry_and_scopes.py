"""A good token opens what its scopes name, until it expires: the gateway refuses it, or the app behind it.

API Gateway renames a Lambda's `WWW-Authenticate`, so a refusal that needs it is the gateway's own wherever it can be.
"""

from __future__ import annotations

import re

import pytest

from chalicelib.api.route import Route
from chalicelib.api.routes import ROUTES
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
    # The one refusal of a token that is the app's: a policy that the gateway remembers does not know the time.
    assert answer.headers["X-Amzn-Remapped-WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert "WWW-Authenticate" not in answer.headers
    problem(client.post("/todos", {"title": "x"}), 401)


def test_the_app_itself_looks_at_the_expiry(environment: None, owner: str) -> None:
    refused = InProcess(owner, expires_in=-1).get("/stats")

    problem(refused, 401)
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    ("granted", "path", "lacking", "needed"),
    [
        ("", "/stats", "todos:read", "todos:read"),
        ("todos:read", "/batch", "todos:write", "todos:write"),
        ("todos:read", "/feeds", "todos:write", "todos:read todos:write"),
        ("todos:write", "/feeds", "todos:read", "todos:read todos:write"),
        ("", "/webhooks", "todos:read and todos:write", "todos:read todos:write"),
    ],
)
def test_the_app_itself_looks_at_the_scope(
    environment: None, owner: str, granted: str, path: str, lacking: str, needed: str
) -> None:
    """In case the gateway's policy lets a request pass."""
    caller = InProcess(owner, scope=granted)
    refused = caller.get(path) if path == "/stats" else caller.post(path, {})

    assert problem(refused, 403)["detail"] == f"The token lacks the scope {lacking}."
    assert refused.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{needed}"'


@pytest.mark.parametrize(
    "route", [one for one in ROUTES if one.scope and one.method != "GET"], ids=lambda one: f"{one.method} {one.path}"
)
def test_the_app_itself_lets_no_reader_write_by_any_form_of_a_path(environment: None, owner: str, route: Route) -> None:
    """The policy's patterns match the path as the client wrote it, which may be another than the route's."""
    reader = InProcess(owner, scope="todos:read")
    for value in ("1", "a%2Fb", "%2A", "%3F"):
        path = re.sub(r"\{[^}]*\}", value, route.path)
        for form in (path, f"{path}/"):
            problem(reader.request(route.method, form, {}), 403)


def challenge(stack: LocalStack) -> str:
    """The gateway's own answer, which is the same for all paths."""
    return (
        'Bearer error="insufficient_scope", scope="todos:read todos:write", '
        f'resource_metadata="{stack.url}/.well-known/oauth-protected-resource/mcp"'
    )


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
        assert answer.headers["WWW-Authenticate"] == challenge(stack)
    assert client.get(f"/todos/{todo['id']}").json() == todo


@pytest.mark.parametrize("scope", ["", "todos:write", "todos:readers"])
def test_a_read_needs_the_scope_for_reading(client: Client, stack: LocalStack, owner: str, scope: str) -> None:
    todo = client.create()
    writer = Client(stack.url, stack.token(owner, scope=scope))

    for path in READS:
        refused = writer.get(path.format(id=todo["id"]))
        problem(refused, 403)
        assert refused.headers["WWW-Authenticate"] == challenge(stack)
        assert writer.head(path.format(id=todo["id"])).status_code == 403


@pytest.mark.parametrize("scope", ["todos:write", "todos:read", ""])
def test_what_shows_todos_to_others_is_made_with_both_scopes_only(
    client: Client, stack: LocalStack, owner: str, scope: str
) -> None:
    limited = Client(stack.url, stack.token(owner, scope=scope))

    for path, content in (("/feeds", {}), ("/webhooks", {"url": "http://127.0.0.1:9/"})):
        refused = limited.post(path, content)
        assert "a webhook or a calendar feed both" in problem(refused, 403)["detail"]
        assert refused.headers["WWW-Authenticate"] == challenge(stack)
        assert client.get(path).json() == []


@pytest.mark.parametrize("scope", ["", "todos:read", "todos:write"])
def test_what_no_scope_opens_is_answered_as_with_every_scope(stack: LocalStack, owner: str, scope: str) -> None:
    limited = Client(stack.url, stack.token(owner, scope=scope))

    problem(limited.get("/nowhere"), 404)
    problem(limited.put("/stats", {}), 405)
    assert limited.options("/todos").ok
    assert limited.get("/health").ok


def test_each_scope_is_enough_for_its_own(client: Client, stack: LocalStack, owner: str) -> None:
    path = f"/todos/{client.create()['id']}"

    assert Client(stack.url, stack.token(owner, scope="a todos:read b")).get(path).status_code == 200
    assert Client(stack.url, stack.token(owner, scope="todos:write")).patch(path, {"title": "x"}).status_code == 200
