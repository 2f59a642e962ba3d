"""Loading one file: read, plan, write, count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic

from loaders.errors import UnreadableFile
from loaders.histories.history import History, group_histories
from loaders.into.writer import GroupResult, GroupWriter, One, Writer, split_into_groups
from loaders.output.progress import LoadProgress
from loaders.output.rejected import RejectedRows
from loaders.output.summary import Summary
from loaders.planner import Planned, Planner
from loaders.rows.row import BadRow, Row

# A dry run shows its progress after so many rows; a load, after each group.
_SHOWN_EVERY: Final = 100


class FileLoad(Generic[One]):
    """Loads one file.

    Parameters
    ----------
    writer : Writer, optional
        None only validates what is read.

    Attributes
    ----------
    is_broken_off : bool
        The file cannot be read to its end.
    """

    def __init__(self, writer: GroupWriter[One] | None, rejected: RejectedRows, progress: LoadProgress) -> None:
        self.summary = Summary()
        self.is_broken_off = False
        self._writer = writer
        self._rejected = rejected
        self._progress = progress

    def _write(self, ones: Iterable[One], split: Callable[[Iterable[One]], Iterator[list[One]]]) -> Summary:
        """Write in groups. A file that breaks off or a ledger that fails ends it, with the reason in `stopped_by`."""
        summary = self.summary
        if self._writer is None:
            for _ in ones:
                summary.added += 1
                if summary.added % _SHOWN_EVERY == 0:
                    self._progress.show(summary)
        else:
            for group in split(ones):
                self._count(self._writer.write(group))
                self._progress.show(summary)
                if summary.stopped_by is not None:
                    break
            self._count(self._writer.finish())
        self._progress.show(summary)
        return summary

    def _reject(self, row: BadRow) -> None:
        self.summary.rejected += 1
        self._rejected.add(row)
        self._progress.show_rejected(row)
        self._progress.show(self.summary)

    def _count(self, results: Iterator[GroupResult]) -> None:
        summary = self.summary
        for result in results:
            summary.added += result.added
            summary.updated += result.updated
            summary.already += result.already
            summary.kept += result.kept
            summary.reported += len(result.reported)
            summary.unwritten += len(result.failed)
            summary.notices.update(result.notices)
            for planned, reason in (*result.reported, *result.failed):
                bad = planned.as_bad(reason)
                self._rejected.add(bad)
                self._progress.show_rejected(bad)
            if result.fatal is not None and summary.stopped_by is None:
                summary.stopped_by = result.fatal
                assert self._writer is not None
                self._writer.stop()

    def _stop_reading(self, error: UnreadableFile) -> None:
        """Note that the file breaks off; what comes before is loaded nevertheless."""
        self.is_broken_off = True
        unread = "the rest of the file" if self.summary.read else "the file"
        self.summary.stopped_by = f"{unread} cannot be read: {error}"


class Load(FileLoad[Planned]):
    """Loads the rows of one file."""

    def __init__(self, planner: Planner, writer: Writer | None, rejected: RejectedRows, progress: LoadProgress) -> None:
        super().__init__(writer, rejected, progress)
        self._planner = planner

    def load_rows(self, rows: Iterable[Row | BadRow]) -> Summary:
        """Load the rows; returns the counts."""
        return self._write(self._planned(rows), split_into_groups)

    def _planned(self, rows: Iterable[Row | BadRow]) -> Iterator[Planned]:
        summary, plan = self.summary, self._planner.plan
        try:
            for row in rows:
                summary.read += 1
                planned = row if isinstance(row, BadRow) else plan(row)
                if isinstance(planned, BadRow):
                    self._reject(planned)
                    continue
                if planned.loss is not None:
                    summary.note_loss(planned.loss)
                yield planned
        except UnreadableFile as error:
            self._stop_reading(error)


class HistoriesLoad(FileLoad[History]):
    """Loads the histories of a takeout."""

    def load_histories(self, histories: Iterable[History | BadRow]) -> Summary:
        """Load the histories; returns the counts, of todos."""
        return self._write(self._right(histories), group_histories)

    def _right(self, histories: Iterable[History | BadRow]) -> Iterator[History]:
        try:
            for history in histories:
                self.summary.read += 1
                if isinstance(history, BadRow):
                    self._reject(history)
                    continue
                yield history
                if self._writer is None:
                    history.close()
        except UnreadableFile as error:
            self._stop_reading(error)
