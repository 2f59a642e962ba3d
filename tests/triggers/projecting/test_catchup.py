"""catchup closes every gap between ledger and views, and adds nothing where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.aws import dynamodb
from chalicelib.todos import ids
from chalicelib.todos.ids import Owner
from chalicelib.views import queries, schema
from stack import cli, progress
from stack.operate import audit, catchup
from tests.support.alone import Alone
from tests.support.faults import just_before, refusals
from tests.support.waiting import at_once

OTHERS = [f"owner {number}" for number in range(8)]


def counts(owner: str) -> tuple[int, int, int]:
    tally = queries.tally(Owner(owner))
    return tally.total, tally.open, tally.completed


def items(alone: Alone) -> dict[tuple[str, str], dict[str, Any]]:
    """Everything in the views."""
    found = dynamodb.client().scan(TableName=alone.views, ConsistentRead=True)["Items"]
    return {(item["owner"]["S"], item["sk"]["S"]): item for item in found}


def remove(alone: Alone, *item_keys: tuple[str, str]) -> None:
    for owner, sk in item_keys:
        dynamodb.client().delete_item(TableName=alone.views, Key={"owner": {"S": owner}, "sk": {"S": sk}})


def differences() -> list[str]:
    return [audit.describe_difference(each) for each in audit.audit_views(segments=1, patience=0).differences]


def changed_in_every_way(alone: Alone, owner: str | None = None) -> None:
    alone.create(owner, list="kept")
    edited = alone.create(owner, list="from")
    alone.patch(edited, owner, list="to", due="2026-12-01")
    alone.patch(alone.create(owner), owner, completed=True)
    restored, deleted = alone.create(owner), alone.create(owner)
    for todo_id in (restored, deleted):
        alone.api(owner).delete(f"/todos/{todo_id}")
    alone.api(owner).post(f"/todos/{restored}/restore")


def test_what_was_never_projected_is_now(alone: Alone) -> None:
    for owner in OTHERS:
        changed_in_every_way(alone, owner)

    done = catchup.catch_up()

    # Of five streams one ends with its deletion: without a row it is up to date.
    assert (done.streams, done.projected) == (5 * len(OTHERS), 4 * len(OTHERS))
    assert {counts(owner) for owner in OTHERS} == {(4, 3, 1)}
    assert differences() == []


def test_what_fell_into_a_gap_is_projected_and_only_that(alone: Alone) -> None:
    behind, deleted = alone.create(list="a"), alone.create(list="a")
    alone.create(list="a")
    alone.project()
    alone.patch(behind, list="b")
    alone.patch(behind, completed=True)
    alone.api().delete(f"/todos/{deleted}")
    alone.create(list="new")

    done = catchup.catch_up()

    assert (done.streams, done.projected) == (4, 3)
    assert counts(alone.owner) == (3, 2, 1)
    assert differences() == []


def test_an_owner_whose_views_are_gone_has_them_again(alone: Alone) -> None:
    for owner in OTHERS[:2]:
        changed_in_every_way(alone, owner)
    alone.project()
    lost = ids.partition_of(OTHERS[0])
    remove(alone, *(key for key in items(alone) if key[0] == lost))

    catchup.catch_up()

    assert {counts(owner) for owner in OTHERS[:2]} == {(4, 3, 1)}
    assert differences() == []


def test_a_deletion_whose_tombstone_has_expired_is_up_to_date(alone: Alone) -> None:
    todo_id = alone.create()
    alone.api().delete(f"/todos/{todo_id}")
    alone.project()
    remove(alone, (ids.partition_of(alone.owner), schema.todo_key(todo_id)))
    before = items(alone)

    done = catchup.catch_up()

    assert (done.streams, done.projected) == (1, 0)
    assert items(alone) == before


def test_run_again_it_adds_nothing(alone: Alone) -> None:
    changed_in_every_way(alone)
    catchup.catch_up()
    before = items(alone)

    done = catchup.catch_up()

    assert (done.streams, done.projected) == (5, 0)
    assert items(alone) == before


def test_at_the_same_time_as_another_and_as_the_stream_it_counts_once(alone: Alone) -> None:
    for owner in OTHERS[:3]:
        changed_in_every_way(alone, owner)

    runs: list[Callable[[], object]] = [catchup.catch_up, catchup.catch_up, alone.project]
    at_once(runs)

    assert {counts(owner) for owner in OTHERS[:3]} == {(4, 3, 1)}
    assert differences() == []


@pytest.mark.usefixtures("impatient")
def test_a_throttled_owner_is_reported_after_the_others_are_done_and_is_done_by_the_next_run(
    alone: Alone, capsys: pytest.CaptureFixture[str]
) -> None:
    for owner in OTHERS:
        alone.create(owner)
    throttled = ids.partition_of(OTHERS[3])

    with refusals("TransactWriteItems", "ThrottlingException", body_contains=f'"{throttled}"'):
        assert cli.main(["catchup"]) == 1

    told = capsys.readouterr()
    assert told.err.startswith("error: not everything was projected; run it again later: 1 owners")
    assert [owner for owner in OTHERS if counts(owner) == (0, 0, 0)] == [OTHERS[3]]
    assert cli.main(["catchup"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"projected 1 of {len(OTHERS)} streams"
    assert differences() == []


def test_killed_in_the_middle_the_next_run_does_the_rest(alone: Alone) -> None:
    for owner in OTHERS:
        changed_in_every_way(alone, owner)

    def kill() -> None:
        raise KeyboardInterrupt

    with just_before("TransactWriteItems", kill):
        assert cli.main(["catchup"]) == 130
    assert cli.main(["catchup"]) == 0

    assert {counts(owner) for owner in OTHERS} == {(4, 3, 1)}
    assert differences() == []


def test_a_stream_that_cannot_be_projected_is_named_and_the_others_are(
    alone: Alone, capsys: pytest.CaptureFixture[str]
) -> None:
    alone.create()
    broken = alone.create()
    stream = ids.stream_id(ids.partition_of(alone.owner), broken)
    dynamodb.client().update_item(
        TableName=settings.events_table(),
        Key={"stream_id": {"S": stream}, "version": {"N": "1"}},
        UpdateExpression="SET #state = :broken",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":broken": {"S": "{"}},
    )

    assert cli.main(["catchup"]) == 0

    assert f"cannot be projected: {stream}" in capsys.readouterr().err
    assert counts(alone.owner) == (1, 1, 0)


def test_how_far_it_is_goes_to_standard_error_alone(
    alone: Alone, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone.create()
    capsys.readouterr()
    monkeypatch.setattr(progress, "LINE_EVERY_SECONDS", 0.0)

    assert cli.main(["catchup"]) == 0

    told = capsys.readouterr()
    assert told.err == "catching up: 1 streams\n"
    assert told.out == "projected 1 of 1 streams\n"
