"""One load from source to ledger: read, plan, write, report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loaders.errors import Unreadable
from loaders.into.writer import Writer, Written, groups
from loaders.output.progress import LoadProgress
from loaders.output.rejected import RejectedRows
from loaders.output.summary import Summary
from loaders.planner import Planned, Planner
from loaders.rows.row import BadRow, Row


class Load:
    """One run of the loader.

    Parameters
    ----------
    writer : Writer, optional
        None only validates and makes the events.
    """

    def __init__(self, planner: Planner, writer: Writer | None, rejected: RejectedRows, progress: LoadProgress) -> None:
        self.summary = Summary()
        self._planner = planner
        self._writer = writer
        self._rejected = rejected
        self._progress = progress

    def run(self, rows: Iterable[Row | BadRow]) -> Summary:
        """Load the rows; a file that breaks off, or a ledger that fails, ends it and is told by `stopped_by`."""
        for group in groups(self._planned(rows)):
            if self._writer is None:
                self.summary.added += len(group)
            else:
                self._note(self._writer.write(group))
            self._progress.show(self.summary)
            if self.summary.stopped_by is not None:
                break
        if self._writer is not None:
            self._note(self._writer.finish())
        self._progress.show(self.summary)
        return self.summary

    def _planned(self, rows: Iterable[Row | BadRow]) -> Iterator[Planned]:
        try:
            for row in rows:
                self.summary.read += 1
                planned = row if isinstance(row, BadRow) else self._planner.plan(row)
                if isinstance(planned, BadRow):
                    self._reject(planned)
                    self._progress.show(self.summary)
                else:
                    yield planned
        except Unreadable as error:
            # What was read until here is loaded all the same.
            self.summary.stopped_by = f"the rest of the file cannot be read: {error}"

    def _reject(self, row: BadRow) -> None:
        self.summary.rejected += 1
        self._rejected.add(row)
        self._progress.show_rejected(row)

    def _note(self, done: Iterator[Written]) -> None:
        summary = self.summary
        for written in done:
            summary.added += written.added
            summary.updated += written.updated
            summary.already += written.already
            summary.kept += written.kept
            summary.reported += len(written.reported)
            summary.unwritten += len(written.failed)
            for planned, why in (*written.reported, *written.failed):
                bad = planned.as_bad(why)
                self._rejected.add(bad)
                self._progress.show_rejected(bad)
            if written.hopeless is not None and summary.stopped_by is None:
                summary.stopped_by = written.hopeless
                assert self._writer is not None
                self._writer.stop()
