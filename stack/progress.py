"""Progress of a long command on standard error: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

LINE_EVERY_SECONDS: Final = 5.0
BAR_EVERY_SECONDS: Final = 0.1


class Progress:
    """The progress of a command; `show` may be called from any thread, at any rate.

    Parameters
    ----------
    what : str
        What is being done, in a word or two.
    silent : bool
        Show nothing.
    """

    def __init__(self, what: str, *, silent: bool = False) -> None:
        self._what = what
        self._bar: Any = None
        self._lock = threading.Lock()
        self._silent = silent
        self._is_terminal = sys.stderr.isatty()
        self._next = time.monotonic() + (BAR_EVERY_SECONDS if self._is_terminal else LINE_EVERY_SECONDS)

    def __enter__(self) -> Progress:
        if self._is_terminal and not self._silent:
            from rich import progress
            from rich.console import Console

            columns = (
                progress.TextColumn("{task.description}"),
                progress.BarColumn(),
                progress.TimeElapsedColumn(),
                progress.TextColumn("{task.fields[counts]}"),
            )
            self._bar = progress.Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.add_task(self._what, total=None, counts="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, counts: str | Callable[[], str], *, done: int | None = None, total: int | None = None) -> None:
        """Show counts, and which share is done if that is known.

        Between two updates, a call does nothing. Counts that take time to format can be given as a function.
        """
        with self._lock:
            if self._silent or time.monotonic() < self._next:
                return
            self._next = time.monotonic() + (BAR_EVERY_SECONDS if self._is_terminal else LINE_EVERY_SECONDS)
            text = counts if isinstance(counts, str) else counts()
            if self._bar is not None:
                self._bar.update(self._bar.task_ids[0], completed=done or 0, total=total, counts=text)
            else:
                share = f" {done / total:.0%}" if done and total else ""
                print(f"{self._what}{share}: {text}", file=sys.stderr, flush=True)

    def say(self, line: str) -> None:
        """Print a line that stays."""
        if self._silent:
            return
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)
