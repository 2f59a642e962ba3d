"""The local stack, killed at random moments under load: nothing that it acknowledged is missing, and audit is clean.

A seed chooses the moments. `--thorough 40` makes 200 kills; each is reported with `-s`.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import requests

from chalicelib.ledger import scan
from chalicelib.views import pointer
from stack.local import launch
from stack.local.local_stack import LocalStack
from stack.operate import audit
from tests.support import thorough
from tests.support.client import Client, list_path, next_path
from tests.support.paths import ROOT
from tests.support.reset import become, forget_everything
from tests.support.waiting import PATIENCE_SECONDS, eventually

KILLS = thorough.many(5)
# To deploy a stack takes as long as several kills.
KILLS_OF_A_STACK = 25
# After the first acknowledgement, for which functions must start.
LONGEST_SECONDS = 2.0
# More than are cleared at once: the rest is a message of a queue.
ROWS = 230
OWNER = "alice"


class Unchecked(Client):
    """Takes any answer: functions that are killed before the engine leave it with answers of its own."""

    send = Client.answer_to


class Load:
    """Writes by the API and the loader, and the clearing of a list, until the stack is killed.

    Attributes
    ----------
    acknowledged : set
        The id and version of each event of which the API said that it is written.
    cleared : set
        The lists of which the API said that they are cleared, or will be.
    """

    def __init__(self, stack: LocalStack, directory: Path) -> None:
        self.acknowledged: set[tuple[str, int]] = set()
        self.cleared: set[str] = set()
        self._stack = stack
        self._directory = directory
        self._loads = 0
        self._running: list[threading.Thread] = []
        self._loader: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin to write, in the background, and return when something is acknowledged."""
        self._loads += 1
        before = len(self.acknowledged)
        url, token = self._stack.url, self._stack.token(OWNER)
        self._start_loader()
        for write in (self._write_todos, self._clear):
            self._spawn(write, Unchecked(url, token))
        eventually(lambda: len(self.acknowledged) > before)

    def end(self) -> None:
        """Wait until everybody has noticed that the stack is dead."""
        for thread in self._running:
            thread.join()
        self._running = []
        assert self._loader is not None
        self._loader.kill()
        self._loader.wait()

    def load_all(self) -> None:
        """Let the loader do, undisturbed, what it was killed at."""
        files = map(str, self._directory.glob("*.jsonl"))
        self._stack.run_module("loaders", *files, "--owner", OWNER)

    def _spawn(self, write: Callable[[Client], None], client: Client) -> None:
        def write_until_killed() -> None:
            with suppress(requests.RequestException):
                write(client)

        thread = threading.Thread(target=write_until_killed)
        thread.start()
        self._running.append(thread)

    def _write_todos(self, client: Client) -> None:
        while True:
            created = client.post("/todos", {"title": "Written"})
            # A 5xx is no acknowledgement.
            if created.status_code >= 500:
                continue
            todo = created.json()
            self.acknowledged.add((todo["id"], 1))
            edited = client.patch(
                f"/todos/{todo['id']}", {"notes": "Edited"}, content_type="application/merge-patch+json"
            )
            if edited.status_code < 500:
                self.acknowledged.add((todo["id"], edited.json()["version"]))

    def _clear(self, client: Client) -> None:
        # What the loader has put there before it was killed the last time.
        for number in range(1, self._loads):
            name = f"loaded-{number}"
            if name not in self.cleared and client.delete(list_path(name), idempotency_key=name).status_code < 300:
                self.cleared.add(name)

    def _start_loader(self) -> None:
        environment = launch.inherited_environment() | self._stack.environment()
        command = [sys.executable, "-m", "loaders", str(self._file()), "--owner", OWNER]
        nothing = subprocess.DEVNULL
        self._loader = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=nothing, stderr=nothing)

    def _file(self) -> Path:
        path = self._directory / f"rows-{self._loads}.jsonl"
        rows = [{"title": f"{self._loads}-{row}", "list": f"loaded-{self._loads}"} for row in range(ROWS)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path


def is_cleared(client: Client, name: str) -> bool:
    """Whether a list shows nothing; not so while a busy machine lets a read take too long."""
    answer = client.get(f"/todos?list={name}&limit=200")
    return answer.status_code == 200 and not answer.json() and not next_path(answer)


def check(stack: LocalStack, load: Load) -> None:
    """Nothing is missing, in the ledger and in the views."""
    stored = set[tuple[str, int]]()
    for page in scan.scan():
        stored |= {(item["stream_id"]["S"].partition("#")[2], int(item["version"]["N"])) for item in page}
    assert not load.acknowledged - stored
    client = Client(stack.url, stack.token(OWNER))
    for name in load.cleared:
        eventually(partial(is_cleared, client, name))
    found = audit.audit_views(pointer.pointer().tables, patience=PATIENCE_SECONDS)
    assert found.is_clean, audit.describe(found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(-(-KILLS // KILLS_OF_A_STACK)))
def test_nothing_acknowledged_is_missing_after_a_kill(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(seed)
    with LocalStack(tmp_path / "state") as stack:
        load = Load(stack, tmp_path)
        for kill in range(min(KILLS_OF_A_STACK, KILLS - seed * KILLS_OF_A_STACK)):
            load.start()
            threading.Event().wait(draw.uniform(0, LONGEST_SECONDS))
            stack.kill()
            load.end()
            assert stack.start()
            become(monkeypatch, stack.environment())
            forget_everything()
            check(stack, load)
            print(f"seed {seed}, kill {kill + 1}: {len(load.acknowledged)} events, {len(load.cleared)} lists cleared")
        load.load_all()
        assert load.cleared
        load.cleared.clear()
        check(stack, load)
    forget_everything()
