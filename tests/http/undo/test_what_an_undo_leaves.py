"""What an undo leaves as a whole: results that would be no todo, histories that are not finished, series too long."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.aws import settings_table
from chalicelib.commands import operations
from chalicelib.commands.undo import records, service, units
from chalicelib.ledger import ledger
from chalicelib.todos import ids, instants
from tests.http.undo.test_undoing import fields, path_of, undo
from tests.support.client import pointers
from tests.support.in_process import InProcess
from tests.support.reset import forget_todos


def reasons(undone: dict[str, Any]) -> dict[str, list[tuple[str | None, str]]]:
    """By todo, the field and the reason of each conflict."""
    return {each["todo"]: [(one["field"], one["reason"]) for one in each["conflicts"]] for each in undone["conflicts"]}


def test_a_todo_that_would_be_too_large_stays_as_it_is(here: InProcess) -> None:
    todo = here.post("/todos", {"title": "a", "notes": '"' * 13_000}).json()
    here.patch(f"/todos/{todo['id']}", {"title": "b", "notes": "short"}, operation_id="x")
    assert here.patch(f"/todos/{todo['id']}", {"metadata": {"others": "m" * 4_000}}).ok

    undone = undo(here, "x")

    assert reasons(undone) == {todo["id"]: [(None, "invalid")]}
    assert "bytes" in undone["conflicts"][0]["conflicts"][0]["detail"]
    assert fields(here, todo["id"], "title", "notes", "version") == ("b", "short", 3)


def test_a_history_that_a_takeout_brought_in_part_stays_as_it_is(here: InProcess) -> None:
    todo = here.post("/todos", {"title": "a"}).json()
    here.patch(f"/todos/{todo['id']}", {"title": "b"}, operation_id="x")
    stream = ids.stream_id(ids.partition_of(here.owner), todo["id"])
    last = ledger.at_version(stream, 2)
    assert last is not None
    assert not ledger.append_together([replace(last, version=3, event_id=ids.new_uuid(), more=True)])
    forget_todos()

    assert reasons(undo(here, "x")) == {todo["id"]: [(None, "unfinished_import")]}
    assert ledger.at_version(stream, 4) is None


def test_a_series_that_one_transaction_does_not_hold_stays_as_it_is(
    here: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "MAX_TODOS", 3)
    todo_id = here.post("/todos", {"title": "a", "repeat": "FREQ=DAILY", "due": "2026-12-01"}).json()["id"]
    series = [todo_id]
    for _ in range(4):
        done = here.patch(f"/todos/{series[-1]}", {"completed": True}, operation_id="x")
        series.append(done.headers["Link"].partition("/todos/")[2][:36])

    undone = undo(here, "x")

    assert undone["changed"] == 0
    assert {reason for found in reasons(undone).values() for reason in found} == {(None, "long_series")}
    assert [fields(here, each, "completed") for each in series] == [(True,)] * 4 + [(False,)]


def test_more_todos_than_a_request_undoes_cannot_be_expected(here: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "AT_ONCE_TODOS", 1)
    made = [here.post("/todos", {"title": "a"}, operation_id="x").json()["id"] for _ in range(2)]

    answer = here.post(f"{path_of('x')}/undo", {"expect": dict.fromkeys(made, 1)})

    assert pointers(answer) == {"#/expect"}
    assert here.get(path_of("x")).json()["can_be_undone"]


def test_an_undo_is_an_operation_of_its_own_whatever_its_caller_states(here: InProcess) -> None:
    todo_id = here.post("/todos", {"title": "a"}, operation_id="x").json()["id"]

    answer = here.post(f"{path_of('x')}/undo", {}, operation_id="mine")

    assert answer.headers["Operation-Id"] == answer.json()["undo"] != "mine"
    assert here.get(f"/todos/{todo_id}/events").json()[-1]["operation"] == answer.json()["undo"]


def test_conflicts_are_kept_for_ninety_days(here: InProcess) -> None:
    todo_id = here.post("/todos", {"title": "a"}).json()["id"]
    here.patch(f"/todos/{todo_id}", {"title": "b"}, operation_id="x")
    here.patch(f"/todos/{todo_id}", {"title": "c"})
    undone = undo(here, "x")

    partition = ids.partition_of(here.owner)
    (page,) = settings_table.beginning_with(partition, f"conflicts#{undone['undo']}#")

    begun = operations.find(partition, undone["undo"])["begun_at"]["S"]
    kept = int(page[settings_table.TTL_ATTRIBUTE]["N"]) - instants.milliseconds_of(begun) / 1000
    assert abs(kept - records.KEPT_DAYS * 24 * 3600) < 3600
    assert here.get(path_of("x")).json()["undo"]["conflicts"] == undone["conflicts"]
