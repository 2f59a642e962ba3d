"""`/mcp` at the gateway: methods, tokens, where a client without one is sent, and pages of other sites."""

from __future__ import annotations

import re

import pytest
import requests

from stack.local.issuer import ISSUER
from stack.local.local_stack import LocalStack
from tests.support.assistant import META, MODERN
from tests.support.waiting import PATIENCE_SECONDS

METADATA = "/.well-known/oauth-protected-resource"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def ask(stack: LocalStack, method: str, path: str, **more: object) -> requests.Response:
    return requests.request(method, stack.url + path, timeout=PATIENCE_SECONDS, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "PATCH"])
def test_other_methods_are_405_also_without_a_token(stack: LocalStack, method: str) -> None:
    answer = ask(stack, method, "/mcp")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["error"]["code"] == -32600


@pytest.mark.parametrize(("authorization", "status"), [(None, 401), ("Bearer x", 401), ("no scope", 403)])
def test_a_client_without_a_token_is_told_where_to_get_one(
    stack: LocalStack, owner: str, authorization: str | None, status: int
) -> None:
    """RFC 9728, section 5; only the gateway can send this header."""
    if authorization == "no scope":
        authorization = f"Bearer {stack.token(owner, 'openid')}"
    headers = {"Authorization": authorization} if authorization else {}
    answer = ask(stack, "POST", "/mcp", json=PING, headers=headers)

    assert answer.status_code == status
    found = dict(re.findall(r'(\w+)="([^"]*)"', answer.headers["WWW-Authenticate"]))
    assert found["resource_metadata"] == f"{stack.url}{METADATA}/mcp"
    assert found["scope"] == "todos:read todos:write"
    assert found["error"] == ("insufficient_scope" if status == 403 else "invalid_token")
    metadata = requests.get(found["resource_metadata"], timeout=PATIENCE_SECONDS).json()
    assert metadata["resource"] == f"{stack.url}/mcp"
    assert metadata["authorization_servers"] == [ISSUER]


def test_the_metadata_is_at_the_root_too_for_any_page(stack: LocalStack) -> None:
    answers = [
        ask(stack, "GET", path, headers={"Origin": "https://a.example"}) for path in (METADATA, f"{METADATA}/mcp")
    ]

    assert answers[0].json() == answers[1].json()
    assert all(answer.headers["Access-Control-Allow-Origin"] == "*" for answer in answers)


def test_a_token_for_this_very_url_is_accepted(stack: LocalStack, owner: str) -> None:
    """RFC 8707: clients ask for a token for the URL of the server."""
    import jwt

    claims = jwt.decode(stack.token(owner), options={"verify_signature": False})
    for audience, status in ((f"{stack.url}/mcp", 200), (f"{stack.url}/other", 401)):
        token = jwt.encode(
            claims | {"aud": audience},
            stack.issuer.private_key,
            algorithm="RS256",
            headers={"kid": stack.issuer.key_id},
        )
        answer = ask(stack, "POST", "/mcp", json=PING, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status


def test_a_page_may_send_what_the_protocol_needs(stack: LocalStack) -> None:
    answer = ask(
        stack,
        "OPTIONS",
        "/mcp",
        headers={"Origin": "http://localhost:6274", "Access-Control-Request-Method": "POST"},
    )

    allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert {"authorization", "content-type", "mcp-protocol-version", "mcp-method", "mcp-name"} <= allowed


def test_a_page_of_another_site_does_not_reach_the_local_server(stack: LocalStack, owner: str) -> None:
    token = {"Authorization": f"Bearer {stack.token(owner)}"}
    for origin, status in (("http://localhost:6274", 200), ("https://page.example", 403)):
        assert ask(stack, "POST", "/mcp", json=PING, headers={**token, "Origin": origin}).status_code == status


def test_no_session_is_begun(stack: LocalStack, owner: str) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": META}}
    headers = {
        "Authorization": f"Bearer {stack.token(owner)}", "MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/list",
        "Mcp-Session-Id": "of another server", "Last-Event-ID": "7",
    }  # fmt: skip
    answer = ask(stack, "POST", "/mcp", json=body, headers=headers)

    assert answer.status_code == 200
    assert "Mcp-Session-Id" not in answer.headers
