"""CPU time of a cold start in a new process: importing what a function needs, and making the DynamoDB client.

The functions are imported from the deployment package, unpacked into a read-only directory; boto3 is installed beside
it, as in Lambda's runtime.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stack.deploy import archive
from stack.deploy.package import package

ROUNDS: Final = 25
STAGE: Final = "dev"

FUNCTIONS: Final = (
    "api", "mcp", "authorize", "project", "publish", "deliver", "remind", "remind_page", "clear", "rebuild"
)  # fmt: skip
CONTENDERS: Final = {
    "import boto3 and make a client": ("", "import boto3; boto3.client('dynamodb')"),
    "the API": ("api", "import app; from chalicelib.aws import dynamodb; dynamodb.client()"),
    "the server for assistants": ("mcp", "import app; from chalicelib.aws import dynamodb; dynamodb.client()"),
    "project": ("project", "import app; from chalicelib.aws import dynamodb; dynamodb.client()"),
}


def cold_starts() -> list[tuple[str, float, float]]:
    """Rows of (what, milliseconds of CPU beyond an empty interpreter, ratio to boto3): medians, interleaved."""
    times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    with _unpacked() as root:
        for handlers, code in CONTENDERS.values():
            _cpu_time(root, handlers, code)  # writes the .pyc files that boto3 lacks
        for _ in range(ROUNDS):
            empty = _cpu_time(root, "", "pass")
            for name, (handlers, code) in CONTENDERS.items():
                times[name].append(_cpu_time(root, handlers, code) - empty)
    medians = {name: statistics.median(taken) * 1000 for name, taken in times.items()}
    base = next(iter(medians.values()))
    return [(name, median, median / base) for name, median in medians.items()]


def import_times() -> list[tuple[str, float, float]]:
    """Rows of (function, milliseconds of its imports by `-X importtime`, ratio to importing boto3): medians."""
    times: dict[str, list[float]] = {name: [] for name in ("import boto3", *FUNCTIONS)}
    with _unpacked() as root:
        _import_time(root, "", "boto3")  # writes the .pyc files that it lacks
        for _ in range(ROUNDS):
            for name, taken in times.items():
                taken.append(_import_time(root, name, "app" if name in FUNCTIONS else "boto3"))
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    base = next(iter(medians.values()))
    return [(name, median, median / base) for name, median in medians.items()]


def _import_time(root: Path, handlers: str, module: str) -> float:
    """Milliseconds of importing a module with all that it imports."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {module}"]
    done = subprocess.run(
        command, cwd=root, env=_environment(root, handlers), check=True, stderr=subprocess.PIPE, text=True
    )
    # "import time: self [us] | cumulative | imported package", a module after those that it imports.
    _, cumulative, name = done.stderr.splitlines()[-1].split("|")
    assert name.strip() == module
    return int(cumulative) / 1000


@contextmanager
def _unpacked() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="todo-ledger-bench-") as directory:
        archive.unpack(package(STAGE).code, Path(directory))
        _set_writable(Path(directory), writable=False)
        try:
            yield Path(directory)
        finally:
            _set_writable(Path(directory), writable=True)


def _set_writable(directory: Path, *, writable: bool) -> None:
    for path in (directory, *directory.rglob("*")):
        if path.is_dir():
            path.chmod(0o755 if writable else 0o555)


def _cpu_time(root: Path, handlers: str, code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=root, env=_environment(root, handlers), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def _environment(root: Path, handlers: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(root),
        "HANDLERS": handlers,
        "EVENTS_TABLE": "bench",
        "SETTINGS_TABLE": "bench",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        # As in a Lambda.
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
    }
