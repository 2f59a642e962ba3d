"""Where rejected rows go: a file of JSON Lines beside the source, or no file at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

from loaders.errors import CannotLoad
from loaders.rows import BadRow

_dump = json.JSONEncoder(ensure_ascii=True, default=str).encode


class RejectedRows:
    """Writes each rejected row with its line, the row as it was, and what is wrong with it.

    The file is made at the first rejection; where there is none, one of an earlier run is removed.

    Parameters
    ----------
    path : Path, optional
        None keeps count only.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.count = 0
        self._file: IO[str] | None = None

    def begin(self) -> None:
        """Remove what an earlier run left: it would pass for this one's."""
        if self.path is not None:
            try:
                self.path.unlink(missing_ok=True)
            except OSError as error:
                raise CannotLoad(f"cannot replace {self.path}: {error.strerror}") from None

    def add(self, row: BadRow) -> None:
        self.count += 1
        if self.path is None:
            return
        try:
            if self._file is None:
                self._file = open(self.path, "w", encoding="ascii")  # noqa: SIM115 - closed by `close`
            self._file.write(_dump(_entry(row)) + "\n")
            self._file.flush()
        except OSError as error:
            raise CannotLoad(f"cannot write {self.path}: {error.strerror}") from None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def reason(row: BadRow) -> str:
    """What is wrong with a row, in one line."""
    return "; ".join(
        error.detail if error.pointer == "#" else f"{error.pointer}: {error.detail}" for error in row.errors
    )


def _entry(row: BadRow) -> dict[str, Any]:
    return {
        "line": row.line,
        "reason": reason(row),
        "errors": [{"pointer": error.pointer, "detail": error.detail} for error in row.errors],
        "row": row.source,
    }
