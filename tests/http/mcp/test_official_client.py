"""The official Python SDK against the running stack: in the newest revision, in the one before, and as it negotiates.

It checks each result against the tool's output schema.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client.client import Client as Official
from mcp.client.streamable_http import streamable_http_client

from chalicelib.mcp import tools
from stack.local.local_stack import LocalStack
from tests.support.waiting import PATIENCE_SECONDS

MODES = {"auto": "2026-07-28", "legacy": "2025-11-25", "2026-07-28": "2026-07-28"}


@pytest.fixture
def connect(stack: LocalStack, owner: str) -> Callable[..., Any]:
    """Makes a connection in a mode of the SDK, with the stack's token for a program and an actor."""

    @asynccontextmanager
    async def connected(mode: str, scope: str = "todos:read todos:write") -> AsyncIterator[Official]:
        token = stack.issuer.token(owner, scope, client="sdk", actor="agent")
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=PATIENCE_SECONDS, trust_env=False) as http,
            Official(streamable_http_client(f"{stack.url}/mcp", http_client=http), mode=mode) as client,
        ):
            yield client

    return connected


@pytest.mark.parametrize("mode", MODES)
def test_every_tool_works(connect: Callable[..., Any], mode: str) -> None:
    async def session() -> None:
        async with connect(mode) as client:
            assert client.protocol_version == MODES[mode]
            listed = (await client.list_tools()).tools
            assert [tool.name for tool in listed] == [*tools.TOOLS]

            async def call(tool: str, **arguments: Any) -> dict[str, Any]:
                result = await client.call_tool(tool, arguments)
                assert not result.is_error, result.content
                answer: dict[str, Any] = result.structured_content
                return answer

            (added,) = (await call("add", todos=[{"title": f"Buy milk {mode}", "list": "groceries"}]))["results"]
            again = await call("add", todos=[{"title": f"Buy milk {mode}", "list": "groceries"}])
            assert again["results"][0]["status"] == "repeated"
            named = {"id": added["id"]}
            await call("change", todos=[{**named, "if_version": 1, "notes": "two bottles"}])
            await call("complete", todos=[{**named, "if_version": 2}])
            await call("delete", todos=[named])
            await call("restore", todos=[named])
            found = await call("get", **named, history=True)
            assert [event["client"] for event in found["events"]] == ["sdk"] * 5
            for tool in ("find", "lists", "activity", "changes"):
                await call(tool)
            stale = await client.call_tool("change", {"todos": [{**named, "if_version": 1, "notes": "x"}]})
            assert stale.is_error

    anyio.run(session)


@pytest.mark.parametrize("mode", MODES)
def test_a_read_only_token_has_fewer_tools(connect: Callable[..., Any], mode: str) -> None:
    async def session() -> None:
        async with connect(mode, scope="todos:read") as client:
            listed = (await client.list_tools()).tools
            assert {tool.name for tool in listed} == {"find", "get", "lists", "activity", "changes"}
            assert (await client.call_tool("add", {"todos": [{"title": "x"}]})).is_error

    anyio.run(session)
