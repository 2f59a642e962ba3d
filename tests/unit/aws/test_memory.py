"""One call forgets all that a process remembers."""

from __future__ import annotations

from chalicelib import metrics
from chalicelib.aws import memory


def test_what_is_remembered_is_made_anew_after_forgetting() -> None:
    made = memory.remembered(object)
    first = made()
    assert made() is first
    memory.forget()
    assert made() is not first


def test_counts_that_were_not_written_are_forgotten() -> None:
    metrics.count(metrics.COMMANDS)
    memory.forget()
    assert metrics._counts == {}
