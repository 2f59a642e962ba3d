"""The report at the end of a run: lines for people, a JSON object for programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loaders.output.summary import Summary, describe_counts, describe_losses
from loaders.prune import LeftTodo


@dataclass(frozen=True, slots=True)
class Report:
    """The result of loading one file.

    Attributes
    ----------
    rejected : Path, optional
        The file with the rows that are not loaded; None if there are none, or in a dry run.
    would : bool
        It was a dry run.
    compared : bool
        The rows were compared with existing todos.
    """

    file: str
    summary: Summary
    rejected: Path | None
    would: bool
    compared: bool

    def text(self) -> str:
        """The report in lines for people."""
        summary = self.summary
        counted = (
            describe_counts(summary) if self.compared else f"{summary.added:,} added, {summary.rejected:,} rejected"
        )
        if self.would:
            counted = counted.replace(" added", " would be added").replace(" updated", " would be updated")
        lines = [f"{summary.read:,} rows read: {counted}"]
        lines += describe_losses(summary)
        if self.rejected is not None:
            lines.append(
                f"rows that are not loaded, with reasons: {self.rejected} (correct them there and load that file)"
            )
        if summary.stopped_by is not None:
            lines.append(f"error: stopped before the end: {summary.stopped_by}")
            lines.append("what is loaded stays; solve the problem and run it again to add the rest")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """The report for programs: the counts, and the fields of this object under the names of the options."""
        return {
            "file": self.file,
            **self.summary.to_json(),
            "dry_run": self.would,
            "compared": self.compared,
            "rejected_file": None if self.rejected is None else str(self.rejected),
        }


def describe_left(left: LeftTodo, *, would_delete: bool) -> str:
    """A line about a todo that is no longer in the source; `would_delete` in a dry run with ``--delete``."""
    fate = "would be deleted" if would_delete and left.fate == "left" else left.fate
    hint = " since it was loaded, so it stays" if left.fate == "changed here" else ""
    return f"no longer in the source: {left.todo_id} {left.title!r}: {fate}{hint}"
