"""What is seen meanwhile: a bar on a terminal, plain lines in a pipe, JSON for programs; always on standard error."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from types import TracebackType
from typing import Final

from loaders.output.rejected import reason
from loaders.output.summary import Summary, counts
from loaders.reading.opening import Opened
from loaders.rows.row import BadRow

_LINE_EVERY_SECONDS: Final = 5.0
_BAR_EVERY_SECONDS: Final = 0.1
# The rest is in the file of rejected rows.
_COMPLAINTS_SHOWN: Final = 10


class Progress:
    """Plain lines, one every few seconds, so that a log stays short."""

    every = _LINE_EVERY_SECONDS

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
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

    def warn(self, warning: str) -> None:
        self._say(f"warning: {warning}")

    def _update(self, summary: Summary, seconds: float) -> None:
        parts = [f"{summary.read:,} rows", f"{summary.read / seconds:,.0f}/s", counts(summary)]
        if share := self._opened.share:
            parts.insert(0, f"{share:.0%}")
            parts.append(f"{seconds / share - seconds:.0f} s left")
        self._say(", ".join(parts))

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


class Bar(Progress):
    """A bar with rate, time left and counts (rich)."""

    every = _BAR_EVERY_SECONDS

    def __init__(self, opened: Opened) -> None:
        from rich import progress
        from rich.console import Console

        super().__init__(opened)
        self._bar = progress.Progress(
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TextColumn("{task.fields[rows]}"),
            progress.TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("", total=opened.total, rows="")

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def _update(self, summary: Summary, seconds: float) -> None:
        rows = f"{summary.read:,} rows, {summary.read / seconds:,.0f}/s: {counts(summary)}"
        self._bar.update(self._task, completed=self._opened.consumed, rows=rows)

    def _say(self, line: str) -> None:
        self._bar.console.print(line, markup=False, highlight=False)


class JsonLines(Progress):
    """One JSON object a line: how far it is, and each row that is not in."""

    def complain(self, row: BadRow) -> None:
        self._say(json.dumps({"line": row.line, "reason": reason(row)}))

    def warn(self, warning: str) -> None:
        self._say(json.dumps({"warning": warning}))

    def _update(self, summary: Summary, seconds: float) -> None:
        share = self._opened.share
        left = seconds / share - seconds if share else None
        self._say(json.dumps({"progress": share, "seconds": seconds, "seconds_left": left, **asdict(summary)}))


def progress_for(opened: Opened, *, as_json: bool) -> Progress:
    if as_json:
        return JsonLines(opened)
    return Bar(opened) if sys.stderr.isatty() else Progress(opened)


def _shortened(text: str) -> str:
    return text if len(text) <= 300 else text[:300] + "…"
