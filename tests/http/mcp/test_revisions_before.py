"""Every tool in the revisions before 2026-07-28, each request by itself, as clients of these send it."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest

from chalicelib.mcp import tools
from tests.support.assistant import OF_EVERY_CLIENT, in_process
from tests.support.client import Client


@pytest.mark.parametrize("revision", ["2025-11-25", "2025-06-18"])
def test_every_tool_works(environment: None, owner: str, client: Client, revision: str) -> None:
    post, numbers = in_process(owner, client="before"), count(1)

    def request(method: str, **params: Any) -> dict[str, Any]:
        named = {} if method == "initialize" else {"MCP-Protocol-Version": revision}
        message = {"jsonrpc": "2.0", "id": next(numbers), "method": method, "params": params}
        status, headers, text = post(json.dumps(message).encode(), {**OF_EVERY_CLIENT, **named})
        assert (status, headers["Content-Type"]) == (200, "application/json")
        assert "Mcp-Session-Id" not in headers
        result: dict[str, Any] = json.loads(text)["result"]
        # What a later revision adds is not in the answers.
        assert not {"resultType", "_meta", "ttlMs"} & result.keys()
        return result

    def call(tool: str, **arguments: Any) -> dict[str, Any]:
        result = request("tools/call", name=tool, arguments=arguments)
        assert not result["isError"], result
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
        answer: dict[str, Any] = result["structuredContent"]
        return answer

    began = request("initialize", protocolVersion=revision, capabilities={}, clientInfo={"name": "x", "version": "1"})
    assert (began["protocolVersion"], began["serverInfo"]["name"]) == (revision, "todo-ledger")
    assert [tool["name"] for tool in request("tools/list")["tools"]] == [*tools.TOOLS]
    added = call("add", todos=[{"title": "Buy milk", "list": "groceries"}])
    named = {"id": added["results"][0]["id"]}
    call("change", todos=[{**named, "if_version": 1, "notes": "two bottles"}])
    call("complete", todos=[{**named, "if_version": 2}])
    call("delete", todos=[named])
    call("restore", todos=[named])
    assert len(call("get", **named, history=True)["events"]) == 5
    for tool in ("find", "lists", "activity", "changes"):
        call(tool)
    assert call("undo", operation=added["operation"], dry_run=True)["preview"]
    assert call("undo", operation=added["operation"])["conflict_count"] == 1
