"""What a person sees meanwhile: a bar on a terminal, plain lines in a pipe; always on standard error."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final

from loaders.rejected import reason
from loaders.rows import BadRow
from loaders.source import Source

if TYPE_CHECKING:
    from loaders.run import Summary

_LINE_EVERY_SECONDS: Final = 5.0
_BAR_EVERY_SECONDS: Final = 0.1
# The rest is in the file of rejected rows.
_COMPLAINTS_SHOWN: Final = 10


class Progress:
    """Plain lines, one every few seconds, so that a log stays short."""

    every = _LINE_EVERY_SECONDS

    def __init__(self, source: Source, total_bytes: int | None) -> None:
        self._source = source
        self._total = total_bytes
        self._began = time.monotonic()
        self._next = self._began + self.every
        self._complaints = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def show(self, summary: Summary) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self.every
            self._update(summary, now - self._began)

    def complain(self, row: BadRow) -> None:
        self._complaints += 1
        if self._complaints <= _COMPLAINTS_SHOWN:
            self._say(f"line {row.line}: {_shortened(reason(row))}")
        elif self._complaints == _COMPLAINTS_SHOWN + 1:
            self._say("… and more")

    def _update(self, summary: Summary, seconds: float) -> None:
        parts = [f"{summary.read:,} rows", f"{summary.read / seconds:,.0f}/s", _counts(summary)]
        if self._total and self._source.consumed:
            share = self._source.consumed / self._total
            parts.insert(0, f"{share:.0%}")
            parts.append(f"{seconds / share - seconds:.0f} s left")
        self._say(", ".join(parts))

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


class Bar(Progress):
    """A bar with rate, time left and counts (rich)."""

    every = _BAR_EVERY_SECONDS

    def __init__(self, source: Source, total_bytes: int | None) -> None:
        from rich import progress
        from rich.console import Console

        super().__init__(source, total_bytes)
        self._bar = progress.Progress(
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TextColumn("{task.fields[rows]}"),
            progress.TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("", total=total_bytes, rows="")

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def _update(self, summary: Summary, seconds: float) -> None:
        rows = f"{summary.read:,} rows, {summary.read / seconds:,.0f}/s: {_counts(summary)}"
        self._bar.update(self._task, completed=self._source.consumed, rows=rows)

    def _say(self, line: str) -> None:
        self._bar.console.print(line, markup=False, highlight=False)


def progress_for(source: Source, total_bytes: int | None) -> Progress:
    return Bar(source, total_bytes) if sys.stderr.isatty() else Progress(source, total_bytes)


def _counts(summary: Summary) -> str:
    counts = f"{summary.added:,} added, {summary.already:,} already there, {summary.rejected:,} rejected"
    return counts + (f", {summary.unwritten:,} not written" if summary.unwritten else "")


def _shortened(text: str) -> str:
    return text if len(text) <= 300 else text[:300] + "…"
