"""How many random inputs a test looks at: enough to see each defect that its mutants have; more with `--thorough`."""

from __future__ import annotations

_times = 1


def look_at(times: int) -> None:
    """Let tests look at so many times as many inputs; before any of them is imported."""
    global _times  # noqa: PLW0603 - set once, at the start of the process
    _times = times


def many(number: int) -> int:
    """So many, or a multiple of it if the run is a thorough one."""
    return number * _times
