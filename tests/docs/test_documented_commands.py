"""The commands of README, tutorial and guides print what these pages say, in their order, on a running stack."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.local.local_stack import LocalStack
from tests.docs.fenced import Block, blocks, is_printed
from tests.support.paths import ROOT

URL = "http://127.0.0.1:8000"
SECONDS = 900
PAGES = [
    *("README.md", "docs/tutorial.md"),
    *sorted(
        str(page.relative_to(ROOT)) for page in (ROOT / "docs" / "how-to").glob("*.md") if "```sh\n" in page.read_text()
    ),
]
END_OF_BLOCK = "--- end of the block ---"
# Whoever reads these expects the views to follow. On a busy machine they may take longer than a request can wait.
WAIT_FOR_VIEWS = ("Prefer: wait", "-m loaders")
CATCH_UP = f"{sys.executable} -m stack catchup >/dev/null 2>&1\n"

# The stack runs already, so `make up` only explains it; nothing else that `make` does belongs in a test of the pages.
PRELUDE = f"""\
set -euo pipefail
make() {{
  case "$1" in
    up|down|status) {sys.executable} -m stack "$1" ;;
    *) command make --dry-run --directory {ROOT} "$@" >/dev/null ;;
  esac
}}
"""


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_print_what_it_says(page: str, stack: LocalStack, tmp_path: Path) -> None:
    # The page before may have ended with `make down`.
    stack.start()
    found = blocks((ROOT / page).read_text().replace(URL, stack.url))
    assert found
    done = run(found, stack, tmp_path)
    outputs = done.stdout.split(END_OF_BLOCK + "\n")
    assert done.returncode == 0, f"{page}, line {found[len(outputs) - 1].line}:\n{outputs[-1]}{done.stderr}"
    for block, printed in zip(found, outputs, strict=False):
        if block.printed is not None:
            assert is_printed(block.printed, printed), f"{page}, line {block.line} printed:\n{printed}{done.stderr}"


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_no_command_is_left_out_of_what_is_read_first(page: str) -> None:
    assert "<!-- not run:" not in (ROOT / page).read_text()


def run(found: list[Block], stack: LocalStack, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run some blocks in one shell, in a directory where the samples are and files may be written."""
    (directory / "samples").symlink_to(ROOT / "samples")
    script = PRELUDE
    for block in found:
        script += block.commands.replace(".venv/bin/python", sys.executable)
        script += CATCH_UP if any(words in block.commands for words in WAIT_FOR_VIEWS) else ""
        script += f"echo '{END_OF_BLOCK}'\n"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "TODO_LEDGER_DIRECTORY": str(stack.state.directory),
    }
    return subprocess.run(
        ["bash", "-c", script],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
