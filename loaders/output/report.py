"""The report at the end of a run: lines for people, a JSON object for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from loaders.output.summary import Summary, describe_counts, describe_losses
from loaders.prune import LeftTodo
from loaders.reading.archive import NO_FORMAT
from loaders.rows.loss import shown

_LEFT_OUT_NAMED: Final = 100


@dataclass(frozen=True, slots=True)
class Members:
    """The files of an archive.

    Attributes
    ----------
    read : list
        Of each that has rows its name, the name of its format and its counts.
    left_out : dict
        Why the others are not read, by their names.
    """

    read: list[tuple[str, str, Summary]] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Lines for people."""
        return [
            f"from {_files(len(self.read))} in it: {shown(name for name, _, _ in self.read)}",
            *self.left_out_lines(),
        ]

    def left_out_lines(self) -> list[str]:
        """A line about the files that are not read, if there are any."""
        if not self.left_out:
            return []
        reasons = {name: "" if why == NO_FORMAT else f" ({why})" for name, why in self.left_out.items()}
        names = shown(reasons, reasons)
        were = "was" if len(self.left_out) == 1 else "were"
        return [f"{_files(len(self.left_out), 'other ')} in it {were} left out: {names}"]

    def to_json(self) -> dict[str, Any]:
        """For programs; of the files that are left out the first, and how many there are."""
        named = islice(self.left_out.items(), _LEFT_OUT_NAMED)
        return {
            "members": [{"member": name, "format": format, **counts.to_json()} for name, format, counts in self.read],
            "left_out": len(self.left_out),
            "left_out_files": [{"member": name, "reason": reason} for name, reason in named],
        }


def _files(count: int, other: str = "") -> str:
    return f"{count:,} {other}file{'' if count == 1 else 's'}"


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
    members : Members, optional
        The files in it, if it is an archive.
    """

    file: str
    summary: Summary
    rejected: Path | None
    would: bool
    compared: bool
    members: Members | None = None

    def text(self) -> str:
        """The report in lines for people."""
        summary = self.summary
        counted = (
            describe_counts(summary) if self.compared else f"{summary.added:,} added, {summary.rejected:,} rejected"
        )
        if self.would:
            counted = counted.replace(" added", " would be added").replace(" updated", " would be updated")
        lines = [f"{summary.read:,} rows read: {counted}"]
        if self.members is not None:
            lines += self.members.lines()
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
            **({} if self.members is None else self.members.to_json()),
        }


def describe_left(left: LeftTodo, *, would_delete: bool) -> str:
    """A line about a todo that is no longer in the source; `would_delete` in a dry run with ``--delete``."""
    fate = "would be deleted" if would_delete and left.fate == "left" else left.fate
    hint = " since it was loaded, so it stays" if left.fate == "changed here" else ""
    return f"no longer in the source: {left.todo_id} {left.title!r}: {fate}{hint}"
