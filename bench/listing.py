"""CPU time of a page of 200 todos through the whole handler, HTTP stubbed: as it is, and with filters."""

from __future__ import annotations

import io
import json
import statistics
import time
import uuid
from contextlib import redirect_stdout
from typing import Any, Final

import app
from bench.stubbed import OWNER, Store, environment, stub
from bench.todo import CONTENT
from chalicelib.aws import dynamodb
from chalicelib.todos import ids
from chalicelib.todos.events import dump_json
from tests.support.gateway import api_event
from tests.support.tables import pointer_to

ROUNDS: Final = 40
ROWS: Final = 200

_INSTANT: Final = "2026-11-20T22:00:00.000Z"
_STATE: Final = dump_json({**CONTENT, "created_at": _INSTANT, "updated_at": _INSTANT})

# The first is the yardstick.
REQUESTS: Final = {
    "json.loads of the stored states": None,
    "GET /todos?limit=200": "/todos?limit=200",
    "the same with a q that none has": "/todos?limit=200&q=nowhere",
    "the same with a tag that all have": "/todos?limit=200&tag=urgent",
}


def pages() -> list[tuple[str, float, float]]:
    """Rows of (what, microseconds of CPU, ratio to parsing the states), medians of interleaved rounds."""
    items = [_row(number) for number in range(ROWS)]
    found = {"Items": items, "Count": ROWS, "ScannedCount": ROWS}
    pointer = {**pointer_to("views"), "secret": {"S": "00" * 32}}
    times: dict[str, list[float]] = {name: [] for name in REQUESTS}
    with environment(SETTINGS_TABLE="bench-settings"), redirect_stdout(io.StringIO()):
        stub(dynamodb.client(), Store({"Query": found, "GetItem": {"Item": pointer}}))
        for _ in range(ROUNDS):
            for name, path in REQUESTS.items():
                event = api_event("GET", path or "/todos", owner=OWNER, expires_in=3600)
                start = time.process_time()
                if path is None:
                    for item in items:
                        json.loads(item["state"]["S"])
                else:
                    assert app.app(event, None)["statusCode"] == 200
                times[name].append((time.process_time() - start) * 1e6)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    base = next(iter(medians.values()))
    return [(name, median, median / base) for name, median in medians.items()]


def _row(number: int) -> dict[str, Any]:
    todo_id = str(uuid.UUID(int=number))
    return {
        "owner": {"S": ids.partition_of(OWNER)},
        "sk": {"S": f"todo#{todo_id}"},
        "version": {"N": "1"},
        "revision": {"N": str(number + 1)},
        "state": {"S": _STATE},
        "by_list": {"S": f"home#{number:016x}#{todo_id}"},
        "by_created": {"S": f"{_INSTANT}#{todo_id}"},
        "by_due": {"S": f"2026-12-01T09:00:00.000000Z#{todo_id}"},
    }
