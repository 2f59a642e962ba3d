"""The aggregation game: one handler call in five crashing, every batch twice; in memory, and on the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.emulated import play_on_the_emulator
from tests.simulation.game import Played, Size, play_in_memory
from tests.support.thorough import many


def test_all_sums_are_right_although_calls_crash_and_every_batch_comes_twice() -> None:
    size = Size(owners=20, todos=many(2_000), commands=many(20_000))
    _assert_right(play_in_memory(size), size)


@pytest.mark.engine
def test_they_are_right_on_the_emulators_own_stream_and_tables(tmp_path: Path) -> None:
    size = Size(owners=5, todos=100, commands=1_000)
    _assert_right(play_on_the_emulator(size, tmp_path), size)


def _assert_right(played: Played, size: Size) -> None:
    assert played.differences == []
    assert played.events > 0.7 * size.commands
    assert played.crashes > 0.1 * played.handler_calls
