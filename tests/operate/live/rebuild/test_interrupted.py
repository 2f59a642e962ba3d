"""A rebuild that is killed at any moment is continued where it was."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from chalicelib.rebuild.run import status
from chalicelib.rebuild.state import Progress
from chalicelib.views import pointer
from chalicelib.views.backfill import Filling
from chalicelib.views.pointer import Pointer
from stack.operate import audit, rebuild
from tests.operate.live.commanding import Owner
from tests.operate.live.rebuild.rebuilding import (
    UNLEASED,
    Killed,
    audit_of_readers_is_clean,
    exists,
    killed_after,
    views_tables,
)
from tests.support.waiting import PATIENCE_SECONDS


def test_killed_before_any_call_it_is_taken_up_where_it_was(owner: Owner, views: str) -> None:
    """Each run may send one request more than the run before it, until one comes to the end."""
    runs = 0
    for allowed in itertools.count(1):
        runs += 1
        try:
            with killed_after(allowed):
                done = rebuild.rebuild_views(**UNLEASED)
            break
        except Killed:
            assert audit_of_readers_is_clean()
    assert runs > 15
    assert pointer.pointer() == Pointer(done.table, (done.table,))
    assert not exists(views)
    assert [name for name in views_tables() if name != done.table] == []
    assert audit.audit_views(patience=PATIENCE_SECONDS).is_clean


@pytest.mark.parametrize("step", ["settle", "fill", "audit", "switch", "drain", "drop"])
def test_killed_after_a_step_it_goes_on_with_the_next(owner: Owner, views: str, step: str) -> None:
    def kill(reached: Progress) -> None:
        if reached.step == step:
            raise Killed

    with pytest.raises(Killed):
        rebuild.rebuild_views(kill, **UNLEASED)
    _, state = status()
    assert state is not None
    assert state.step == step
    seen: list[str] = []
    done = rebuild.rebuild_views(lambda reached: seen.append(reached.step), **UNLEASED)
    assert done.table == state.table
    assert "make" not in seen
    assert pointer.pointer().tables == (done.table,)
    assert not exists(views)


def test_the_fill_goes_on_behind_what_is_done(owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.views.backfill.BATCH", 2)
    seen: list[str] = []
    slices = 0
    filling = Filling()
    while not filling.is_done:
        slices += 1
        # What a run leaves in its record, and the next one reads there.
        filling = Filling.from_json(json.loads(json.dumps(filling.to_json())))

        def choose(_: str, heads: Any) -> Any:
            seen.extend(head.todo_id for of_owner in heads.values() for head in of_owner)
            return {}

        filling.advance(lambda: [views], choose, until=0)
    assert slices > 2
    assert len(seen) == len(set(seen)) == filling.streams
