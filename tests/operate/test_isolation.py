"""The tests see nothing of what a user has set, has running or keeps at home, and leave all of it alone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stack.local.environment import service_environment
from stack.local.local_stack import LocalStack
from stack.local.samples import load_into
from tests.support.environment import KEPT
from tests.support.own_stack import private_stack
from tests.support.paths import ROOT

# Those that look for a stack, ask AWS and HTTP, start other programs and the engine, and print.
PART_OF_THE_SUITE = (
    "tests/loaders/test_loader_command.py",
    "tests/loaders/test_loading_over_http.py",
    "tests/loaders/test_loading_taskwarrior.py",
    "tests/operate/live/test_tokens_by_hand.py",
    "tests/unit/stack/test_being_deployed.py",
    "tests/triggers/delivery/test_deliver_once.py",
    "tests/http/api/test_logging.py",
    "tests/http/api/test_documentation.py",
)
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".local", ".*_cache", ".hypothesis", "__pycache__")
# The engine writes these at work; the records of the stack beside them change only when somebody acts on it.
OF_THE_ENGINE = {"engine", "engine.log", "tmp"}


class Trap:
    """Listens on a port and remembers who came."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.caught: list[bytes] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.caught.append(connection.recv(1000))


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.close()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, which shares the packages that tests have made before."""
    copy = tmp_path_factory.mktemp("user") / "checkout"
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
    (copy / ".pytest_cache").mkdir()
    (copy / KEPT.relative_to(ROOT)).symlink_to(KEPT)
    return copy


@pytest.fixture(scope="module")
def running(checkout: Path) -> Iterator[LocalStack]:
    """The stack that the user's `make up` has started in this checkout."""
    with private_stack(checkout / ".local") as stack:
        load_into(stack)
        yield stack


@pytest.fixture
def home(tmp_path: Path, trap: Trap) -> Path:
    """A home where programs find what misleads or stops them."""
    home = tmp_path / "home"
    for file, content in {
        ".aws/config": "[profile default\nthis is broken",
        ".aws/credentials": "[default]\naws_access_key_id = trap\naws_secret_access_key = trap\n",
        ".netrc": "machine 127.0.0.1 login trap password trap\n",
        ".config/pip/pip.conf": f"[global]\nindex-url = {trap.url}/simple\n",
        ".taskrc": "include /nowhere/at/all\n",
        ".config/todoman/config.py": "raise RuntimeError('a trap')\n",
    }.items():
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_text(content)
    (home / ".netrc").chmod(0o600)
    return home


def hostile(trap: Trap, home: Path, running: LocalStack) -> dict[str, str]:
    """All that a user may have set, each so that whoever heeds it fails or is caught."""
    of_the_service = dict.fromkeys(service_environment(running.engine, running.deployed()), "trap")
    proxies = {f"{name}_proxy": trap.url for name in ("http", "https", "all")}
    return {
        "PATH": os.environ["PATH"],
        **of_the_service,
        "EVENTS_TABLE": running.deployed()["EventsTableName"],
        "SETTINGS_TABLE": running.deployed()["SettingsTableName"],
        "PUBLIC_URL": trap.url,
        "JWKS_URL": trap.url,
        "AWS_ENDPOINT_URL": trap.url,
        "AWS_ENDPOINT_URL_DYNAMODB": trap.url,
        "AWS_PROFILE": "nobody",
        "AWS_CONFIG_FILE": str(home / ".aws/config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / ".aws/credentials"),
        "AWS_DEFAULT_REGION": "nowhere-1",
        "AWS_CA_BUNDLE": "/nowhere/ca.pem",
        "AWS_LAMBDA_FUNCTION_NAME": "trap",
        "AWS_CHALICE_CLI_MODE": "true",
        "TODO_LEDGER_DIRECTORY": str(running.state.directory),
        "TODO_LEDGER_TOKEN": running.token("demo"),
        "HANDLERS": "trap",
        "STAGE": "prod",
        "PORT": "not a port",
        "LOG_LEVEL": "CRITICAL",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
        "POWERTOOLS_METRICS_DISABLED": "true",
        **proxies,
        **{name.upper(): value for name, value in proxies.items()},
        "NO_PROXY": "",
        "no_proxy": "",
        "REQUESTS_CA_BUNDLE": "/nowhere/ca.pem",
        "SSL_CERT_FILE": "/nowhere/ca.pem",
        "PIP_INDEX_URL": f"{trap.url}/simple",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "TASKRC": str(home / ".taskrc"),
        "TASKDATA": str(home / "tasks"),
        "TZ": "Pacific/Kiritimati",
        "LANG": "tr_TR.UTF-8",
        "LC_ALL": "tr_TR.UTF-8",
        "COLUMNS": "20",
        "LINES": "2",
        "NO_COLOR": "1",
        "FORCE_COLOR": "1",
        "TERM": "dumb",
        "PYTEST_XDIST_WORKER": "gw7",
        "PYTEST_CURRENT_TEST": "trap",
        "PYTHONWARNINGS": "error",
    }


def records(running: LocalStack) -> dict[str, tuple[int, bytes]]:
    """What is in the directory of the stack."""
    names = (path for path in running.state.directory.iterdir() if path.name not in OF_THE_ENGINE)
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in names}


def ledger(running: LocalStack) -> list[Any]:
    pages = (
        running.deployment.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=running.deployed()["EventsTableName"])
    )
    return [item for page in pages for item in page["Items"]]


def files(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_part_of_the_suite_passes_in_a_hostile_environment_beside_a_running_stack(
    checkout: Path, running: LocalStack, home: Path, trap: Trap
) -> None:
    before = records(running), ledger(running), files(home)
    run(checkout, hostile(trap, home, running), "-n", "2", *PART_OF_THE_SUITE)
    assert trap.caught == []
    assert (records(running), ledger(running), files(home)) == before


def test_the_loader_does_not_find_the_stack_that_runs_in_this_checkout(
    checkout: Path, running: LocalStack, home: Path
) -> None:
    before = records(running), ledger(running)
    run(checkout, {"PATH": os.environ["PATH"], "HOME": str(home)}, "tests/loaders/test_loader_command.py")
    assert (records(running), ledger(running)) == before


def run(checkout: Path, environment: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
