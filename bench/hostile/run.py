"""One run: a stack of its own, clients that send hostile requests, and the memory of the processes that serve them."""

from __future__ import annotations

import http.client
import json
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bench.hostile.requests import KINDS, HostileRequest, Target
from stack.local.local_stack import LocalStack
from stack.settings import LOCAL

# The gateway gives up after 29 s.
PATIENCE_SECONDS: Final = 60
# As Chalice names the function of the API; the others have their handler's name behind it.
API_FUNCTION: Final = f"todo-ledger-{LOCAL}"
# Versions of the todo with the long history, and the size of each.
VERSIONS: Final = 60
NOTES: Final = "0123456789" * 1_200
# Processes give memory back, and threads end, shortly after the last request.
QUIET_SECONDS: Final = 5
SAMPLE_SECONDS: Final = 30


@dataclass
class Outcome:
    """The outcome of a run.

    Attributes
    ----------
    answers : Counter of (str, int)
        How often each kind of request was answered with each status; 0 for no answer at all.
    slowest : dict of str to float
        The longest that an answer took, in seconds, by kind. Other work on the machine counts, too.
    memory : list of dict of int to int
        Bytes of resident memory by the id of the process, of those that serve the API: after the warm-up, then every
        `SAMPLE_SECONDS`, and at the end, when all is quiet.
    """

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    memory: list[dict[int, int]] = field(default_factory=list)

    @property
    def server_errors(self) -> int:
        """How many requests got a 5xx, or no answer."""
        return sum(count for (_, status), count in self.answers.items() if status >= 500 or status == 0)

    @property
    def growth(self) -> int:
        """By how many bytes the process grew that grew most, among those that lived all the time."""
        if not self.memory:
            return 0
        before, after = self.memory[0], self.memory[-1]
        return max((after[pid] - before[pid] for pid in before.keys() & after.keys()), default=0)


def run(
    seconds: float, warm_up: float, clients: int, seed: int, kinds: list[str], say: Callable[[str], None]
) -> Outcome:
    """Send hostile requests to a stack of its own, which is deployed for it, and forgotten afterwards.

    Parameters
    ----------
    seconds : float
        How long, after the warm-up.
    warm_up : float
        How long before memory is measured first, in seconds: the same requests, from which processes learn what they
        keep in any case (modules, clients, caches that are full).

    Raises
    ------
    StackError
        The stack cannot be deployed.
    """
    outcome = Outcome()
    with (
        tempfile.TemporaryDirectory(prefix="todo-ledger-hostile-") as temporary,
        LocalStack(Path(temporary), persist=False, say=say) as stack,
    ):
        target = _prepare(stack)
        say(f"warming up for {warm_up:.0f} s")
        _load(stack, target, Outcome(), kinds, clients, seed + 1_000_000, warm_up)
        outcome.memory.append(_memory(stack.engine.pid))
        say(f"sending hostile requests for {seconds:.0f} s")
        _load(stack, target, outcome, kinds, clients, seed, seconds)
        outcome.memory.append(_memory(stack.engine.pid))
    return outcome


def _prepare(stack: LocalStack) -> Target:
    """Todos for the requests to be about."""
    connection = _connect(stack)
    authorization = {"Authorization": f"Bearer {stack.token('hostile')}", "Content-Type": "application/json"}

    def send(method: str, path: str, content: Any) -> Any:
        connection.request(method, path, json.dumps(content), authorization)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status < 300, text
        return json.loads(text)

    todo_ids = [send("POST", "/todos", {"title": str(number)})["id"] for number in range(20)]
    large = send("POST", "/todos", {"title": "large", "notes": NOTES})["id"]
    for number in range(1, VERSIONS):
        send("PATCH", f"/todos/{large}", {"notes": f"{number}{NOTES}"})
    connection.close()
    return Target(todo_ids, large)


def _load(
    stack: LocalStack, target: Target, outcome: Outcome, kinds: list[str], clients: int, seed: int, seconds: float
) -> None:
    until = time.monotonic() + seconds
    lock = threading.Lock()

    def send_until_the_end(number: int) -> None:
        draw = random.Random(seed + number)
        connection = _connect(stack)
        token = stack.token(draw.choice(["hostile", "another"]))
        while time.monotonic() < until:
            kind = draw.choice(kinds)
            request = KINDS[kind](draw, target)
            began = time.monotonic()
            status, text = _send(connection, request, token)
            taken = time.monotonic() - began
            with lock:
                outcome.answers[kind, status] += 1
                outcome.slowest[kind] = max(taken, outcome.slowest.get(kind, 0.0))
                if status >= 500 or status == 0:
                    described = f"{request.method} {request.path[:80]} {request.body[:80]!r} {list(request.headers)}"
                    outcome.failures.append(f"{kind}: {status} for {described}: {text[:200]!r}")
        connection.close()

    with ThreadPoolExecutor(clients) as pool:
        sending = [pool.submit(send_until_the_end, number) for number in range(clients)]
        while wait(sending, timeout=SAMPLE_SECONDS).not_done:
            outcome.memory.append(_memory(stack.engine.pid))
        for done in sending:
            done.result()
    time.sleep(QUIET_SECONDS)


def _connect(stack: LocalStack) -> http.client.HTTPConnection:
    host = urlsplit(stack.url)
    assert host.hostname == "127.0.0.1", "only this machine is attacked"
    return http.client.HTTPConnection(host.hostname, host.port or 80, timeout=PATIENCE_SECONDS)


def _send(connection: http.client.HTTPConnection, request: HostileRequest, token: str) -> tuple[int, bytes]:
    """The status of the answer, and its text; 0 if there was none, with the reason."""
    try:
        connection.putrequest(request.method, request.path, skip_accept_encoding=True)
        for name, value in {"Authorization": f"Bearer {token}", **request.headers}.items():
            connection.putheader(name, value.encode("utf-8" if max(value, default="") > "\xff" else "latin-1"))
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return 0, repr(error).encode()


def _memory(engine: int) -> dict[int, int]:
    """The resident bytes of the engine's Lambda processes that serve the API, by process id (Linux)."""
    found = {}
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit():
            continue
        try:
            status = dict(line.split(":", 1) for line in (directory / "status").read_text().splitlines() if ":" in line)
            if int(status["PPid"]) == engine and _function_of(directory) == API_FUNCTION:
                found[int(directory.name)] = int(status["VmRSS"].split()[0]) * 1024
        except (OSError, KeyError):
            # It has just ended.
            continue
    return found


def _function_of(directory: Path) -> str:
    """The Lambda that a process runs; empty for others."""
    variables = dict(each.split("=", 1) for each in (directory / "environ").read_text().split("\0") if "=" in each)
    return variables.get("AWS_LAMBDA_FUNCTION_NAME", "")
