"""Of two rebuilds at once one goes on, and a rebuild that is abandoned leaves the views as they were."""

from __future__ import annotations

import pytest

from chalicelib.rebuild import run as rebuild
from chalicelib.rebuild.state import Busy
from chalicelib.views import pointer as generations
from chalicelib.views.errors import Outrun
from chalicelib.views.pointer import Pointer
from stack.errors import StackError
from stack.operate import rebuild as command
from tests.operate.live.commanding import Owner
from tests.operate.live.rebuild.rebuilding import SHORT, UNLEASED, Killed, advance_to, exists
from tests.support.waiting import at_once, eventually


def test_of_two_at_once_one_is_refused(owner: Owner, views: str) -> None:
    first = rebuild.Run.claim(**SHORT)
    first.advance()
    with pytest.raises(Busy):
        rebuild.Run.claim(**SHORT)
    reached = first.advance()
    assert reached.table == first.state.table
    first.keep(0)


def test_of_two_that_begin_together_one_wins(owner: Owner, views: str) -> None:
    def begin() -> rebuild.Run | None:
        try:
            return rebuild.Run.claim(**SHORT)
        except (Busy, Outrun):
            return None

    (won,) = [run for run in at_once([begin] * 4) if run is not None]
    won.keep(0)


def test_who_was_overtaken_does_nothing_more(owner: Owner, views: str) -> None:
    slow = rebuild.Run.claim(**UNLEASED)
    slow.advance()
    fast = rebuild.Run.claim(**UNLEASED)
    with pytest.raises(Outrun):
        slow.advance()
    fast.advance()
    assert fast.state.table == slow.state.table


def test_a_pointer_that_another_changed_is_left_alone(owner: Owner, views: str) -> None:
    run = rebuild.Run.claim(**UNLEASED)
    advance_to(run, "switch")
    standing = generations.pointer()
    elsewhere = Pointer(standing.reader, (standing.reader,))
    claim = generations.record()
    assert claim is not None
    generations.point(elsewhere, instead_of=standing, under=claim)
    with pytest.raises(Outrun):
        run.advance()
    assert generations.pointer() == elsewhere
    with pytest.raises(Outrun):
        generations.point(standing, instead_of=standing, under=claim)
    command.abandon()


def test_who_was_overtaken_does_not_point_at_what_was_abandoned_meanwhile(
    owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = rebuild.Run.claim(**UNLEASED)
    real = generations.make

    def made_and_then_abandoned_by_another(table: str) -> bool:
        eventually(lambda: real(table))
        command.abandon()
        return True

    monkeypatch.setattr(generations, "make", made_and_then_abandoned_by_another)
    with pytest.raises(Outrun):
        slow.advance()
    assert generations.pointer() == Pointer(views, (views,))


def test_an_abandoning_that_was_cut_off_is_gone_on_with(
    owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = rebuild.Run.claim(**UNLEASED)
    advance_to(run, "audit")

    def killed(table: str) -> bool:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(generations, "drop", killed)
        with pytest.raises(Killed):
            run.abandon()
    assert "is being abandoned" in command.describe_status()
    assert command.rebuild_views(**UNLEASED).table != run.state.table
    assert not exists(run.state.table)


def test_a_switch_that_becomes_visible_while_it_is_abandoned_stands(
    owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = rebuild.Run.claim(**UNLEASED)
    advance_to(run, "switch")
    stale = [generations.pointer()]
    run.advance()
    real = generations.pointer
    monkeypatch.setattr(generations, "pointer", lambda: stale.pop() if stale else real())
    assert run.abandon().step == "drain"
    assert generations.pointer() == Pointer(run.state.table, (run.state.table,))
    assert command.rebuild_views(**SHORT).table == run.state.table


def test_what_the_pointer_may_be_about_to_name_is_not_dropped(
    owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = rebuild.Run.claim(**UNLEASED)
    advance_to(run, "settle")
    with monkeypatch.context() as patched:
        patched.setattr(generations, "pointer", lambda: Pointer(views, (views,)))
        with pytest.raises(Outrun):
            run.abandon()
    assert generations.pointer() == Pointer(views, (views, run.state.table))
    assert exists(run.state.table)
    command.abandon()
    assert not exists(run.state.table)


def test_abandoned_all_is_as_before(owner: Owner, views: str) -> None:
    run = rebuild.Run.claim(**UNLEASED)
    advance_to(run, "audit")
    made = run.state.table
    assert command.abandon().table == made
    assert generations.pointer() == Pointer(views, (views,))
    assert not exists(made)
    assert "is abandoned" in command.describe_status()
    with pytest.raises(StackError):
        command.abandon()


def test_what_is_in_use_cannot_be_abandoned(owner: Owner, views: str) -> None:
    run = rebuild.Run.claim(**UNLEASED)
    advance_to(run, "drain")
    with pytest.raises(StackError, match="can only continue"):
        command.abandon()
    # Nor does it stand in the way of going on.
    assert command.rebuild_views(**SHORT).table == run.state.table
