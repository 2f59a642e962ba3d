"""The result of loading one file, or the files of an archive together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from loaders.errors import CannotLoad
from loaders.formats import other_formats
from loaders.load import FileLoad
from loaders.output.rejected import RejectedRows
from loaders.output.report import Members, Report
from loaders.output.summary import Summary
from loaders.rows.row import Origin
from loaders.session.sources import NOTHING_IN_IT, Part, Source, may_have_todos


class Outcome:
    """Collects the results of the parts of one file; a context manager that closes the file of rejected rows.

    Parameters
    ----------
    file : str
    rejected_path : Path, optional
        Where the rejected rows of all parts are written; None in a dry run.
    warn : callable
        Is told what the user should know of these rows.
    """

    def __init__(self, file: str, source: Source, rejected_path: Path | None, warn: Callable[[str], None]) -> None:
        self.summary = Summary()
        self.file = file
        self._source = source
        self._rejected_path = rejected_path
        self._warn = warn
        self._rejected: RejectedRows | None = None
        self._part: Part | None = None
        self._members = Members(left_out=source.left_out)

    def __enter__(self) -> Outcome:
        return self

    def __exit__(self, *error: object) -> None:
        if self._rejected is not None:
            self._rejected.close()

    def rejected_rows(self, origin: Origin) -> RejectedRows:
        """Where the rejected rows of the part go that is loaded next."""
        if self._rejected is None:
            self._rejected = RejectedRows(self._rejected_path, origin, self._warn)
            self._rejected.begin()
        self._rejected.origin = origin
        return self._rejected

    def add(self, part: Part, load: FileLoad[Any]) -> None:
        """Take in what was loaded of a part."""
        found = load.summary
        self._part = part
        if part.member is None:
            self.summary = found
        elif found.read == 0 and (found.stopped_by is None or (load.is_broken_off and not part.is_certain)):
            self._source.left_out[part.member] = found.stopped_by or NOTHING_IN_IT
        else:
            self.summary.include(found, part.member)
            self._members.read.append((part.member, part.chosen.NAME, found))

    def check(self) -> None:
        """See that something was read.

        Raises
        ------
        CannotLoad
        """
        errors, summary = self._source.errors, self.summary
        if errors and summary.stopped_by is None:
            summary.stopped_by = "; ".join(errors[:3]) + (f"; and {len(errors) - 3} more" if errors[3:] else "")
        if summary.read > 0 or (summary.stopped_by is not None and not self._source.is_archive):
            return
        if not self._source.is_archive:
            assert self._part is not None
            chosen = self._part.chosen
            others = ", ".join(other_formats(chosen, self._part.content.head)) or "another one"
            raise CannotLoad(
                f"{self.file} was read as {chosen.NAME}, and no todo was found in it; if it has another format, name it"
                f" with --format: {others}"
            )
        if summary.stopped_by is not None:
            raise CannotLoad(f"{self.file}: nothing in it was loaded: {summary.stopped_by}")
        raise CannotLoad("\n".join([f"{self.file}: no file in it has todos", *self._members.left_out_lines()]))

    @property
    def may_lack_todos(self) -> bool:
        """Whether a file in the archive was left out that may be a list."""
        return any(may_have_todos(name, why) for name, why in self._source.left_out.items())

    def report(self, *, would: bool, compared: bool) -> Report:
        """The report about it."""
        has_rejected = self._rejected is not None and self._rejected.count
        return Report(
            self.file,
            self.summary,
            self._rejected_path if has_rejected else None,
            would=would,
            compared=compared,
            members=self._members if self._source.is_archive else None,
        )
