"""Projecting stream records: their events into every views table in use, and poison into the quarantine."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from chalicelib import metrics
from chalicelib.aws import quarantine
from chalicelib.ledger.codec import MORE
from chalicelib.todos import ids, instants
from chalicelib.todos.ids import Partition
from chalicelib.views import current, projector, schema
from chalicelib.views.errors import ProjectionIncomplete, Refused
from chalicelib.views.projection import Head, todo_of

# The handler that quarantines: `redrive` returns a record to it.
HANDLER: Final = "project"

Heads = Mapping[Partition, list[Head]]


def heads_of(records: Iterable[Mapping[str, Any]]) -> Heads:
    """The events of stream records, by owner (as encoded in keys); a record that cannot be projected is quarantined.

    Raises
    ------
    AWSError
        When the quarantine queue cannot be written to.
    """
    heads: defaultdict[Partition, list[Head]] = defaultdict(list)
    for record in records:
        try:
            found = _head(record)
        except Exception as error:
            quarantine.put(HANDLER, error, record=record)
            continue
        if found is not None:
            owner, head = found
            heads[owner].append(head)
    return heads


def project_everywhere(heads: Heads) -> list[Refused]:
    """Project events into every views table in use, each on its own; returns those that no retry can project.

    Raises
    ------
    ProjectionIncomplete
        When some owners could not be projected for now, after all the others were.
    """
    failures, refused = _project_into_each(current.current_pointer().tables, heads)
    if any(current.is_gone(error) for _, error in failures):
        # A table was dropped since the pointer was read. What that names now counts, and what is done is skipped.
        current.forget()
        failures, refused = _project_into_each(current.current_pointer().tables, heads)
    if failures:
        raise ProjectionIncomplete(dict(failures), refused)
    return refused


def project_or_quarantine(heads: Heads) -> None:
    """Project events into every views table in use; those that no retry can project are quarantined.

    Raises
    ------
    ProjectionIncomplete
        When some owners could not be projected for now, after all the others were.
    AWSError
        When the pointer cannot be read, or the quarantine queue cannot be written to.
    """
    try:
        refused = project_everywhere(heads)
    except ProjectionIncomplete as incomplete:
        _quarantine(incomplete.refused)
        raise
    _quarantine(refused)


def observe_lag(records: Iterable[Mapping[str, Any]]) -> None:
    """Add each record's lag, in milliseconds since its event occurred or was brought here, to the metrics."""
    now = time.time_ns() // 1_000_000
    for record in records:
        # A quarantined record may have no instant; a record that removes an event has none.
        with suppress(LookupError, TypeError, ValueError):
            image = record["dynamodb"]["NewImage"]
            happened = instants.milliseconds_of((image.get("imported_at") or image["occurred_at"])["S"])
            metrics.observe(metrics.PROJECTION_LAG, max(0, now - happened))


def _project_into_each(tables: Sequence[str], heads: Heads) -> tuple[list[tuple[str, Exception]], list[Refused]]:
    """Project into each table, whatever fails in another: which owners failed for now, and what no retry can project.

    A rebuild's table comes first: what a client sees in the one before, or has waited for there, it has then, too.
    """
    failures: list[tuple[str, Exception]] = []
    refused: list[Refused] = []
    for table in reversed(tables):
        try:
            refused += projector.project_batch(table, heads)
        except ProjectionIncomplete as incomplete:
            failures += incomplete.failures.items()
            refused += incomplete.refused
    return failures, refused


def _quarantine(refused: Iterable[Refused]) -> None:
    """Quarantine an event that DynamoDB refuses by its keys alone: the event itself is sound, and the ledger has it."""
    for each in refused:
        found_by = {"stream_id": ids.stream_id(each.owner, each.head.todo_id), "version": each.head.version}
        quarantine.put(HANDLER, each.error, record={}, keys=found_by)


def _head(record: Mapping[str, Any]) -> tuple[Partition, Head] | None:
    """The owner (as encoded in keys) and event of a record; None where there is nothing to project.

    Raises
    ------
    Exception
        Of any type, when the record cannot be decoded or its state cannot be indexed.
    """
    image = record["dynamodb"].get("NewImage")
    if image is None:
        # This service removes no events, and one that was removed by hand needs no action.
        return None
    if MORE in image:
        # The rest of the todo's history follows; until then the views do not have it.
        return None
    owner, todo_id = ids.split_stream_id(image["stream_id"]["S"])
    head = Head(todo_id, int(image["version"]["N"]), image["state"]["S"])
    todo_of(head.state)
    schema.index_attributes(owner, todo_id, head.state)
    return owner, head
