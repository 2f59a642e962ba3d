"""The counts of a load, as values and as text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Summary:
    """How many rows had which result so far; in a dry run, would have.

    Attributes
    ----------
    kept : int
        Rows that differ from their todos, which were left unchanged because of ``--on-change keep``.
    reported : int
        Rows that differ from their todos, which were left unchanged and may need a decision.
    unwritten : int
        Rows that are not known to be in the ledger.
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
        """Whether every row is in the ledger as the file has it, or was kept on request."""
        return not (self.stopped_by or self.rejected or self.reported or self.unwritten)


def describe_counts(summary: Summary) -> str:
    """The counts as text, without zeros except for the three that everybody asks for."""
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
