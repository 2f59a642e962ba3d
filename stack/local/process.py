"""The engine as a process: known again by its pid and start time, and stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.local.state import State, read_json, write_json

# After a bulk load the engine has a hundred thousand items to save.
STOP_SECONDS = 120
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class EngineProcess:
    """A running engine. Its start time tells it from another process that was given the same pid later."""

    pid: int
    started: str
    port: int
    engine_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def engine_url(self) -> str:
        return f"http://127.0.0.1:{self.engine_port}"

    def alive(self) -> bool:
        return start_time(self.pid) == self.started


def running(state: State) -> EngineProcess | None:
    """The engine of this state directory, if it runs."""
    record = read_json(state.engine_record)
    if record is None or "pid" not in record:
        return None
    engine = EngineProcess(**record)
    return engine if engine.alive() else None


def stop(state: State, engine: EngineProcess) -> None:
    """Ask the engine to save its state and end, and wait until it has.

    Raises
    ------
    StackError
        It has not ended in time; it is left alone, since it may still be saving.
    """
    _send(engine, signal.SIGTERM)
    if not _gone(engine, STOP_SECONDS):
        raise StackError(f"the engine (pid {engine.pid}) is still saving its state; look into {state.log}")
    write_json(state.engine_record, {"engine_port": engine.engine_port})
    shutil.rmtree(state.temporary, ignore_errors=True)


def kill(engine: EngineProcess) -> None:
    """End the engine at once, as a crash would: what it has not saved is lost."""
    _send(engine, signal.SIGKILL)
    _gone(engine, STOP_SECONDS)


def adopt(child: subprocess.Popen[bytes]) -> None:
    """Remember a child of this process, which stays as a zombie after its end until it is asked for."""
    _children[child.pid] = child


def start_time(pid: int) -> str | None:
    """When the process started, in the system's own terms; None where there is no such process."""
    if os.path.isdir("/proc/self"):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] == "Z" else fields[19]
    found = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    status, _, started = found.stdout.strip().partition(" ")
    return None if not status or status.startswith("Z") else started.strip()


_children: dict[int, subprocess.Popen[bytes]] = {}


def _send(engine: EngineProcess, number: signal.Signals) -> None:
    if engine.alive():
        os.kill(engine.pid, number)


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
