"""What is said at the end of a run: lines for people, one JSON object for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loaders.output.summary import Summary, counts
from loaders.prune import Left


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one file.

    Attributes
    ----------
    rejected : Path, optional
        Where the rows stand that are not in; None where there are none, or nothing may be written.
    would : bool
        It was a dry run.
    compared : bool
        What is there already was looked at.
    """

    file: str
    summary: Summary
    rejected: Path | None
    would: bool
    compared: bool

    def text(self) -> str:
        """The report as a person reads it."""
        summary = self.summary
        told = counts(summary) if self.compared else f"{summary.added:,} added, {summary.rejected:,} rejected"
        if self.would:
            told = told.replace(" added", " would be added").replace(" updated", " would be updated")
        lines = [f"{summary.read:,} rows read: {told}"]
        if self.rejected is not None:
            lines.append(f"the rows that are not in, and why: {self.rejected} (mend them there, and load that file)")
        if summary.stopped_by is not None:
            lines.append(f"error: stopped before the end: {summary.stopped_by}")
            lines.append("what is in stays; mend it and run it again to add the rest")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "file": self.file,
            **asdict(self.summary),
            "dry_run": self.would,
            "compared": self.compared,
            "rejected_file": None if self.rejected is None else str(self.rejected),
        }


def left_text(left: Left, *, would_delete: bool) -> str:
    """What happens to a todo that is not in the source any more, as a line of text."""
    fate = "would be deleted" if would_delete and left.fate == "left" else left.fate
    hint = " since it was loaded, so it stays" if left.fate == "changed here" else ""
    return f"not in the source any more: {left.todo_id} {left.title!r}: {fate}{hint}"
