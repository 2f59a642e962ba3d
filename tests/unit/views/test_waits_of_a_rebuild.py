"""A rebuild waits until nobody remembers the pointer before, whatever else it is told to wait for."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.rebuild import run
from chalicelib.rebuild.run import Run
from chalicelib.rebuild.state import DRAIN, DROP, FILL, MAKE, SETTLE, SWITCH, State
from chalicelib.views import pointer
from chalicelib.views.pointer import REMEMBERED_SECONDS, Pointer, Record

REMEMBERED = 7.0


class Stage:
    """The pointer, the tables that were dropped, and the time; no DynamoDB."""

    def __init__(self) -> None:
        self.pointer = Pointer("old", ("old",), remembered_seconds=REMEMBERED)
        self.dropped: list[str] = []
        self.now = 1_000_000.0

    def point(self, to: Pointer, *, instead_of: Pointer, under: Record) -> None:
        assert instead_of == self.pointer
        self.pointer = to

    def drop(self, table: str) -> bool:
        self.dropped.append(table)
        return True


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage = Stage()
    monkeypatch.setattr(pointer, "pointer", lambda: stage.pointer)
    monkeypatch.setattr(pointer, "point", stage.point)
    monkeypatch.setattr(pointer, "make", lambda table: True)
    monkeypatch.setattr(pointer, "drop", stage.drop)
    monkeypatch.setattr(pointer, "write_record", lambda new, *, instead_of: None)
    clock = SimpleNamespace(time=lambda: stage.now, monotonic=lambda: stage.now)
    monkeypatch.setattr(run, "time", clock)
    return stage


def started(step: str, **waits: Any) -> Run:
    state = State("new", step=step, before=["old"], **waits)
    record = Record(state.to_json(), "me", "token", 0)
    return Run(state, record, lease_seconds=60, patience=0, despite_differences=False)


@pytest.mark.parametrize("timeout", [0.0, 60.0])
def test_the_new_table_is_not_filled_while_somebody_may_know_of_the_old_one_only(stage: Stage, timeout: float) -> None:
    rebuild = started(MAKE, settle_seconds=timeout)

    assert rebuild.advance().step == SETTLE
    assert stage.pointer == Pointer("old", ("old", "new"))
    assert rebuild.advance().wait_seconds == pytest.approx(REMEMBERED + timeout)
    stage.now += REMEMBERED + timeout - 0.1
    assert rebuild.advance().step == SETTLE
    stage.now += 0.2
    assert rebuild.advance().step == FILL


@pytest.mark.parametrize("timeout", [0.0, 60.0])
def test_the_old_table_is_written_while_somebody_may_read_it(stage: Stage, timeout: float) -> None:
    stage.pointer = Pointer("old", ("old", "new"), remembered_seconds=REMEMBERED)
    rebuild = started(SWITCH, drain_seconds=timeout)

    assert rebuild.advance().step == DRAIN
    assert stage.pointer == Pointer("new", ("old", "new"))
    stage.now += REMEMBERED + timeout - 0.1
    assert rebuild.advance().step == DRAIN
    assert stage.pointer.tables == ("old", "new")
    stage.now += 0.2
    assert rebuild.advance().step == DROP
    assert rebuild.advance().is_over
    assert stage.pointer == Pointer("new", ("new",))
    assert stage.pointer.remembered_seconds == REMEMBERED
    assert stage.dropped == ["old"]


def test_the_record_of_a_rebuild_can_be_read_by_version_0_1_0() -> None:
    known = {
        "table", "request", "step", "before", "settle_seconds", "drain_seconds", "resume_at", "problem", "filling",
        "audit",
    }  # fmt: skip
    assert json.loads(State("new").to_json()).keys() == known


@pytest.mark.parametrize("seconds", [REMEMBERED_SECONDS, REMEMBERED, 0.0])
def test_the_record_of_a_rebuild_says_for_how_long_the_pointer_was_remembered(seconds: float) -> None:
    state = State("new", remembered_seconds=seconds)
    assert State.from_json(state.to_json()) == state
