"""The service beside what one would use instead: requests, units, and CPU time over loopback connections.

Each contender works once on an engine, where its requests are recorded; then over and over with a process that gives it
the same answers, so that its CPU time has nothing of the engine in it, and its history does not grow.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final, Self

from bench.engine import fresh_events_table, fresh_views_table
from bench.loopback import answering
from bench.peers import units
from bench.peers.recording import Exchange, recording
from bench.projecting import BATCH, batch_of_records
from chalicelib.views import schema
from tests.simulation.tables import Table
from tests.support.paths import ROOT
from tests.support.tables import definition

ENVIRONMENT: Final = ROOT / ".venv" / "peers"
PYTHON: Final = ENVIRONMENT / "bin" / "python"
REQUIREMENTS: Final = ROOT / "bench" / "peers" / "requirements.txt"

HISTORIES: Final = (1, 100, 1_000)
ROUNDS: Final = 11
CALLS: Final = 10

# Contenders by what the table calls them; the first of each table is the yardstick.
COMMANDS: Final = {
    "raw boto3: query + conditional put": "raw boto3",
    "a command of this service": "ours",
    "the same from warm memory": "ours, warm",
    "the same with an idempotency key": "ours, with a key",
    "PynamoDB `VersionAttribute`: get + save, no history": "PynamoDB",
    "Powertools idempotency around raw boto3": "Powertools idempotency",
    "eventsourcing with its DynamoDB plugin, no lock": "eventsourcing",
}
BATCHES: Final = {
    "Powertools' batch processor, one conditional update a record": "Powertools batch",
    "`project`": "project",
}
_OURS: Final = {"ours", "ours, warm", "ours, with a key", "project"}

_TABLES: Final = {
    # By the variable that names it: its key.
    "RAW_TABLE": (("stream_id", "S"), ("version", "N")),
    "VERSIONED_TABLE": (("owner", "S"), ("todo_id", "S")),
    "IDEMPOTENCY_TABLE": (("id", "S"),),
    "DYNAMO_TABLE": (("originator_id", "S"), ("originator_version", "N")),
    "ROWS_TABLE": (("owner", "S"), ("todo_id", "S")),
}


@dataclass(frozen=True)
class Measured:
    """What one command, or one batch, takes.

    Attributes
    ----------
    requests : Counter of str
    written, read : float
        Units.
    microseconds : float
        Of CPU time: the median of rounds in which the contenders took turns.
    ratio : float
        To the yardstick.
    """

    requests: Counter[str]
    written: float
    read: float
    microseconds: float
    ratio: float


def install() -> None:
    """Make the peers' environment, unless it is as the lock file says."""
    installed = ENVIRONMENT / "installed"
    if installed.exists() and installed.read_text() == REQUIREMENTS.read_text():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--require-hashes", "-r", str(REQUIREMENTS)], check=True)
    installed.write_text(REQUIREMENTS.read_text())


def commands(client: Any) -> dict[str, dict[int, Measured]]:
    """By contender and length of the history: an update of a todo."""
    found: dict[str, dict[int, Measured]] = {name: {} for name in COMMANDS}
    for history in HISTORIES:
        works = {
            name: _Work(contender, ["prepare", history], ["update", 1], ["update", CALLS])
            for name, contender in COMMANDS.items()
        }
        for name, measured in _measured(client, works).items():
            found[name][history] = measured
    return found


def batches(client: Any) -> dict[str, dict[int, Measured]]:
    """By contender and number of owners: a batch of records of new todos."""
    found: dict[str, dict[int, Measured]] = {name: {} for name in BATCHES}
    for owners in (1, BATCH):
        handle = ["handle", batch_of_records(owners)]
        works = {name: _Work(contender, None, handle, handle) for name, contender in BATCHES.items()}
        for name, measured in _measured(client, works).items():
            found[name][owners] = measured
    return found


@dataclass(frozen=True)
class _Work:
    """What a contender is to do: get ready, do what is recorded, then do it many times."""

    contender: str
    prepare: list[Any] | None
    once: list[Any]
    often: list[Any]


def _measured(client: Any, works: Mapping[str, _Work]) -> dict[str, Measured]:
    recorded = {name: _recorded(client, work) for name, work in works.items()}
    times: dict[str, list[float]] = {name: [] for name in works}
    with ExitStack() as running:
        workers = {}
        for name, work in works.items():
            url = running.enter_context(answering(recorded[name].answers))
            workers[name] = running.enter_context(_Worker(work.contender, url, recorded[name].environment))
            workers[name].tell(work.often)
        for _ in range(ROUNDS):
            for name, work in works.items():
                times[name].append(workers[name].tell(work.often))
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    base = next(iter(medians.values()))
    return {
        name: Measured(each.requests, each.written, each.read, medians[name], medians[name] / base)
        for name, each in recorded.items()
    }


@dataclass(frozen=True)
class _Recorded:
    """What a contender did on an engine, with its tables, and how it was answered."""

    environment: dict[str, str]
    answers: dict[str, list[Any]]
    requests: Counter[str]
    written: float
    read: float


def _recorded(client: Any, work: _Work) -> _Recorded:
    ours = {
        (events := fresh_events_table(client)): Table(definition("EventsTable", events)),
        (views := fresh_views_table(client)): Table(schema.table_definition(views)),
    }
    environment = os.environ | _tables_of_peers(client, events) | {"PERSISTENCE_MODULE": "eventsourcing_dynamodb"}
    with (
        recording(client.meta.endpoint_url) as recorder,
        _Worker(work.contender, recorder.url, environment) as worker,
    ):
        if work.prepare is not None:
            worker.tell(work.prepare)
        before = list(recorder.exchanges)
        worker.tell(work.once)
        done = recorder.exchanges[len(before) :]

    def look(table: str, key: units.Item) -> units.Item:
        found: units.Item = client.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
        return found

    def indexed(table: str, item: units.Item) -> int:
        return _of_entries(ours[table], item) if table in ours else 0

    return _Recorded(
        environment,
        _answers(before, done),
        Counter(each.operation for each in done),
        units.written(done, look, indexed),
        units.read(done),
    )


def _answers(before: list[Exchange], done: list[Exchange]) -> dict[str, list[Any]]:
    """The answers to each operation in their order; of one that was needed only to get ready, the last."""
    answers: dict[str, list[Any]] = {each.operation: [each.answer] for each in before}
    answers |= {each.operation: [] for each in done}
    for each in done:
        assert "__type" not in each.answer, each
        assert "Limit" in each.request or "LastEvaluatedKey" not in each.answer, "a history must fit in a page"
        answers[each.operation].append(each.answer)
    return answers


def _tables_of_peers(client: Any, prefix: str) -> dict[str, str]:
    """Create empty tables; their names by the variables that state them."""
    names = {variable: f"{prefix}-{variable.partition('_')[0].lower()}" for variable in _TABLES}
    for variable, name in names.items():
        key = _TABLES[variable]
        roles = zip(key, ("HASH", "RANGE"), strict=False)
        client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": part, "AttributeType": kind} for part, kind in key],
            KeySchema=[{"AttributeName": part, "KeyType": role} for (part, _), role in roles],
            BillingMode="PAY_PER_REQUEST",
        )
    return names


def _of_entries(table: Table, item: units.Item) -> int:
    """The units of the index entries that a new item makes."""
    entries = (index.seen_in(dict(item)) for index in table.indexes.values() if index.holds(dict(item)))
    return sum(units.of_write(entry) for entry in entries)


class _Worker:
    """A contender in a process of its own."""

    def __init__(self, contender: str, url: str, environment: Mapping[str, str]) -> None:
        python = sys.executable if contender in _OURS else str(PYTHON)
        stated = {"PYTHONPATH": str(ROOT), "AWS_ENDPOINT_URL": url, "AWS_ENDPOINT_URL_DYNAMODB": url}
        self._process = subprocess.Popen(
            [python, "-m", "bench.peers.worker", contender],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**environment, **stated},
        )

    def tell(self, line: list[Any]) -> float:
        """Let it do something; the microseconds of CPU time that this took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
