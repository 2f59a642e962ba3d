"""The server for assistants (`/mcp`): by its own function, and found by clients that have no token yet."""

from __future__ import annotations

import re
from typing import Any, Final

from chalicelib.api.routes import MCP_PATH
from chalicelib.mcp import protocol
from stack.smoke.client import Answer, Client
from stack.smoke.outcome import Skipped, expect
from stack.smoke.run import Run

_META: Final = {protocol.VERSION_KEY: protocol.MODERN, protocol.CAPABILITIES_KEY: {}}


def listed(run: Run) -> str:
    """The tools are listed: those that write only for a token that may."""
    of_reader, of_writer = _tools(run.reader), _tools(run.api)
    expect("find" in of_reader, f"{', '.join(of_reader)} lack find")
    expect(set(of_reader) <= set(of_writer), f"{', '.join(of_writer)} lack some of {', '.join(of_reader)}")
    return ", ".join(of_writer)


def discovered(run: Run) -> str:
    """A client without a token is told where the metadata is, and by that who issues tokens for this very URL."""
    challenge = _post(run.anybody, "tools/list").expect(401).headers.get("www-authenticate", "")
    found = re.search('resource_metadata="([^"]*)"', challenge)
    if found is None:
        raise Skipped("the stage has no PublicUrl, and its API was not deployed again since it exists")
    expect(found[1].startswith(f"{run.url}/"), f"the metadata is at {found[1]}, not below {run.url}")
    metadata = run.anybody.get(found[1].removeprefix(run.url)).expect(200).json()
    expect(metadata.get("resource") == run.url + MCP_PATH, f"the resource is {metadata.get('resource')}")
    return ", ".join(metadata["authorization_servers"])


def _tools(client: Client) -> list[str]:
    return [tool["name"] for tool in _post(client, "tools/list").expect(200).json()["result"]["tools"]]


def _post(client: Client, method: str) -> Answer:
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"_meta": _META}}
    headers = {protocol.VERSION_HEADER: protocol.MODERN, protocol.METHOD_HEADER: method}
    return client.post(MCP_PATH, message, **{name.replace("-", "_"): value for name, value in headers.items()})
