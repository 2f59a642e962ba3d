"""One load from source to ledger: read, plan, write, report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loaders.errors import Unreadable
from loaders.planning import Planned, Planner
from loaders.progress import Progress
from loaders.rejected import RejectedRows
from loaders.rows import BadRow, Row
from loaders.writing import Writer, Written, groups


@dataclass(slots=True)
class Summary:
    """What became of the rows so far; of a dry run, what would become of them.

    Attributes
    ----------
    kept : int
        Rows that differ from their todos, which were left as they are because the user wants it so.
    reported : int
        Rows that differ from their todos, which were left as they are although the user may not want it so.
    unwritten : int
        Rows of which it is not known that they are in.
    """

    read: int = 0
    added: int = 0
    updated: int = 0
    already: int = 0
    kept: int = 0
    reported: int = 0
    rejected: int = 0
    unwritten: int = 0
    stopped_by: str | None = None

    @property
    def is_all_in(self) -> bool:
        return not (self.stopped_by or self.rejected or self.reported or self.unwritten)


class Load:
    """One run of the loader.

    Parameters
    ----------
    writer : Writer, optional
        None only validates and makes the events.
    """

    def __init__(self, planner: Planner, writer: Writer | None, rejected: RejectedRows, progress: Progress) -> None:
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
        self._progress.complain(row)

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
                self._progress.complain(bad)
            if written.hopeless is not None and summary.stopped_by is None:
                summary.stopped_by = written.hopeless
                assert self._writer is not None
                self._writer.stop()
