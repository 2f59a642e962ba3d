"""What is corrected in the emulator: a function's process serves on after its handler raised an error."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.core import lambda_runtime

from stack.local import emulator

HANDLER = """
import os, sys, time

def handle(event, context):
    if event == "fail":
        raise Exception("Unauthorized")
    if event == "exit":
        os._exit(1)
    if event == "sleep":
        time.sleep(60)
    return os.getpid()
"""


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function's process, with the correction in force."""
    for owner, name in ((lambda_runtime.Worker, "invoke"), (lambda_runtime, "_signal"), (lambda_runtime, "_collect")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    emulator._keep_processes_after_errors()
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", HANDLER)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    config = {"FunctionName": "f", "FunctionArn": arn, "Handler": "app.handle", "Runtime": "python3.11", "Timeout": 60}
    made = lambda_runtime.Worker("f", config, code.getvalue())
    yield made
    made.kill()


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
