"""A check: a sentence, and the function that finds out whether it is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stack.smoke.run import Run


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a deployed stage.

    Attributes
    ----------
    area : str
        What it concerns, for `--only`.
    name : str
        What is true if it passes, as a sentence without its full stop.
    run : callable
        Returns what it measured, or an empty text. It raises `CheckFailed` or `Skipped`.
    begin : callable, optional
        Called before the first check, for what needs time to take effect.
    is_quick : bool
        Whether `--quick` makes it too.
    """

    area: str
    name: str
    run: Callable[[Run], str]
    begin: Callable[[Run], None] | None = None
    is_quick: bool = True
