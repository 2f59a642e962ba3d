"""`make coverage` measures Lambdas on the engine, too: its settings reach them, and their data is the checkout's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from coverage import Coverage

from stack.local.launch import inherited_environment
from tests.support.paths import ROOT

SETTINGS = "COVERAGE_PROCESS_CONFIG"
# As the engine's worker: it imports a module of the package, works, and is ended from outside.
WORKER = "from chalicelib.todos import ids; ids.encode_list('a b'); print(flush=True); input()"


def test_the_engine_passes_the_settings_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTINGS, "as coverage.py wrote them")
    assert inherited_environment()[SETTINGS] == "as coverage.py wrote them"


def test_what_a_lambda_ran_before_it_was_ended_counts_for_the_checkout(tmp_path: Path) -> None:
    code = tmp_path / "ministack-lambda-project-1" / "code"
    shutil.copytree(ROOT / "chalicelib", code / "chalicelib")
    data = str(tmp_path / "data")
    config = Coverage(data_file=data, config_file=str(ROOT / "pyproject.toml")).config
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=code,
        env={SETTINGS: config.serialize()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        worker.terminate()
    combined = Coverage(data_file=data, config_file=str(ROOT / "pyproject.toml"))
    combined.combine([str(tmp_path)])
    measured = combined.get_data().measured_files()
    assert str(ROOT / "chalicelib" / "todos" / "ids.py") in measured
    assert not [file for file in measured if file.startswith(str(tmp_path))]
