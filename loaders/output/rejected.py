"""Where rejected rows go: a file of JSON Lines beside the source, or no file at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

from loaders.errors import CannotLoad
from loaders.rows.row import BadRow

_dump = json.JSONEncoder(ensure_ascii=True, default=str).encode


class RejectedRows:
    """Writes each rejected row with its line, the row as it was, and what is wrong with it.

    The file is made at the first rejection; where there is none, one of an earlier run is removed.

    Parameters
    ----------
    path : Path, optional
        None keeps count only.
    format_name, system : str
        What the rows were read as, and what their ids belong to: loaded again when they are mended (the format
        `rejected`), they meet the same todos.
    """

    def __init__(self, path: Path | None, format_name: str, system: str) -> None:
        self.path = path
        self.count = 0
        self._origin = {"format": format_name, "source": system}
        self._file: IO[str] | None = None

    def begin(self) -> None:
        """Remove what an earlier run left: it would pass for this one's."""
        if self.path is not None:
            try:
                self.path.unlink(missing_ok=True)
            except OSError as error:
                raise CannotLoad(f"cannot replace {self.path}: {error.strerror}") from None

    def add(self, row: BadRow) -> None:
        """Append a row to the file, which is made for the first one.

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
        return {
            "line": row.line,
            **self._origin,
            **({"format": row.format} if row.format else {}),
            **({"key": row.key} if row.key else {}),
            "reason": reason(row),
            "errors": [{"pointer": error.pointer, "detail": error.detail} for error in row.errors],
            "row": row.source,
        }


def reason(row: BadRow) -> str:
    """What is wrong with a row, in one line."""
    return "; ".join(
        error.detail if error.pointer == "#" else f"{error.pointer}: {error.detail}" for error in row.errors
    )
