"""The file of rejected rows, as JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from loaders.errors import CannotLoad
from loaders.output import previous
from loaders.rows.row import BadRow, Origin
from loaders.rows.wording import sentence

_dump = json.JSONEncoder(ensure_ascii=True, default=str).encode


def _ignore(warning: str) -> None:
    pass


class RejectedRows:
    """Writes each rejected row with its line, its original form and its errors.

    The first rejection creates the file; without any, the file of an earlier run is removed. If somebody has edited
    that, it is set aside.

    Parameters
    ----------
    path : Path, optional
        None only counts the rows.
    origin : Origin
        Where the rows come from. When they are corrected and loaded again (the format `rejected`), they become the same
        todos. It can be set again, for the rows after that.
    warn : callable, optional
        Is told where a file is that was set aside.
    """

    def __init__(self, path: Path | None, origin: Origin, warn: Callable[[str], None] = _ignore) -> None:
        self.path = path
        self.count = 0
        self.origin = origin
        self._warn = warn
        self._file: IO[bytes] | None = None
        self._digest = previous.new_digest()

    def begin(self) -> None:
        """Take away the file of an earlier run, which would look like this one's."""
        if self.path is None:
            return
        try:
            aside = previous.clear(self.path)
        except OSError as error:
            raise CannotLoad(f"cannot replace {self.path}: {error.strerror}") from None
        if aside is not None:
            self._warn(f"{self.path} was edited since it was written, so it is kept as {aside}: load that file, too")

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
            line = _dump(self._entry(row)).encode() + b"\n"
            if self._file is None:
                self._file = self._create(self.path)
            self._digest.update(line)
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            raise CannotLoad(f"cannot write {self.path}: {error.strerror}") from None

    def close(self) -> None:
        """Close the file, if there is one, with its digest in it."""
        if self._file is None:
            return
        with self._file as file:
            file.seek(previous.PLACE)
            file.write(self._digest.hexdigest().encode())

    def _create(self, path: Path) -> IO[bytes]:
        while True:
            try:
                return path.open("xb")
            except FileExistsError:
                # Another run has begun meanwhile, or somebody has saved what was just set aside.
                self.begin()

    def _entry(self, row: BadRow) -> dict[str, Any]:
        origin = row.origin or self.origin
        how = origin.how.to_json()
        return {
            **({} if self._file else {"digest": previous.UNKNOWN}),
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
