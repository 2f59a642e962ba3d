"""The aggregation game: 10,000 todos, 100,000 commands, one handler call in five crashing, every batch twice."""

from __future__ import annotations

from .game import FULL, play


def test_all_sums_are_right_although_calls_crash_and_every_batch_comes_twice() -> None:
    played = play(FULL)
    assert played.differences == []
    assert played.events > 0.7 * FULL.commands
    assert played.crashes > 0.1 * played.handler_calls
