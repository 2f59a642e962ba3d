"""An audit beside writers: a lag is not a difference, and neither is a tombstone that expired."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.audit.findings import Findings
from chalicelib.audit.recheck import Recheck
from chalicelib.aws import dynamodb, retry
from chalicelib.todos import instants
from chalicelib.views import codec, schema, table_reads
from stack.operate import audit
from tests.operate.live.audit.corruptions import wrong_tally
from tests.operate.live.audit.planted import BRIEFLY, Planted, items_of
from tests.operate.live.commanding import Item, Owner
from tests.support.waiting import PATIENCE_SECONDS, eventually


def test_an_expired_tombstone_is_not_a_difference(planted: Planted) -> None:
    planted.remove(planted.views, planted.row("deleted"))
    entries = [item for item in items_of(planted.views) if item["sk"]["S"].startswith(schema.LOG_PREFIX)]
    for entry in entries:
        changes = json.loads(entry["changes"]["S"])
        counts = codec.load_counts(entry["counts"]["S"], len(changes))
        kept = [each for each in zip(changes, counts, strict=True) if each[0][0] != planted.todos["deleted"]]
        left = {"changes": [change for change, _ in kept], "counts": [count for _, count in kept]}
        planted.put(planted.views, entry | {name: {"S": json.dumps(values)} for name, values in left.items()})
    assert audit.audit_views(patience=BRIEFLY).differences == []


def test_a_log_that_begins_later_has_no_gap(planted: Planted) -> None:
    """Entries older than 90 days are gone, or about to be."""
    old = {"at": {"S": instants.format_milliseconds(int((time.time() - 89.5 * 86400) * 1000))}}
    first = planted.owner.item(planted.views, schema.log_key(1))
    planted.put(planted.views, first | old)
    named = {todo_id for todo_id, _ in json.loads(first["changes"]["S"])}
    kinds = {found.kind for found in audit.audit_views(patience=BRIEFLY).differences}
    assert "log-gap" not in kinds
    # The todos themselves are young, so that the log ought to name them.
    assert kinds <= {"log-missing"}, named


def test_a_lag_is_not_a_difference(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row comes a moment after the audit has missed it."""
    newest = planted.row("plain")
    planted.remove(planted.views, newest)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        dynamodb.client().put_item(TableName=planted.views, Item=newest)

    monkeypatch.setattr(retry, "time", SimpleNamespace(sleep=pause))
    assert audit.audit_views(patience=PATIENCE_SECONDS).differences == []
    assert pauses
    assert planted.row("plain") == newest


def test_a_lag_longer_than_its_patience_is_a_difference(planted: Planted) -> None:
    planted.remove(planted.views, planted.row("plain"))
    assert "row-missing" in {found.kind for found in audit.audit_views(patience=BRIEFLY).differences}


def test_what_changes_while_an_owner_is_read_is_read_again(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the partition and the tally behind it todos come, go and move; the recount is of one moment."""
    busy = Owner()
    stays, moves, goes = (busy.create(title, list="one") for title in ("Stays", "Moves", "Goes"))
    whole, changed = table_reads.partition, []

    def change() -> None:
        changed.append(busy.create("Comes", list="three"))
        versions = {
            stays: busy.edit(stays, completed=True),
            moves: busy.edit(moves, list="two"),
            goes: busy.delete(goes),
        }
        for todo_id, version in {**versions, changed[0]: 1}.items():
            eventually(lambda: busy.row(planted.views, todo_id).get("version") == {"N": str(version)})  # noqa: B023

    def then_changed(*given: Any) -> Iterator[list[Item]]:
        yield from list(whole(*given))
        if not changed:
            change()

    eventually(lambda: busy.row(planted.views, goes))
    monkeypatch.setattr(table_reads, "partition", then_changed)
    again = Recheck((planted.views,), "2000-01-01", 0.0, True, Findings())
    partition = again._read(planted.views, busy.partition)
    assert changed
    assert partition is not None
    assert list(partition.check()) == []
    assert partition.lists.keys() == {"one", "two", "three"}
    assert partition.rows[goes].counted_in is None


def test_an_owner_that_keeps_changing_is_left_open(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    revisions = itertools.count(1_000_000)
    monkeypatch.setattr(
        table_reads, "tally", lambda table, owner: planted.tally() | {"revision": {"N": str(next(revisions))}}
    )
    wrong_tally(planted)
    report = audit.audit_views(patience=BRIEFLY)
    assert report.differences == []
    assert planted.owner.partition in report.findings.unsettled
    assert "changed too fast" in audit.describe(report)


def test_writes_under_way_are_no_differences(planted: Planted) -> None:
    stop = threading.Event()
    busy = Owner()
    failures: list[BaseException] = []

    def write() -> None:
        try:
            todos = [busy.create(f"Todo {number}") for number in range(5)]
            turn = 0
            while not stop.is_set():
                turn += 1
                busy.edit(todos[turn % 5], completed=turn % 2 == 0, list=f"list {turn % 3}")
        except BaseException as error:
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            assert audit.audit_views(patience=PATIENCE_SECONDS).differences == []
    finally:
        stop.set()
        writer.join()
    assert failures == []
    assert audit.audit_views(patience=PATIENCE_SECONDS).is_clean
