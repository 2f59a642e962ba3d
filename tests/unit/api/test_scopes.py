"""The scopes of a token: a text (RFC 8693), or the same as an array; whatever else grants nothing.

And the policy that API Gateway gets for them: it must say of every route what the app would say.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chalicelib.api import auth, scopes
from chalicelib.api.auth import scopes_in
from chalicelib.api.route import Route
from chalicelib.api.routes import ROUTES
from chalicelib.mcp import routes as mcp_routes

# What one gateway, and its authorizer, is for.
ALL_ROUTES = (*ROUTES, *mcp_routes.ROUTES)
ARN = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/prod"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({}, ""),
        ({"scope": None}, ""),
        ({"scope": ""}, ""),
        ({"scope": "todos:read todos:write"}, "todos:read todos:write"),
        ({"scope": ["todos:read", "todos:write"]}, "todos:read todos:write"),
        ({"scope": []}, ""),
        ({"scope": ["todos:read todos:write"]}, None),
        ({"scope": ["todos:read", 7]}, None),
        ({"scope": [["todos:read"]]}, None),
        ({"scope": [""]}, None),
        ({"scope": {"todos:read": False}}, None),
        ({"scope": 7}, None),
        ({"scope": True}, None),
        ({"scope": "todos:read\ttodos:write"}, None),
        ({"scope": "todos:read\u2003todos:write"}, None),
    ],
)
def test_the_scopes_that_a_token_grants(claims: dict[str, Any], expected: str | None) -> None:
    assert scopes_in(claims) == expected


GRANTED = ["", scopes.READ, scopes.WRITE, scopes.READ_AND_WRITE, "openid", f"{scopes.READ} openid", "todos"]
# What a client may put into a path; API Gateway may decode it before it looks at the policy.
VALUES = ["1", "a%2Fb", "a/b", "webhooks", "feeds", "x/ping", "todos", "*", "?"]


def policy(monkeypatch: pytest.MonkeyPatch, granted: str, arn: str) -> list[dict[str, Any]]:
    """The statements of the authorizer's answer to a good token with these scopes, asked for one route."""
    claims = {"sub": "ann", "exp": 4_000_000_000, "scope": granted}
    monkeypatch.setattr(auth, "_verified_claims", lambda *_: claims)
    monkeypatch.setenv("TOKEN_AUDIENCE", "todo-ledger")
    answer = auth.authorize("Bearer x", arn, ALL_ROUTES)
    statements: list[dict[str, Any]] = answer["policyDocument"]["Statement"]
    return statements


def allows(statements: list[dict[str, Any]], arn: str) -> bool:
    """IAM's rule: what a statement allows and none denies; a star stands for any text, also with slashes."""

    def matches(pattern: str) -> bool:
        return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), arn, re.DOTALL) is not None

    effects = {one["Effect"] for one in statements if any(map(matches, one["Resource"]))}
    return effects == {"Allow"}


@pytest.mark.parametrize("granted", GRANTED)
@pytest.mark.parametrize("route", [one for one in ALL_ROUTES if one.scope], ids=lambda one: f"{one.method} {one.path}")
def test_the_policy_opens_what_the_scopes_of_a_token_open(
    monkeypatch: pytest.MonkeyPatch, route: Route, granted: str
) -> None:
    # The gateway uses the answer to one request for all others with the same token.
    statements = policy(monkeypatch, granted, f"{ARN}/GET/todos")
    assert statements == policy(monkeypatch, granted, f"{ARN}/POST/webhooks/1/ping")
    for value in VALUES:
        path = re.sub(r"\{[^}]*\}", value, route.path)
        for method in (route.method, "HEAD") if route.method == "GET" else (route.method,):
            expected = not scopes.missing_scopes(route.scope or "", granted)
            assert allows(statements, f"{ARN}/{method}{path}") == expected, path


@pytest.mark.parametrize("granted", GRANTED)
def test_the_policy_is_small_and_for_this_api_and_stage_alone(monkeypatch: pytest.MonkeyPatch, granted: str) -> None:
    statements = policy(monkeypatch, granted, f"{ARN}/GET/todos")

    # Well below the 8 KB that AWS's documentation has named for an authorizer's policy.
    assert len(json.dumps(statements)) < 2_000
    assert all(resource.startswith(f"{ARN}/") for one in statements for resource in one["Resource"])


def test_of_a_method_that_needs_various_scopes_only_the_refused_paths_are_named() -> None:
    routes = [
        Route("POST", "/a", lambda: None, scopes.WRITE),  # type: ignore[arg-type,return-value]
        Route("POST", "/b/{id}/c", lambda: None, scopes.READ_AND_WRITE),  # type: ignore[arg-type,return-value]
        Route("GET", "/a", lambda: None, scopes.READ),  # type: ignore[arg-type,return-value]
        Route("GET", "/public", lambda: None, None),  # type: ignore[arg-type,return-value]
    ]

    assert scopes.denied_methods(routes, scopes.WRITE) == ["POST/b/*/c", "GET/*", "HEAD/*"]
    assert scopes.denied_methods(routes, scopes.READ) == ["POST/*"]
    assert scopes.denied_methods(routes, scopes.READ_AND_WRITE) == []


@pytest.mark.parametrize(
    ("public_url", "arn", "url"),
    [
        ("", ARN, "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/mcp"),
        (
            "",
            ARN.replace("arn:aws:", "arn:aws-cn:"),
            "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com.cn/prod/mcp",
        ),
        ("https://todos.example", ARN, "https://todos.example/mcp"),
    ],
)
def test_a_token_is_for_the_service_or_for_the_server_for_assistants(
    monkeypatch: pytest.MonkeyPatch, public_url: str, arn: str, url: str
) -> None:
    monkeypatch.setenv("TOKEN_AUDIENCE", "todo-ledger")
    monkeypatch.setenv("PUBLIC_URL", public_url)

    assert auth.audiences(f"{arn}/POST/mcp") == ["todo-ledger", url]
