"""CPU time of a cold start, a fresh process each: importing what a function needs and making the DynamoDB client."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Final

ROUNDS: Final = 25
ROOT: Final = Path(__file__).parents[1]

CONTENDERS: Final = {
    "import boto3 and make a client": ("", "import boto3; boto3.client('dynamodb')"),
    "the API": ("api", "import app; from chalicelib import dynamo; dynamo.client()"),
    "project": ("project", "import app; from chalicelib import dynamo; dynamo.client()"),
}


def run() -> list[tuple[str, float, float]]:
    """Rows of (what, milliseconds of CPU beyond an empty interpreter, ratio to boto3): medians, interleaved."""
    times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for handlers, code in CONTENDERS.values():
        _cpu_time(handlers, code)  # writes what .pyc files there are not
    for _ in range(ROUNDS):
        empty = _cpu_time("", "pass")
        for name, (handlers, code) in CONTENDERS.items():
            times[name].append(_cpu_time(handlers, code) - empty)
    medians = {name: statistics.median(taken) * 1000 for name, taken in times.items()}
    base = next(iter(medians.values()))
    return [(name, median, median / base) for name, median in medians.items()]


def _cpu_time(handlers: str, code: str) -> float:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HANDLERS": handlers,
        "EVENTS_TABLE": "bench",
        "SETTINGS_TABLE": "bench",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
