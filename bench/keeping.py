"""A command on the local stack, whose journal keeps what was acknowledged, beside one on a stack without a journal."""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from stack.local.local_stack import LocalStack
from tests.support.client import Client

COMMANDS: Final = 250
OWNER: Final = "bench"

# The first is the yardstick.
STACKS: Final = {"without a journal (PERSIST=off)": False, "with the journal": True}


def commands() -> list[tuple[str, float, float]]:
    """Rows of (what, milliseconds until the answer, ratio), medians of creations by turns."""
    taken: dict[str, list[float]] = {name: [] for name in STACKS}
    with ExitStack() as running:
        clients = {name: _client(running, persist=persist) for name, persist in STACKS.items()}
        for number in range(COMMANDS):
            for name, client in clients.items():
                start = time.perf_counter()
                client.post("/todos", {"title": f"Ask the landlord about boiler {number}"})
                taken[name].append((time.perf_counter() - start) * 1000)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    base = next(iter(medians.values()))
    return [(name, median, median / base) for name, median in medians.items()]


def _client(running: ExitStack, *, persist: bool) -> Client:
    directory = running.enter_context(tempfile.TemporaryDirectory(prefix="todo-ledger-bench-"))
    stack = running.enter_context(LocalStack(Path(directory), persist=persist))
    client = Client(stack.url, stack.token(OWNER))
    # The functions start before the first measured command.
    client.seen.post("/todos", {"title": "Find the number of the landlord"})
    return client
