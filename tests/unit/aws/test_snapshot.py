"""SnapStart: what a process does before Lambda takes its snapshot, and once it is restored."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws import memory, snapshot
from tests.support.paths import ROOT

# As Lambda's runtimes have it (https://pypi.org/project/snapshot-restore-py/).
RUNTIME = """
_before, _after = [], []
def register_before_snapshot(function, *args, **kwargs): _before.append(function)
def register_after_restore(function, *args, **kwargs): _after.append(function)
def get_before_snapshot(): return _before
def get_after_restore(): return _after
"""


def test_a_function_that_starts_from_a_snapshot_registers_both_hooks(tmp_path: Path) -> None:
    """And has, in the snapshot, what its first request would import."""
    (tmp_path / "snapshot_restore_py.py").write_text(RUNTIME)
    code = """
import sys, app, snapshot_restore_py as hooks
assert "chalicelib.aws.thin.client" not in sys.modules
(before,), (after,) = hooks.get_before_snapshot(), hooks.get_after_restore()
before()
assert {"chalicelib.aws.thin.client", "msgspec", "ssl"} <= set(sys.modules)
after()
assert not {"botocore", "pynamodb", "jwt"} & set(sys.modules)
"""
    assert run(code, tmp_path, AWS_LAMBDA_INITIALIZATION_TYPE="snap-start") == ""


@pytest.mark.parametrize("kind", ["on-demand", "provisioned-concurrency", ""])
def test_another_function_needs_no_library_for_hooks(kind: str, tmp_path: Path) -> None:
    code = "import sys, app; assert not {'snapshot_restore_py', 'chalicelib.aws.snapshot'} & set(sys.modules)"
    assert run(code, tmp_path, AWS_LAMBDA_INITIALIZATION_TYPE=kind) == ""


def run(code: str, libraries: Path, **variables: str) -> str:
    environment = {"PYTHONPATH": f"{libraries}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1", "HANDLERS": "project"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=libraries, env=environment | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stderr


@pytest.mark.parametrize("hook", [snapshot.prepare, snapshot.start_anew])
def test_nothing_that_was_remembered_is_left(hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules register what they remember: clients and their connections, tokens' keys, events, the pointer, counts."""
    forgotten: list[str] = []
    monkeypatch.setattr(memory, "_registered", [lambda: forgotten.append("x"), lambda: forgotten.append("y")])
    hook()
    assert forgotten == ["x", "y"]


def test_processes_from_one_snapshot_draw_other_numbers() -> None:
    state = random.getstate()
    try:
        drawn = []
        for _ in range(2):
            random.setstate(state)
            snapshot.start_anew()
            drawn.append(random.random())
        assert drawn[0] != drawn[1]
    finally:
        random.setstate(state)
