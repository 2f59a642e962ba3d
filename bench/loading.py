"""The loader, beside a raw loop of unconditional BatchWriteItem and one conditional PutItem at a time; same items."""

from __future__ import annotations

import io
import json
import os
import statistics
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

ROWS: Final = 6_000
PUT_ONE_AT_A_TIME: Final = 400
CONCURRENCY: Final = 4
ROUNDS: Final = 5
BATCH_WRITE_ITEMS: Final = 25

Items = list[dict[str, Any]]


def run(client: Any) -> list[tuple[str, float, float]]:
    """Rows of (what, items a second, ratio to the BatchWriteItem loop), medians of interleaved rounds."""
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="todo-ledger-bench-") as directory:
        file = Path(directory, "todos.jsonl")
        file.write_text("".join(json.dumps(_row(number)) + "\n" for number in range(ROWS)))
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


def _batch_write(client: Any, table: str, items: Items) -> None:
    def write(start: int) -> None:
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + BATCH_WRITE_ITEMS]]
        client.batch_write_item(RequestItems={table: puts})

    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(write, range(0, len(items), BATCH_WRITE_ITEMS)))


def _put(client: Any, table: str, items: Items) -> None:
    for item in items[:PUT_ONE_AT_A_TIME]:
        client.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(stream_id)")


def _load(file: Path, table: str) -> None:
    os.environ["EVENTS_TABLE"] = table
    with redirect_stdout(io.StringIO()):
        assert load([str(file), "--owner", "bench", "--concurrency", str(CONCURRENCY)]) == 0


def _row(number: int) -> dict[str, Any]:
    return {
        "title": f"Ask the landlord about boiler {number}",
        "notes": "It makes the noise again, mostly in the morning. " * 3,
        "list": "home",
        "tags": ["phone", "urgent"],
        "priority": "high",
        "order": number,
    }
