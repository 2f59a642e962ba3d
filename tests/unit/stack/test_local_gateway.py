"""The local API's gateway: no cache stores its own answers; headers of a Lambda's answer come out as on AWS."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from stack.local.gateway import KEY_SET_PATH, Gateway
from stack.local.state import write_json

API_PORT = 8000


def answer_of(record: Path, path: str, engine_headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers of the answer to a GET, in front of an engine that refuses everything with these headers."""
    return dict(sent_by(record, path, engine_headers, [])[1])


def sent_by(
    record: Path, path: str, engine_headers: list[tuple[bytes, bytes]], headers: list[tuple[bytes, bytes]]
) -> tuple[int, dict[str, str]]:
    """Status and headers of the answer to a GET with these headers."""
    sent: list[Any] = []

    async def engine(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 502, "headers": engine_headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope: Any = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "headers": headers,
        "server": ("127.0.0.1", API_PORT),
    }  # fmt: skip
    asyncio.run(Gateway(engine, engine, API_PORT, record, {"keys": []}, engine)(scope, receive, send))
    return sent[0]["status"], {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    record = tmp_path / "api.json"
    write_json(record, {"id": "a1", "stage": "local"})
    return record


def test_a_refusal_of_the_engine_itself_is_not_stored(deployed: Path) -> None:
    assert answer_of(deployed, "/todos", [(b"content-type", b"text/plain")])["cache-control"] == "no-store"


def test_what_the_api_says_of_storing_is_passed_on(deployed: Path) -> None:
    answered = answer_of(deployed, "/todos", [(b"Cache-Control", b"private, no-cache")])

    assert answered["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("path", ["/todos", KEY_SET_PATH])
def test_what_the_gateway_answers_itself_is_not_stored(tmp_path: Path, path: str) -> None:
    assert answer_of(tmp_path / "nothing.json", path, [])["cache-control"] == "no-store"


HEADERS = [
    (b"WWW-Authenticate", b"Bearer"), (b"Date", b"then"), (b"Via", b"x"), (b"Transfer-Encoding", b"chunked"),
    (b"ETag", b"1"), (b"Content-Encoding", b"gzip"),
]  # fmt: skip


def test_headers_of_a_lambda_are_renamed_or_dropped_as_by_a_rest_api(deployed: Path) -> None:
    answered = answer_of(deployed, "/todos", HEADERS)

    answered.pop("cache-control")
    assert answered == {
        "x-amzn-remapped-www-authenticate": "Bearer",
        "x-amzn-remapped-date": "then",
        "etag": "1",
        "content-encoding": "gzip",
    }


def test_headers_of_the_gateways_own_answers_are_not_renamed(deployed: Path) -> None:
    answered = answer_of(deployed, "/todos", [*HEADERS, (b"x-amzn-ErrorType", b"UnauthorizedException")])

    assert answered["www-authenticate"] == "Bearer"


HERE, PAGE = b"127.0.0.1:8000", b"http://localhost:6274"
OF_ASSISTANTS = [
    ([(b"Host", HERE)], True), ([(b"host", b"localhost")], True), ([(b"host", b"[::1]:8000")], True),
    ([(b"host", HERE), (b"Origin", PAGE)], True), ([(b"host", HERE), (b"origin", b"http://[::1]")], True),
    ([], False), ([(b"host", HERE), (b"host", HERE)], False), ([(b"host", b"todos.example:8000")], False),
    ([(b"host", HERE), (b"origin", b"https://page.example")], False), ([(b"host", HERE), (b"origin", b"null")], False),
    ([(b"host", HERE), (b"origin", PAGE), (b"origin", b"https://page.example")], False),
    ([(b"host", b"localhost.example")], False), ([(b"host", b"[")], False),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "passes"), OF_ASSISTANTS)
def test_pages_of_other_sites_do_not_reach_the_server_for_assistants(
    deployed: Path, headers: list[tuple[bytes, bytes]], passes: bool
) -> None:
    """A name that a page controls can lead to 127.0.0.1 (DNS rebinding)."""
    for path in ("/mcp", "/mcp?x"):
        assert sent_by(deployed, path, [], headers)[0] == (502 if passes else 403)
    assert sent_by(deployed, "/todos", [], headers)[0] == 502, "the API is for pages, too"
