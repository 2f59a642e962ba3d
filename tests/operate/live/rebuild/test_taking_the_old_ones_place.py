"""A rebuild: a new views table takes the old one's place while writes go on."""

from __future__ import annotations

import itertools
import json

import pytest

from chalicelib.aws import dynamodb
from chalicelib.rebuild.run import Run
from chalicelib.rebuild.state import Progress
from chalicelib.todos import fold, ids
from chalicelib.views import codec, pointer
from chalicelib.views.errors import PositionExpired
from chalicelib.views.pointer import Pointer
from chalicelib.views.sync import walk
from stack.operate import audit, rebuild
from tests.operate.live.commanding import Owner
from tests.operate.live.rebuild.rebuilding import SHORT, advance_to, counts, described, exists, writing
from tests.support.waiting import PATIENCE_SECONDS, eventually


def test_the_new_table_takes_the_old_ones_place(owner: Owner, views: str) -> None:
    assert audit.audit_views(patience=PATIENCE_SECONDS).is_clean
    before = counts(owner)
    assert before == (5, 4, 1)
    steps: list[str] = []
    done = rebuild.rebuild_views(lambda reached: steps.append(reached.step), **SHORT)
    assert done.table != views
    assert pointer.pointer() == Pointer(done.table, (done.table,))
    assert not exists(views)
    assert audit.audit_views(patience=PATIENCE_SECONDS).is_clean
    assert counts(owner) == before
    assert [step for step, _ in itertools.groupby(steps)] == [
        "make", "settle", "fill", "audit", "switch", "drain", "drop", "done"
    ][1:]  # fmt: skip


def test_a_new_fold_ends_with_a_rebuild(owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch) -> None:
    evolve = fold.evolve
    with monkeypatch.context() as newer:
        newer.setattr(fold, "STATE_SCHEMA", fold.STATE_SCHEMA + 1)
        newer.setattr(fold, "evolve", lambda *given: {**evolve(*given), "priority": "high"})
        assert {found.kind for found in audit.audit_views([views], patience=0).differences} >= {"row-state"}
        done = rebuild.rebuild_views(**SHORT)
        assert audit.audit_views([done.table], patience=PATIENCE_SECONDS).is_clean
        for item in dynamodb.client().scan(TableName=done.table)["Items"]:
            assert "state" not in item or json.loads(item["state"]["S"])["priority"] == "high"
    # And back.
    rebuild.rebuild_views(**SHORT)
    assert audit.audit_views(patience=PATIENCE_SECONDS).is_clean


def test_the_new_table_is_made_like_the_first(owner: Owner, views: str) -> None:
    first = described(views)
    made = rebuild.rebuild_views(**SHORT).table
    assert described(made) == first
    assert (
        dynamodb.client().describe_time_to_live(TableName=made)["TimeToLiveDescription"]["AttributeName"]
        == "expires_at"
    )


def test_writes_go_on_all_the_while(owner: Owner, views: str) -> None:
    def settled(reached: Progress) -> None:
        """What was under way with the pointer before has been done once a later event is in the table."""
        if reached.step == "settle":
            later = owner.create("Later")
            eventually(lambda: owner.row(views, later))
            eventually(lambda: min(writer.count for writer in writers) > 3)

    with writing() as writers:
        done = rebuild.rebuild_views(settled, **SHORT)
    report = audit.audit_views(patience=PATIENCE_SECONDS)
    assert report.differences == []
    assert report.tables == (done.table,)
    assert not exists(views)
    for writer in writers:
        assert counts(writer.owner)[0] == writer.expected


def test_both_tables_are_written_while_there_are_two(owner: Owner, views: str) -> None:
    run = Run.claim(**SHORT)
    advance_to(run, "fill")
    assert pointer.pointer() == Pointer(views, (views, run.state.table))
    todo_id = owner.create("Into both")
    for table in (views, run.state.table):
        eventually(lambda: owner.row(table, todo_id))  # noqa: B023
    run.keep(0)


def test_a_reader_of_the_feed_starts_over_and_finds_the_same(owner: Owner, views: str) -> None:
    assert audit.audit_views(patience=PATIENCE_SECONDS).is_clean
    before = walk.page(ids.Owner(owner.name), None, 200)
    assert not before.more
    rebuild.rebuild_views(**SHORT)
    with pytest.raises(PositionExpired, match="rebuilt"):
        walk.page(ids.Owner(owner.name), before.position, 200)
    after = walk.page(ids.Owner(owner.name), None, 200)
    assert after.changes == before.changes != []
    assert walk.page(ids.Owner(owner.name), after.position, 200).changes == []


def test_what_was_deleted_long_ago_stays_out(owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = owner.create("Gone")
    owner.delete(gone)
    eventually(lambda: "expires_at" in owner.row(views, gone))
    monkeypatch.setattr(codec, "TOMBSTONE_SECONDS", -3600)
    done = rebuild.rebuild_views(**SHORT)
    assert owner.row(done.table, gone) == {}
    assert audit.audit_views(patience=PATIENCE_SECONDS).is_clean
