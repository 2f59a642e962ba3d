"""The engine as a process: recognised by its pid and start time, and stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from stack.aws import LocalEndpoint
from stack.errors import StackError
from stack.local.state import State, read_json, write_json

# An engine of an older version, without a journal, saves a hundred thousand items after a bulk load.
STOP_SECONDS = 120
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class EngineProcess:
    """A running engine. Its start time distinguishes it from a later process with the same pid.

    Attributes
    ----------
    token : str
        The session token that its AWS API requires. Empty: a version that anybody could use, without a guard.
    directory : str
        `State.identity` of its directory. A copy of that, made while it ran, has its record, too. Empty: a version that
        did not say.
    """

    pid: int
    started: str
    port: int
    engine_port: int
    token: str = ""
    directory: str = ""

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def engine_url(self) -> str:
        """The address of the AWS API."""
        return f"http://127.0.0.1:{self.engine_port}"

    @property
    def endpoint(self) -> LocalEndpoint:
        """The AWS API with its credentials."""
        return LocalEndpoint(self.engine_url, self.token)

    def alive(self) -> bool:
        """Whether the process still exists."""
        return start_time(self.pid) == self.started


def running(state: State) -> EngineProcess | None:
    """The engine of this state directory; None if it is not running."""
    record = read_json(state.engine_record)
    if record is None or "pid" not in record:
        return None
    engine = EngineProcess(**record)
    is_here = engine.directory in ("", state.identity)
    return engine if is_here and engine.alive() else None


def stop(state: State, engine: EngineProcess) -> None:
    """Make the engine save its state and end, and wait until it has.

    Raises
    ------
    StackError
        It has not ended in time; it may still be saving.
    """
    if engine.alive():
        os.kill(engine.pid, signal.SIGTERM)
    if not _gone(engine, STOP_SECONDS):
        raise StackError(f"the engine (pid {engine.pid}) is still saving its state; see {state.log}")
    write_json(state.engine_record, {"engine_port": engine.engine_port, "token": engine.token})
    shutil.rmtree(state.temporary, ignore_errors=True)


def kill(engine: EngineProcess) -> None:
    """End the engine and its functions at once, like a crash."""
    if engine.alive():
        # It leads a process group of its own.
        os.killpg(engine.pid, signal.SIGKILL)
    _gone(engine, STOP_SECONDS)


def adopt(child: subprocess.Popen[bytes]) -> None:
    """Remember a child of this process, which after its end stays a zombie until it is waited for."""
    _children[child.pid] = child


def start_time(pid: int) -> str | None:
    """The start time of a process, in the operating system's format; None if it does not exist or is a zombie."""
    if Path("/proc/self").is_dir():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] == "Z" else fields[19]
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    status, _, started = found.stdout.strip().partition(" ")
    return None if not status or status.startswith("Z") else started.strip()


_children: dict[int, subprocess.Popen[bytes]] = {}


def _gone(engine: EngineProcess, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while engine.alive():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    child = _children.pop(engine.pid, None)
    if child is not None:
        child.wait()
        if child.stdin is not None:
            child.stdin.close()
    return True
