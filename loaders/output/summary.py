"""The counts of a load, as values and as text."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any, Final

from loaders.rows.loss import Loss, shown

# A file whose rows all have different names would make ever more.
_MAX_NAMES: Final = 100
_OTHERS: Final = "others"


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
    metadata : Counter
        How many values no field holds, by their names: they are kept in the todos' metadata.
    notices : Counter
        How many rows were read with another loss, by the sentence that says which.
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
    metadata: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """The counts for programs; `dataclasses.asdict` would count the items of a counter."""
        counts = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: dict(value) if isinstance(value, Counter) else value for name, value in counts.items()}

    def note_loss(self, loss: Loss) -> None:
        """Count what a row says and no field of its todo holds."""
        for counter, texts in ((self.metadata, loss.kept), (self.notices, loss.notices)):
            for text in texts:
                counter[text if text in counter or len(counter) < _MAX_NAMES else _OTHERS] += 1

    def include(self, part: Summary, name: str) -> None:
        """Add the counts of a part of the file."""
        for field_name in _COUNTS:
            setattr(self, field_name, getattr(self, field_name) + getattr(part, field_name))
        for mine, others in ((self.metadata, part.metadata), (self.notices, part.notices)):
            for text, times in others.items():
                mine[text if text in mine or len(mine) < _MAX_NAMES else _OTHERS] += times
        if part.stopped_by is not None and self.stopped_by is None:
            self.stopped_by = f"{name}: {part.stopped_by}"

    @property
    def is_all_in(self) -> bool:
        """Whether every row is in the ledger as the file has it, or was kept on request."""
        return not (self.stopped_by or self.rejected or self.reported or self.unwritten)


_COUNTS: Final = ("read", "added", "updated", "already", "kept", "reported", "rejected", "unwritten")


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


def describe_losses(summary: Summary) -> list[str]:
    """A line for each kind of loss; none if every value has a field."""
    lines = [f"{rows:,} × {notice}" for notice, rows in summary.notices.most_common()]
    if summary.metadata:
        values = sum(summary.metadata.values())
        lines.insert(
            0, f"{values:,} values kept as metadata: {shown(name for name, _ in summary.metadata.most_common())}"
        )
    return lines
