"""What is corrected in the emulator: processes serve on after a handler raised an error, and share their code."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from stack.local import emulator, function_code

HANDLER = """
import os, sys, time

def handle(event, context):
    if event == "fail":
        raise Exception("Unauthorized")
    if event == "exit":
        os._exit(1)
    if event == "sleep":
        time.sleep(60)
    if event == "place":
        return os.path.realpath(__file__)
    return os.getpid()
"""
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
CONFIGURATION = {
    "FunctionName": "f", "FunctionArn": ARN, "Handler": "app.handle", "Runtime": "python3.11", "Timeout": 60,
}  # fmt: skip


@pytest.fixture
def corrected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The corrections are in force."""
    monkeypatch.setattr(lambda_svc, "_PROVIDED_CODE_CACHE", str(tmp_path / "code"))
    monkeypatch.setattr(lambda_svc, "_provided_code_dirs", {})
    patched = [(lambda_runtime.Worker, name) for name in ("invoke", "_spawn")]
    patched += [(lambda_runtime, name) for name in ("_signal", "_collect", "zipfile")]
    for owner, name in patched:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    emulator._keep_processes_after_errors()
    function_code.unpack_once()


@pytest.fixture
def worker(corrected: None) -> Iterator[Any]:
    """A function's process."""
    made = make_worker(packed(HANDLER))
    yield made
    made.kill()


def packed(handler: str) -> bytes:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", handler)
    return code.getvalue()


def make_worker(code: bytes) -> Any:
    return lambda_runtime.Worker("f", dict(CONFIGURATION), code)


def test_a_process_serves_on_after_an_error(worker: Any) -> None:
    first = worker.invoke("pid", "1")
    failed = worker.invoke("fail", "2")
    again = worker.invoke("pid", "3")

    assert (failed["status"], failed["error"]) == ("error", "Unauthorized")
    assert (again["result"], again["cold_start"]) == (first["result"], False)


@pytest.mark.parametrize("event", ["exit", "sleep"])
def test_a_process_that_died_or_took_too_long_is_replaced(worker: Any, event: str) -> None:
    first = worker.invoke("pid", "1")
    process = worker._proc
    worker.config["Timeout"] = 1 if event == "sleep" else 60
    assert worker.invoke(event, "2")["status"] == "error"
    worker.config["Timeout"] = 60
    again = worker.invoke("pid", "3")

    assert process.poll() is not None
    assert again["result"] != first["result"]
    assert again["cold_start"]


def test_processes_of_one_package_share_its_files_and_those_of_another_do_not(corrected: None) -> None:
    code = packed(HANDLER)
    workers = [make_worker(code), make_worker(code), make_worker(packed(HANDLER + "# Newer"))]
    try:
        first, second, newer = (worker.invoke("place", "1")["result"] for worker in workers)
    finally:
        for worker in workers[1:]:
            worker.kill()
    assert first == second != newer
    # One that has ended takes nothing away from the others.
    workers[1]._discard_tmpdir()
    assert workers[0].invoke("place", "2")["result"] == first
    workers[0].kill()
    assert Path(first).exists()
