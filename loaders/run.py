"""One load from source to ledger: read, plan, write, report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from chalicelib.todos.content import FieldError
from loaders.errors import Unreadable
from loaders.planning import Planned, Planner
from loaders.progress import Progress
from loaders.rejected import RejectedRows
from loaders.rows import BadRow, Row
from loaders.writing import Writer, Written, transactions


@dataclass(slots=True)
class Summary:
    """What became of the rows so far; of a dry run, `added` are those that would be written."""

    read: int = 0
    added: int = 0
    already: int = 0
    rejected: int = 0
    unwritten: int = 0
    compared: int = 0
    differing: list[int] = field(default_factory=list)
    stopped_by: str | None = None

    @property
    def is_all_in(self) -> bool:
        return self.stopped_by is None and not self.rejected and not self.unwritten


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
        for group in transactions(self._planned(rows)):
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
            summary.already += written.already
            summary.compared += written.compared
            summary.differing += written.differing
            for planned, why in written.failed:
                summary.unwritten += 1
                bad = BadRow(planned.line, planned.source, [FieldError("#", why)])
                self._rejected.add(bad)
                self._progress.complain(bad)
            if written.hopeless is not None and summary.stopped_by is None:
                summary.stopped_by = written.hopeless
                assert self._writer is not None
                self._writer.stop()
