"""The projection of batches of 100 records, beside a raw loop with one conditional PutItem for each record."""

from __future__ import annotations

import io
import statistics
import time
import uuid
from contextlib import redirect_stdout
from typing import Any, Final

from bench.engine import fresh_views_table
from chalicelib.todos.events import dump_json
from chalicelib.todos.ids import Partition
from chalicelib.triggers import project
from chalicelib.views import projector
from chalicelib.views.projection import Head
from tests.support.faults import Traffic, counted

BATCH: Final = 100
ROUNDS: Final = 7

_STATE: Final = {
    "title": "Ask the landlord about the boiler",
    "notes": "It makes the noise again, mostly in the morning. " * 3,
    "list": "home",
    "tags": ["phone", "urgent"],
    "priority": "high",
    "order": 3,
    "created_at": "2026-11-20T22:00:00.000Z",
    "updated_at": "2026-11-20T22:00:00.000Z",
}


def batches(client: Any) -> list[tuple[str, float, float]]:
    """Rows of (what, records a second, ratio to the raw loop), medians of interleaved rounds."""
    views = fresh_views_table(client)
    rates: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, owners, write in (
            ("one conditional PutItem a record", BATCH, lambda event: _put_each(client, views, event)),
            ("project, 100 records of one owner", 1, project.handle),
            ("project, each record of another owner", BATCH, project.handle),
        ):
            event = batch_of_records(owners)
            with redirect_stdout(io.StringIO()):
                start = time.perf_counter()
                write(event)
                rates.setdefault(name, []).append(BATCH / (time.perf_counter() - start))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    base = next(iter(medians.values()))
    return [(name, rate, rate / base) for name, rate in medians.items()]


def write_units(client: Any) -> list[tuple[str, float]]:
    """Rows of (what, write units for each event) as the engine counts them, without the ledger's own write."""
    views = fresh_views_table(client)
    with counted() as traffic:
        return _write_units(views, traffic)


def _write_units(views: str, traffic: Traffic) -> list[tuple[str, float]]:
    todos = [str(uuid.uuid4()) for _ in range(90)]

    def spent(version: int, ids: list[str], **change: Any) -> float:
        before = traffic.transaction_units
        state = dump_json(_STATE | change)
        projector.project_batch(views, {Partition("owner"): [Head(todo_id, version, state) for todo_id in ids]})
        return (traffic.transaction_units - before) / len(ids)

    return [
        ("a create, 90 in a batch", spent(1, todos)),
        ("an edit, 90 in a batch", spent(2, todos, title="Ask again")),
        ("a reorder, 90 in a batch", spent(3, todos, title="Ask again", order=4)),
        ("a completion, 90 in a batch", spent(4, todos, title="Ask again", order=4, completed=True)),
        ("a create alone", spent(1, [str(uuid.uuid4())])),
        ("an edit alone", spent(5, todos[:1], title="Ask once more", order=4, completed=True)),
    ]


def batch_of_records(owners: int) -> dict[str, Any]:
    """A Lambda event of stream records, whose owners alternate among `owners` ones."""
    names = [uuid.uuid4().hex for _ in range(owners)]
    state = dump_json(_STATE)
    records = []
    for number in range(BATCH):
        stream_id = {"S": f"{names[number % owners]}#{uuid.uuid4()}"}
        image = {"stream_id": stream_id, "version": {"N": "1"}, "state": {"S": state}}
        records.append({"eventName": "INSERT", "dynamodb": {"NewImage": image, "SequenceNumber": str(number)}})
    return {"Records": records}


def _put_each(client: Any, table: str, event: dict[str, Any]) -> None:
    for record in event["Records"]:
        image = record["dynamodb"]["NewImage"]
        owner, _, todo_id = image["stream_id"]["S"].partition("#")
        client.put_item(
            TableName=table,
            Item={
                "owner": {"S": owner},
                "sk": {"S": f"todo#{todo_id}"},
                "version": image["version"],
                "state": image["state"],
                "by_list": {"S": f"home#{todo_id}"},
            },
            ConditionExpression="attribute_not_exists(sk) OR version < :version",
            ExpressionAttributeValues={":version": image["version"]},
        )
