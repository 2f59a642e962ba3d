"""Credentials of a Lambda that starts from a snapshot: asked for over HTTP, kept, and asked for again in time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.aws.errors import Unconfigured
from chalicelib.aws.thin import container
from chalicelib.aws.thin.container import ContainerCredentials

NOW = 1_796_000_000


class Endpoint:
    """Lambda's endpoint for credentials."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.status = 200
        self.body = b""
        self.give("first", expires=NOW + 3600)
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                endpoint.asked.append((self.path, self.headers["Authorization"]))
                self.send_response(endpoint.status)
                self.send_header("Content-Length", str(len(endpoint.body)))
                self.end_headers()
                self.wfile.write(endpoint.body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    def give(self, key: str, expires: float) -> None:
        stated = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        found = {"AccessKeyId": key, "SecretAccessKey": "very secret", "Token": "token", "Expiration": stated}
        self.body = json.dumps(found).encode()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    made = SimpleNamespace(now=float(NOW))
    monkeypatch.setattr(container, "time", SimpleNamespace(time=lambda: made.now))
    return made


def credentials_at(endpoint: Endpoint) -> ContainerCredentials:
    url = f"http://127.0.0.1:{endpoint.server.server_address[1]}/2021-04-23/credentials"
    found = container.from_environment({container.URL: url, container.TOKEN: "who I am"})
    assert found is not None
    return found


def test_they_are_asked_for_once_until_they_expire_soon(endpoint: Endpoint, clock: SimpleNamespace) -> None:
    credentials = credentials_at(endpoint)
    assert endpoint.asked == []
    first = credentials()
    assert (first.access_key, first.secret_key, first.token) == ("first", "very secret", "token")
    clock.now += 3600 - 301
    assert credentials() is first
    assert endpoint.asked == [("/2021-04-23/credentials", "who I am")]

    endpoint.give("second", expires=NOW + 7200)
    clock.now += 2
    assert credentials().access_key == "second"
    assert len(endpoint.asked) == 2


@pytest.mark.parametrize(("status", "body"), [(500, b"very secret"), (200, b"very secret"), (200, b"{}"), (200, b"[]")])
def test_without_new_ones_those_from_before_serve_until_they_expire(
    status: int, body: bytes, endpoint: Endpoint, clock: SimpleNamespace
) -> None:
    credentials = credentials_at(endpoint)
    first = credentials()
    endpoint.status, endpoint.body = status, body
    clock.now += 3500
    assert credentials() is first
    clock.now += 101
    with pytest.raises(Unconfigured) as raised:
        credentials()
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_nobody_answers(endpoint: Endpoint) -> None:
    credentials = credentials_at(endpoint)
    endpoint.server.socket.close()
    with pytest.raises(Unconfigured):
        ContainerCredentials("127.0.0.1", 1, "/", "")()
    assert "very secret" not in repr(credentials)


@pytest.mark.parametrize("token", ["two\r\nlines", "\x00", "ä"])
def test_a_token_that_is_no_header_is_left_to_botocore(token: str) -> None:
    assert container.from_environment({container.URL: "http://127.0.0.1:1/", container.TOKEN: token}) is None
