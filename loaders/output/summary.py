"""The counts of a load, as values and as text."""

from __future__ import annotations

from dataclasses import dataclass


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
        """Whether every row was read to the end and is in the ledger."""
        return not (self.stopped_by or self.rejected or self.reported or self.unwritten)


def counts(summary: Summary) -> str:
    """What became of the rows; what happened to none is left out, but for the three that everybody asks for."""
    parts = [
        f"{summary.added:,} added",
        summary.updated and f"{summary.updated:,} updated",
        f"{summary.already:,} already there",
        summary.kept and f"{summary.kept:,} differ and were kept",
        summary.reported and f"{summary.reported:,} differ and are reported",
        f"{summary.rejected:,} rejected",
        summary.unwritten and f"{summary.unwritten:,} not written",
    ]
    return ", ".join(part for part in parts if part)
