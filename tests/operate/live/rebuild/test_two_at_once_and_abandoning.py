"""One of two simultaneous rebuilds continues, and an abandoned rebuild leaves the views as they were."""

from __future__ import annotations

import pytest

from chalicelib.rebuild.run import Run
from chalicelib.rebuild.state import Busy
from chalicelib.views import pointer
from chalicelib.views.errors import Outrun
from chalicelib.views.pointer import Pointer
from stack.errors import StackError
from stack.operate import rebuild
from tests.operate.live.commanding import Owner
from tests.operate.live.rebuild.rebuilding import SHORT, UNLEASED, Killed, advance_to, exists
from tests.support.waiting import at_once, eventually


def test_one_of_two_at_once_is_refused(owner: Owner, views: str) -> None:
    first = Run.claim(**SHORT)
    first.advance()
    with pytest.raises(Busy):
        Run.claim(**SHORT)
    reached = first.advance()
    assert reached.table == first.state.table
    first.keep(0)


def test_one_of_two_that_begin_together_wins(owner: Owner, views: str) -> None:
    def begin() -> Run | None:
        try:
            return Run.claim(**SHORT)
        except (Busy, Outrun):
            return None

    (won,) = [run for run in at_once([begin] * 4) if run is not None]
    won.keep(0)


def test_who_was_overtaken_does_nothing_more(owner: Owner, views: str) -> None:
    slow = Run.claim(**UNLEASED)
    slow.advance()
    fast = Run.claim(**UNLEASED)
    with pytest.raises(Outrun):
        slow.advance()
    fast.advance()
    assert fast.state.table == slow.state.table


def test_a_pointer_that_another_changed_is_left_alone(owner: Owner, views: str) -> None:
    run = Run.claim(**UNLEASED)
    advance_to(run, "switch")
    before = pointer.pointer()
    elsewhere = Pointer(before.reader, (before.reader,))
    claim = pointer.record()
    assert claim is not None
    pointer.point(elsewhere, instead_of=before, under=claim)
    with pytest.raises(Outrun):
        run.advance()
    assert pointer.pointer() == elsewhere
    with pytest.raises(Outrun):
        pointer.point(before, instead_of=before, under=claim)
    rebuild.abandon()


def test_who_was_overtaken_does_not_point_at_what_was_abandoned_meanwhile(
    owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Run.claim(**UNLEASED)
    real = pointer.make

    def made_and_then_abandoned_by_another(table: str) -> bool:
        eventually(lambda: real(table))
        rebuild.abandon()
        return True

    monkeypatch.setattr(pointer, "make", made_and_then_abandoned_by_another)
    with pytest.raises(Outrun):
        slow.advance()
    assert pointer.pointer() == Pointer(views, (views,))


def test_an_abandoning_that_was_cut_off_is_gone_on_with(
    owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.claim(**UNLEASED)
    advance_to(run, "audit")

    def killed(table: str) -> bool:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(pointer, "drop", killed)
        with pytest.raises(Killed):
            run.abandon()
    assert "is being abandoned" in rebuild.describe_status()
    assert rebuild.rebuild_views(**UNLEASED).table != run.state.table
    assert not exists(run.state.table)


def test_a_switch_that_becomes_visible_while_it_is_abandoned_is_kept(
    owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.claim(**UNLEASED)
    advance_to(run, "switch")
    stale = [pointer.pointer()]
    run.advance()
    real = pointer.pointer
    monkeypatch.setattr(pointer, "pointer", lambda: stale.pop() if stale else real())
    assert run.abandon().step == "drain"
    assert pointer.pointer() == Pointer(run.state.table, (views, run.state.table))
    assert rebuild.rebuild_views(**SHORT).table == run.state.table


def test_what_the_pointer_may_be_about_to_name_is_not_dropped(
    owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.claim(**UNLEASED)
    advance_to(run, "settle")
    with monkeypatch.context() as patched:
        patched.setattr(pointer, "pointer", lambda: Pointer(views, (views,)))
        with pytest.raises(Outrun):
            run.abandon()
    assert pointer.pointer() == Pointer(views, (views, run.state.table))
    assert exists(run.state.table)
    rebuild.abandon()
    assert not exists(run.state.table)


def test_abandoned_all_is_as_before(owner: Owner, views: str) -> None:
    run = Run.claim(**UNLEASED)
    advance_to(run, "audit")
    made = run.state.table
    assert rebuild.abandon().table == made
    assert pointer.pointer() == Pointer(views, (views,))
    assert not exists(made)
    assert "is abandoned" in rebuild.describe_status()
    with pytest.raises(StackError):
        rebuild.abandon()


def test_what_is_in_use_cannot_be_abandoned(owner: Owner, views: str) -> None:
    run = Run.claim(**UNLEASED)
    advance_to(run, "drain")
    with pytest.raises(StackError, match="can only continue"):
        rebuild.abandon()
    # Nor does it stand in the way of going on.
    assert rebuild.rebuild_views(**SHORT).table == run.state.table
