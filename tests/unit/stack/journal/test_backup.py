"""Backing up and restoring files: what exists stays as it was until all is written, and what is odd is refused."""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stack import cli
from stack.local.journal import lines
from stack.local.journal.files import Files
from stack.local.state import State
from tests.support.paths import ROOT

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/todo-ledger-local-events"
KEY = "a private key"


@pytest.fixture
def state(tmp_path: Path) -> State:
    """A stack that has stored a thousand events."""
    state = State(tmp_path / "state")
    state.journal.mkdir(parents=True)
    items = [lines.encode(["item", TABLE, "p", str(number), {"a": {"S": 100 * "x"}}]) for number in range(1000)]
    Files(state.journal).segment(1).write_bytes(lines.line(1, items))
    state.issuer_key.write_text(KEY)
    return state


@pytest.fixture
def empty(tmp_path: Path) -> State:
    return State(tmp_path / "empty")


def run(state: State, *arguments: str | Path) -> int:
    return cli.main(["--directory", str(state.directory), *map(str, arguments)])


def run_on_a_full_disk(state: State, *arguments: str | Path) -> str:
    """Run a command whose files cannot have more than some bytes; what it says."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    # -B: the interpreter would leave files of bytecode behind that were cut.
    command = [sys.executable, "-B", "-m", "stack", "--directory", state.directory, *arguments]
    done = subprocess.run(command, cwd=ROOT, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def state_of(state: State) -> tuple[object, str]:
    return Files(state.journal).read()[0].items, state.issuer_key.read_text()


@pytest.mark.parametrize("name", ["backup", "backup.gz"])
def test_what_is_restored_is_what_was_backed_up(state: State, empty: State, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("An older backup")
    assert run(state, "backup", file) == 0
    assert run(empty, "restore-local", file) == 0
    assert state_of(empty) == state_of(state)
    for private in (empty.issuer_key, file):
        assert private.stat().st_mode & 0o077 == 0


def test_an_older_backup_stays_where_a_newer_one_has_no_room(state: State, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_text("An older backup")
    before = sorted(tmp_path.iterdir())
    assert "cannot write" in run_on_a_full_disk(state, "backup", file)
    assert file.read_text() == "An older backup"
    assert sorted(tmp_path.iterdir()) == before


def test_nothing_is_restored_where_it_has_no_room(state: State, empty: State, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    assert run(state, "backup", file) == 0
    assert "nothing can be kept" in run_on_a_full_disk(empty, "restore-local", file)
    assert not empty.issuer_key.exists()
    assert run(empty, "restore-local", file) == 0
    assert state_of(empty) == state_of(state)


def test_a_state_that_exists_is_not_replaced(state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "backup"
    assert run(state, "backup", file) == 0
    before = state_of(state)
    assert run(state, "restore-local", file) == 1
    assert "has a state already" in capsys.readouterr().err
    assert state_of(state) == before


def test_what_was_never_started_has_no_backup(empty: State, tmp_path: Path) -> None:
    assert run(empty, "backup", tmp_path / "backup") == 1
    assert not (tmp_path / "backup").exists()


def cut(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


ODD: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda whole: b"",
    "cut": cut,
    "cut, packed": lambda whole: cut(gzip.compress(whole)),
    "changed": lambda whole: whole.replace(b"xxx", b"xyx", 1),
    "a line is missing": lambda whole: b"".join(whole.splitlines(keepends=True)[:2] + whole.splitlines(True)[3:]),
    "bytes": lambda whole: bytes(range(256)) * 1000,
    "bytes, packed": lambda whole: gzip.compress(bytes(range(256)) * 1000),
    "JSON": lambda whole: b'{"kind": "takeout"}\n',
    "a base of a journal": lambda whole: b"".join(whole.splitlines(keepends=True)[1:]),
    "another version": lambda whole: lines.line(0, [lines.encode(["todo-ledger backup", 0, KEY])]) + whole,
    "another kind": lambda whole: lines.line(0, [lines.encode(["another backup", 1, KEY])]) + whole,
    "without a key": lambda whole: lines.line(0, [lines.encode(["todo-ledger backup", 1])]) + whole,
    "nothing in its first line": lambda whole: lines.line(0, []) + whole,
    "an unknown record": lambda whole: whole.splitlines(keepends=True)[0] + lines.line(1, [lines.encode(["new", 1])]),
}


@pytest.mark.parametrize("damage", ODD)
def test_an_odd_file_is_refused(
    state: State, empty: State, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    file = tmp_path / "backup"
    assert run(state, "backup", file) == 0
    file.write_bytes(ODD[damage](file.read_bytes()))
    assert run(empty, "restore-local", file) == 1
    assert f"error: {file} " in capsys.readouterr().err
    assert not Files(empty.journal).exist()
    assert not empty.issuer_key.exists()


def test_a_file_that_does_not_exist_is_said(empty: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(empty, "restore-local", tmp_path / "backup") == 1
    assert "cannot be read" in capsys.readouterr().err
