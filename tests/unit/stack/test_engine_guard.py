"""The guard before the engine's AWS API lets only requests with the stack's token pass, and none of a browser's."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from stack.local.guard import Guard

PORT = 4566
TOKEN = "0123456789abcdef" * 4
HOST = (b"host", b"127.0.0.1:4566")
WITH_TOKEN = (b"x-amz-security-token", TOKEN.encode())


def sent(scope: dict[str, Any]) -> tuple[bool, list[dict[str, Any]]]:
    """Whether the engine got a request, and what was answered in its place."""
    passed, messages = False, []

    async def engine(*_: Any) -> None:
        nonlocal passed
        passed = True

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> Any:
        raise AssertionError("the guard reads no body")

    asyncio.run(Guard(engine, PORT, TOKEN)(scope, receive, send))  # type: ignore[arg-type]
    return passed, messages


def http(*headers: tuple[bytes, bytes], path: bytes = b"/", query: bytes = b"", method: str = "POST") -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path.decode(),
        "raw_path": path,
        "query_string": query,
        "headers": headers,
    }


@pytest.mark.parametrize("host", [b"127.0.0.1:4566", b"localhost:4566", b"LOCALHOST:4566", b"[::1]:4566"])
def test_a_request_with_the_token_to_this_machine_passes(host: bytes) -> None:
    assert sent(http((b"host", host), WITH_TOKEN)) == (True, [])


@pytest.mark.parametrize("name", [b"X-Amz-Security-Token", b"x-amz-security-token"])
def test_a_presigned_request_passes_with_the_token_in_its_query(name: bytes) -> None:
    assert sent(http(HOST, query=b"Expires=1&" + name + b"=" + TOKEN.encode() + b"&Signature=0"))[0]


@pytest.mark.parametrize(
    "headers",
    [
        (HOST, WITH_TOKEN, (b"origin", b"https://example.com")),
        (HOST, WITH_TOKEN, (b"Origin", b"null")),
        (HOST, WITH_TOKEN, (b"origin", b"")),
        (HOST, WITH_TOKEN, (b"sec-fetch-site", b"same-origin")),
        (HOST, WITH_TOKEN, (b"Sec-Fetch-Mode", b"no-cors")),
        (HOST, WITH_TOKEN, (b"sec-fetch-dest", b"image")),
        (HOST, WITH_TOKEN, (b"sec-fetch-storage-access", b"none")),
    ],
)
def test_what_a_browser_sends_is_refused_even_with_the_token(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    assert refused(http(*headers))
    assert refused(http(*headers, method="OPTIONS"))


@pytest.mark.parametrize(
    "headers",
    [
        (WITH_TOKEN,),
        ((b"host", b"attacker.example:4566"), WITH_TOKEN),
        ((b"host", b"127.0.0.1"), WITH_TOKEN),
        ((b"host", b"127.0.0.1:4567"), WITH_TOKEN),
        ((b"host", b"127.0.0.1.attacker.example:4566"), WITH_TOKEN),
        ((b"host", b"bucket.localhost:4566"), WITH_TOKEN),
        ((b"host", b"localhost:4566@attacker.example"), WITH_TOKEN),
        ((b"host", b"0.0.0.0:4566"), WITH_TOKEN),
        (HOST, HOST, WITH_TOKEN),
    ],
)
def test_a_request_for_another_host_is_refused(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    assert refused(http(*headers))


@pytest.mark.parametrize("target", [b"http://attacker.example/", b"*", b"attacker.example:443", b""])
def test_a_target_that_is_not_a_path_is_refused(target: bytes) -> None:
    assert refused(http(HOST, WITH_TOKEN, path=target))


@pytest.mark.parametrize(
    "scope",
    [
        http(HOST),
        http(HOST, (b"x-amz-security-token", b"")),
        http(HOST, (b"x-amz-security-token", TOKEN[:-1].encode())),
        http(HOST, (b"x-amz-security-token", b"\xff" * 64)),
        http(HOST, WITH_TOKEN, (b"x-amz-security-token", b"another")),
        http(HOST, (b"authorization", b"AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request")),
        http(HOST, query=b"X-Amz-Security-Token="),
        http(HOST, query=b"X-Amz-Security-Token=" + b"a" * 20_000),
        http(HOST, query=b"X-Amz-Security-Token=a&" + b"b=&" * 1_000),
        http(HOST, path=b"/_ministack/reset"),
        http(HOST, path=b"/_ministack/health", method="GET"),
        http(HOST, path=b"/2015-03-31/functions"),
        http(HOST, path=b"/some-bucket/some-key", method="GET"),
        http(HOST, path=b"/restapis/x/local/_user_request_/todos", method="GET"),
    ],
)
def test_a_request_without_the_token_is_refused_whatever_its_path(scope: dict[str, Any]) -> None:
    assert refused(scope)


def test_a_websocket_is_refused() -> None:
    scope = {**http(HOST, WITH_TOKEN), "type": "websocket"}
    assert sent(scope) == (False, [{"type": "websocket.close", "code": 1008, "reason": None}])


def refused(scope: dict[str, Any]) -> bool:
    """Whether it was answered 403 with a sentence, which no page of another origin may read."""
    passed, (start, body) = sent(scope)
    message = json.loads(body["body"])["message"]
    names = {name for name, _ in start["headers"]}
    return (
        not passed
        and start["status"] == 403
        and message.endswith(".")
        and not any(name.startswith(b"access-control-") for name in names)
    )
