"""The server without AWS: what it answers before a tool asks for anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.assistant import OF_EVERY_CLIENT, Posting, in_process

Send = Callable[..., tuple[int, Any]]


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Posting:
    monkeypatch.setenv("TOKEN_ISSUER", "https://issuer.example/")
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    return in_process("alice")


@pytest.fixture
def send(post: Posting) -> Send:
    """Sends a body with headers beside those of every client; returns the status and the JSON of the answer."""

    def sent(body: object, **headers: Any) -> tuple[int, Any]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        status, answered, text = post(content, {**OF_EVERY_CLIENT, **named})
        if not text:
            return status, None
        assert answered["Content-Type"] == "application/json"
        return status, json.loads(text)

    return sent
