"""A client of `/mcp` that is written by hand: what it sends is exactly what a test says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, Protocol

from tests.support.gateway import READ_AND_WRITE, api_event
from tests.support.waiting import eventually

MODERN: Final = "2026-07-28"
META: Final = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
}


class Posting(Protocol):
    """What posts a body with headers to `/mcp`: status, headers and text of the answer."""

    def __call__(self, body: bytes, headers: dict[str, Any]) -> tuple[int, dict[str, str], str]: ...


def in_process(owner: str, scope: str = READ_AND_WRITE, actor: str | None = None, client: str | None = None) -> Posting:
    """The function's own handler, called in this process as Lambda calls it."""

    def post(body: bytes, headers: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        import app

        event = api_event("POST", "/mcp", body.decode(errors="replace"), headers, owner=owner, scope=scope)
        event["requestContext"]["authorizer"] |= {"actor": actor or owner} | ({"client": client} if client else {})
        answer = app.mcp(event, None)
        return answer["statusCode"], answer["headers"], answer["body"]

    return post


@dataclass
class Assistant:
    """Speaks the newest revision; each request has a new id."""

    post: Posting
    ids: Any = field(default_factory=lambda: count(1))

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a request that is right in form."""
        message = {"jsonrpc": "2.0", "id": next(self.ids), "method": method, "params": {**params, "_meta": META}}
        headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
        if "name" in params:
            headers["Mcp-Name"] = params["name"]
        _, _, text = self.post(json.dumps(message).encode(), {**OF_EVERY_CLIENT, **headers})
        answer: dict[str, Any] = json.loads(text)
        assert answer["id"] == message["id"]
        return answer

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """A tool's result."""
        answer = self.request("tools/call", name=tool, arguments=arguments)
        assert "result" in answer, answer
        result: dict[str, Any] = answer["result"]
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
        return result

    def done(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """What a tool that must succeed answers."""
        result = self.call(tool, **arguments)
        assert not result["isError"], result["structuredContent"]
        structured: dict[str, Any] = result["structuredContent"]
        return structured

    def refused(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The error of a call that must be refused as a whole."""
        result = self.call(tool, **arguments)
        assert result["isError"]
        error: dict[str, Any] = result["structuredContent"]["error"]
        assert error["what_to_do"]
        return error

    def seen(self, tool: str, until: Any, **arguments: Any) -> dict[str, Any]:
        """What a tool answers once that fulfils a condition: the views follow what was written."""

        def wanted() -> dict[str, Any]:
            found = self.done(tool, **arguments)
            return found if until(found) else {}

        return eventually(wanted)


OF_EVERY_CLIENT: Final = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
