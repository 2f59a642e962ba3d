"""A state directory that cannot be used, or that was copied: a sentence says so, and no other stack is touched."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from stack import cli
from stack.local import process
from stack.local.process import EngineProcess
from stack.local.state import State, write_json
from tests.support.paths import ROOT


@pytest.mark.parametrize("command", ["up", "down"])
def test_a_directory_that_cannot_be_made_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (tmp_path / "file").touch()
    directory = tmp_path / "file" / "state"
    assert cli.main(["--directory", str(directory), command]) == 1
    assert f"error: cannot write to {directory}" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_may_only_be_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o500)
    assert cli.main(["--directory", str(tmp_path), "up"]) == 1
    assert f"error: cannot write to {tmp_path}: Permission denied" in capsys.readouterr().err


def test_a_full_disk_is_said_before_an_engine_starts(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))

    # -B: the interpreter would leave files of bytecode behind that were cut.
    command = [sys.executable, "-B", "-m", "stack", "--directory", str(tmp_path), "up"]
    done = subprocess.run(command, cwd=ROOT, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"error: nothing can be kept: writing to {tmp_path / 'journal'} failed" in done.stderr
    assert not (tmp_path / "engine.json").exists()


@pytest.fixture
def state(tmp_path: Path) -> State:
    """The state of an engine that runs: this process."""
    state = State(tmp_path / "state")
    state.directory.mkdir()
    started = process.start_time(os.getpid()) or ""
    write_json(state.engine_record, asdict(EngineProcess(os.getpid(), started, 1, 2, "token", state.identity)))
    return state


def test_the_engine_of_a_directory_is_not_that_of_its_copy(state: State, tmp_path: Path) -> None:
    shutil.copytree(state.directory, tmp_path / "copy")
    assert process.running(state)
    assert process.running(State(tmp_path / "copy")) is None


def test_the_engine_of_a_directory_that_was_moved_is_still_its_own(state: State, tmp_path: Path) -> None:
    moved = State(state.directory.rename(tmp_path / "moved"))
    found = process.running(moved)
    assert found is not None
    assert found.token == "token"
