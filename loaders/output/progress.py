"""What a load shows while it runs: for people as every command of `stack` does, for programs as JSON lines.

All of it goes to standard error.
"""

from __future__ import annotations

import json
import sys
import time
from types import TracebackType
from typing import Final, Protocol

from loaders.output.rejected import error_text
from loaders.output.summary import Summary, describe_counts
from loaders.reading.open_stream import Measured
from loaders.rows.row import BadRow
from stack.progress import LINE_EVERY_SECONDS, Progress

# The rest is in the file of rejected rows.
_ROWS_SHOWN: Final = 10


class LoadProgress(Protocol):
    """Shows how far a load is; it is entered before the first call."""

    def __enter__(self) -> LoadProgress: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, summary: Summary) -> None:
        """Show the counts so far; most calls show nothing."""
        ...

    def begin_member(self, name: str) -> None:
        """Say of the rows from here on that they are in this file of an archive."""
        ...

    def show_rejected(self, row: BadRow) -> None:
        """Show a row that is rejected or reported, with the reason."""
        ...

    def warn(self, warning: str) -> None:
        """Show a warning."""
        ...


class TextProgress:
    """A bar on a terminal and a line every few seconds in a pipe; of the rows that are rejected, the first few."""

    def __init__(self, opened: Measured) -> None:
        self._opened = opened
        self._began = time.monotonic()
        self._rejected = 0
        self._member = ""
        self._progress = Progress("loading")

    def __enter__(self) -> TextProgress:
        self._progress.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.__exit__(kind, error, trace)

    def show(self, summary: Summary) -> None:
        """Show how far the load is, at most once in a while."""
        self._progress.show(lambda: self._counts(summary), done=self._opened.consumed, total=self._opened.total)

    def begin_member(self, name: str) -> None:
        """Name the file in the archive with each of its rows."""
        self._member = f"{name}, "

    def show_rejected(self, row: BadRow) -> None:
        """Show why a row was rejected."""
        self._rejected += 1
        if self._rejected <= _ROWS_SHOWN:
            self._progress.say(f"{self._member}line {row.line}: {_shorten(error_text(row))}")
        elif self._rejected == _ROWS_SHOWN + 1:
            self._progress.say("… and more")

    def warn(self, warning: str) -> None:
        """Show a warning."""
        self._progress.say(f"warning: {warning}")

    def _counts(self, summary: Summary) -> str:
        seconds = time.monotonic() - self._began
        parts = [f"{summary.read:,} rows", f"{summary.read / seconds:,.0f}/s", describe_counts(summary)]
        if share := self._opened.share:
            parts.append(f"{seconds / share - seconds:.0f} s left")
        return ", ".join(parts)


class JsonProgress:
    """One JSON object a line: the counts every few seconds, each warning, and each row that is not loaded."""

    def __init__(self, opened: Measured) -> None:
        self._opened = opened
        self._began = time.monotonic()
        self._next = self._began + LINE_EVERY_SECONDS
        self._member: dict[str, str] = {}

    def __enter__(self) -> JsonProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def show(self, summary: Summary) -> None:
        """Show how far the load is, at most once in a while."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LINE_EVERY_SECONDS
        share, seconds = self._opened.share, now - self._began
        left = seconds / share - seconds if share else None
        _print({"progress": share, "seconds": seconds, "seconds_left": left, **summary.to_json()})

    def begin_member(self, name: str) -> None:
        """Name the file in the archive with each of its rows."""
        self._member = {"member": name}

    def show_rejected(self, row: BadRow) -> None:
        """Print a rejected row's line and reason."""
        _print({**self._member, "line": row.line, "reason": error_text(row)})

    def warn(self, warning: str) -> None:
        """Show a warning."""
        _print({"warning": warning})


def progress_for(opened: Measured, *, as_json: bool) -> LoadProgress:
    """The progress for programs if `as_json`, otherwise for people."""
    return JsonProgress(opened) if as_json else TextProgress(opened)


def _print(line: dict[str, object]) -> None:
    print(json.dumps(line), file=sys.stderr, flush=True)


def _shorten(text: str) -> str:
    return text if len(text) <= 300 else text[:300] + "…"
