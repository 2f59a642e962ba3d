"""The loader beside two raw loops over the same items: unconditional BatchWriteItem, and one conditional PutItem each.

The loader's dry run: rows for each second of CPU time beside json.loads of the same lines, and its peak memory.
"""

from __future__ import annotations

import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Final

from bench.engine import fresh_events_table
from loaders.cli import main as load
from stack.settings import REPOSITORY

ROWS: Final = 6_000
PUT_ONE_AT_A_TIME: Final = 400
CONCURRENCY: Final = 4
ROUNDS: Final = 5
BATCH_WRITE_ITEMS: Final = 25

DRY_ROWS: Final = 50_000
# Peak memory is measured with this many rows, and with a tenth of them.
MEMORY_ROWS: Final = 1_000_000

# Both run in processes of their own, as the command does: each collection of garbage would walk through whatever else
# `bench` has imported. This one prints its peak memory in kilobytes (Linux; ru_maxrss includes the parent's).
_DRY_RUN: Final = """
import sys
from loaders.cli import main
assert main([sys.argv[1], "--owner", "bench", "--dry-run", "--offline"]) == 0
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
# And this one the seconds of CPU time of json.loads of the lines and of a dry run, the best of interleaved rounds.
_TIMED: Final = """
import io, json, sys, time
from contextlib import redirect_stdout
from pathlib import Path
from loaders.cli import main

def parse():
    for line in lines:
        json.loads(line)

def load():
    with redirect_stdout(io.StringIO()):
        assert main([sys.argv[1], "--owner", "bench", "--dry-run", "--offline"]) == 0

lines = Path(sys.argv[1]).read_bytes().splitlines()
best = {}
for _ in range(int(sys.argv[2])):
    for work in (parse, load):
        start = time.process_time()
        work()
        best[work] = min(time.process_time() - start, best.get(work, 1e9))
print(*best.values())
"""

Items = list[dict[str, Any]]


def bulk_loading(client: Any) -> list[tuple[str, float, float]]:
    """Rows of (what, items a second, ratio to the BatchWriteItem loop), medians of interleaved rounds."""
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="todo-ledger-bench-") as directory:
        file = _file(directory, ROWS)
        _load(file, fresh_events_table(client))
        items = client.scan(TableName=os.environ["EVENTS_TABLE"])["Items"]
        while len(items) < ROWS:
            items *= 2
        items = [{**item, "stream_id": {"S": f"bench#{uuid.uuid4()}"}} for item in items[:ROWS]]
        contenders: dict[str, tuple[Callable[[str], object], int]] = {
            "raw BatchWriteItem of 25, unconditional": (lambda table: _batch_write(client, table, items), ROWS),
            "one conditional PutItem at a time": (lambda table: _put(client, table, items), PUT_ONE_AT_A_TIME),
            "the loader, from the file": (lambda table: _load(file, table), ROWS),
        }
        for _ in range(ROUNDS):
            for name, (write, count) in contenders.items():
                table = fresh_events_table(client)
                start = time.perf_counter()
                write(table)
                rates.setdefault(name, []).append(count / (time.perf_counter() - start))
                client.delete_table(TableName=table)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    base = next(iter(medians.values()))
    return [(name, rate, rate / base) for name, rate in medians.items()]


def dry_run() -> list[tuple[str, float, float]]:
    """Rows of (what, rows for each second of CPU time, ratio to json.loads), each the best of interleaved rounds."""
    with tempfile.TemporaryDirectory(prefix="todo-ledger-bench-") as directory:
        found = _in_a_process(_TIMED, _file(directory, DRY_ROWS), str(ROUNDS))
    rates = [DRY_ROWS / float(seconds) for seconds in found[-2:]]
    names = ("json.loads of the lines", "the loader's dry run")
    return [(name, rate, rate / rates[0]) for name, rate in zip(names, rates, strict=True)]


def memory() -> list[tuple[str, float, float]]:
    """Rows of (what, peak MB of a dry run in a process of its own, ratio)."""
    peaks: dict[str, float] = {}
    for count in (MEMORY_ROWS // 10, MEMORY_ROWS):
        with tempfile.TemporaryDirectory(prefix="todo-ledger-bench-") as directory:
            peaks[f"{count:,} rows"] = int(_in_a_process(_DRY_RUN, _file(directory, count))[-1]) / 1024
    base = next(iter(peaks.values()))
    return [(name, peak, peak / base) for name, peak in peaks.items()]


def _in_a_process(program: str, file: Path, *arguments: str) -> list[str]:
    """The words that a program prints about a file."""
    command = [sys.executable, "-c", program, str(file), *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split()


def _batch_write(client: Any, table: str, items: Items) -> None:
    def write(start: int) -> None:
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + BATCH_WRITE_ITEMS]]
        client.batch_write_item(RequestItems={table: puts})

    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(write, range(0, len(items), BATCH_WRITE_ITEMS)))


def _put(client: Any, table: str, items: Items) -> None:
    for item in items[:PUT_ONE_AT_A_TIME]:
        client.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(stream_id)")


def _file(directory: str, rows: int) -> Path:
    file = Path(directory, "todos.jsonl")
    with file.open("w") as content:
        content.writelines(json.dumps(_row(number)) + "\n" for number in range(rows))
    return file


def _load(file: Path, table: str) -> None:
    os.environ["EVENTS_TABLE"] = table
    with redirect_stdout(io.StringIO()):
        # Nothing projects what is written here, so the load must not wait for the views.
        command = [str(file), "--owner", "bench", "--concurrency", str(CONCURRENCY), "--max-lag", "0"]
        assert load(command) == 0


def _row(number: int) -> dict[str, Any]:
    return {
        "title": f"Ask the landlord about boiler {number}",
        "notes": "It makes the noise again, mostly in the morning. " * 3,
        "list": "home",
        "tags": ["phone", "urgent"],
        "priority": "high",
        "order": number,
    }
