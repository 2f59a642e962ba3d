"""What a file had so far is counted alike in memory and in the database."""

from __future__ import annotations

import random

import pytest

from loaders.rows import seen
from loaders.rows.seen import Seen


@pytest.mark.parametrize("most_recent", [1, 7, 1 << 16])
def test_texts_are_counted_wherever_they_are_kept(monkeypatch: pytest.MonkeyPatch, most_recent: int) -> None:
    monkeypatch.setattr(seen, "_MOST_RECENT", most_recent)
    chance = random.Random(7)
    first_lines: dict[str, int] = {}
    times: dict[str, int] = {}
    with Seen() as noted:
        for line in range(2_000):
            text = str(chance.randrange(600))
            assert noted.has(text) == (text in times)
            times[text] = times.get(text, 0) + 1
            assert noted.note(text, line) == (first_lines.setdefault(text, line), times[text])
