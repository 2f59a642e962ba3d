"""The file of rejected rows, as JSON Lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

from loaders.errors import CannotLoad
from loaders.rows.row import BadRow, Origin
from loaders.rows.wording import sentence

_dump = json.JSONEncoder(ensure_ascii=True, default=str).encode


class RejectedRows:
    """Writes each rejected row with its line, its original form and its errors.

    The first rejection creates the file; without any, the file of an earlier run is removed.

    Parameters
    ----------
    path : Path, optional
        None only counts the rows.
    origin : Origin
        Where the rows come from. When they are corrected and loaded again (the format `rejected`), they become the same
        todos. It can be set again, for the rows after that.
    """

    def __init__(self, path: Path | None, origin: Origin) -> None:
        self.path = path
        self.count = 0
        self.origin = origin
        self._file: IO[str] | None = None

    def begin(self) -> None:
        """Remove the file of an earlier run, which would look like this one's."""
        if self.path is not None:
            try:
                self.path.unlink(missing_ok=True)
            except OSError as error:
                raise CannotLoad(f"cannot replace {self.path}: {error.strerror}") from None

    def add(self, row: BadRow) -> None:
        """Count and write a row.

        Raises
        ------
        CannotLoad
            The file cannot be written.
        """
        self.count += 1
        if self.path is None:
            return
        try:
            if self._file is None:
                self._file = self.path.open("w", encoding="ascii")
            self._file.write(_dump(self._entry(row)) + "\n")
            self._file.flush()
        except OSError as error:
            raise CannotLoad(f"cannot write {self.path}: {error.strerror}") from None

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()

    def _entry(self, row: BadRow) -> dict[str, Any]:
        origin = row.origin or self.origin
        how = origin.how.to_json()
        return {
            "line": row.line,
            "format": origin.format,
            "source": origin.system,
            **({"read": how} if how else {}),
            **({"key": row.key} if row.key else {}),
            **({"contested": row.contested} if row.contested else {}),
            "reason": error_text(row),
            "errors": [{"pointer": error.pointer, "detail": error.detail} for error in row.errors],
            "row": row.original,
        }


def error_text(row: BadRow) -> str:
    """A row's errors in one line."""
    return "; ".join(sentence(error, row.original) for error in row.errors)
