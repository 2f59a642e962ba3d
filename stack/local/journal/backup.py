"""A local stack's state as one file, for another directory or machine."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, cast

from stack.errors import NotRunning, StackError
from stack.local import process
from stack.local.journal import lines
from stack.local.journal.contents import Contents
from stack.local.journal.files import Files, read_contents, write_contents
from stack.local.state import PRIVATE_FILE, State

# The first line has this number, the kind of file, the version of its format, and the issuer's private key.
_FIRST: Final = 0
_KIND: Final = "todo-ledger backup"
_VERSION: Final = 1
_GZIP: Final = b"\x1f\x8b"


def back_up(state: State, write: Callable[[bytes], object]) -> Contents:
    """Write what a stack has acknowledged, whether it runs or not, and the key of its token issuer.

    Returns
    -------
    Contents
        What was written.

    Raises
    ------
    NotRunning
        There is no journal.
    Damaged
    """
    files = Files(state.journal)
    if not files.exist():
        raise NotRunning(f"{state.directory} has no journal; `make up` begins one")
    with files.unchanged():
        contents, _ = files.read()
    contents.closed = True
    contents.since_start.clear()
    key = state.issuer_key.read_text()
    write(lines.line(_FIRST, [lines.encode([_KIND, _VERSION, key])]))
    write_contents(write, contents)
    return contents


def restore(state: State, path: Path) -> Contents:
    """Make what a backup has the state of a directory that has none.

    Raises
    ------
    StackError
        The directory has a state, or the file is not a whole backup. Nothing was changed.
    """
    files = Files(state.journal)
    with state.locked():
        if process.running(state) is not None or files.exist() or state.engine_data.exists():
            raise StackError(f"{state.directory} has a state already; move it away, or choose another --directory")
        key, contents = _read(path)
        with files.held_by_writer():
            files.write_base(1, contents)
        state.issuer_key.unlink(missing_ok=True)
        state.issuer_key.touch(PRIVATE_FILE)
        state.issuer_key.write_text(key)
    return contents


def _read(path: Path) -> tuple[str, Contents]:
    contents = Contents()
    try:
        with _open(path) as file:
            first = lines.parse(file.readline().rstrip(b"\n"))
            if first is None or first[0] != _FIRST or first[1][0][0] != _KIND:
                raise StackError(f"{path} is not a backup of a local stack")
            _, version, key = first[1][0]
            if version != _VERSION:
                raise StackError(f"{path} was made by a newer version, which this one cannot read")
            whole = read_contents(file, contents)
    except (OSError, EOFError, zlib.error) as error:
        raise StackError(f"{path} cannot be read: {error}") from None
    if not whole:
        raise StackError(f"{path} is damaged or incomplete; nothing was changed")
    return key, contents


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        is_packed = file.read(len(_GZIP)) == _GZIP
    return cast("IO[bytes]", gzip.open(path, "rb")) if is_packed else path.open("rb")
