"""The stream's reader that keeps the views."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from chalicelib import logs, metrics
from chalicelib.aws import quarantine
from chalicelib.todos import ids, instants
from chalicelib.views import projector, schema
from chalicelib.views.projection import Head, todo_of


def handle(event: dict[str, Any]) -> None:
    """Project a batch of stream records (a Lambda event of DynamoDB Streams, NEW_IMAGE) into every views table in use.

    A record that cannot be projected is quarantined, and the others go on.

    Raises
    ------
    ProjectionIncomplete
        After everything else was done; Lambda then hands the batch over again, and what was done is skipped.
    ClientError, BotoCoreError
        When the pointer cannot be read, or the quarantine does not take what belongs there.
    """
    heads: defaultdict[str, list[Head]] = defaultdict(list)
    for record in event["Records"]:
        try:
            found = _head(record)
        except Exception as error:
            quarantine.put("project", error, record=record)
            continue
        if found is not None:
            owner, head = found
            heads[owner].append(head)
    logs.write("project", records=len(event["Records"]), owners=len(heads))
    try:
        refused = project(heads)
    except projector.ProjectionIncomplete as incomplete:
        _quarantine(incomplete.refused)
        raise
    _quarantine(refused)
    _observe_lag(event["Records"])


def project(heads: Mapping[str, list[Head]]) -> list[projector.Refused]:
    """Bring events into every views table in use, each on its own; returns what is refused for good.

    Raises
    ------
    ProjectionIncomplete
    """
    failures: dict[str, Exception] = {}
    refused: list[projector.Refused] = []
    for table in projector.tables():
        try:
            refused += projector.project_batch(table, heads)
        except projector.ProjectionIncomplete as incomplete:
            failures.update(incomplete.failures)
            refused += incomplete.refused
    if failures:
        raise projector.ProjectionIncomplete(failures, refused)
    return refused


def _quarantine(refused: list[projector.Refused]) -> None:
    """What DynamoDB refuses goes by its keys alone: the event itself is sound, and the ledger has it."""
    for each in refused:
        found_by = {"stream_id": ids.stream_id(each.owner, each.head.todo_id), "version": each.head.version}
        quarantine.put("project", each.error, record={}, keys=found_by)


def _observe_lag(records: Iterable[Mapping[str, Any]]) -> None:
    now = time.time_ns() // 1_000_000
    for record in records:
        # What was put aside, or removes an event, has no instant.
        with suppress(LookupError, TypeError, ValueError):
            happened = instants.milliseconds_of(record["dynamodb"]["NewImage"]["occurred_at"]["S"])
            metrics.observe(metrics.PROJECTION_LAG, max(0, now - happened))


def _head(record: Mapping[str, Any]) -> tuple[str, Head] | None:
    """The owner (as keys have it) and event of a record; None for one that brings no event.

    Raises
    ------
    Exception
        Of any kind, when the record cannot be decoded or its state cannot stand in the indexes.
    """
    image = record["dynamodb"].get("NewImage")
    if image is None:
        # Nothing here removes an event, and there is nothing to do about one that was removed by hand.
        return None
    owner, todo_id = ids.split_stream_id(image["stream_id"]["S"])
    head = Head(todo_id, int(image["version"]["N"]), image["state"]["S"])
    todo_of(head.state)
    schema.index_attributes(owner, todo_id, head.state)
    return owner, head
