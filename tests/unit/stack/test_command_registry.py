"""The command line lists every command, and starts without importing what only a running command needs."""

from __future__ import annotations

import subprocess
import sys

from stack import cli
from tests.support.paths import ROOT

HEAVY = {"boto3", "botocore", "chalice", "cryptography", "hypercorn", "msgspec", "pynamodb", "rich", "yaml"}
# The modules of stack/commands that serve the others.
SHARED = {"__init__", "arguments", "changes", "command", "targets"}


def test_every_file_of_a_command_is_listed_under_its_name() -> None:
    files = {path.stem for path in (ROOT / "stack" / "commands").glob("*.py")} - SHARED
    assert {command.name.replace("-", "_") for command in cli.COMMANDS} == files
    assert len(cli.COMMANDS) == len(files)


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from stack.cli import _parser; _parser().format_help(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert HEAVY & {name.partition(".")[0] for name in done.stdout.split()} == set()
