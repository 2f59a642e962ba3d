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
from stack.local.journal.files import Files, NoRoom, read_contents, write_contents
from stack.local.state import PRIVATE_FILE, State

# The first line has this number, the kind of file, the version of its format, and the issuer's private key.
_FIRST: Final = 0
_KIND: Final = "todo-ledger backup"
_VERSION: Final = 1
_MOST_FIRST_BYTES: Final = 64 * 1024
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
        The directory has a state, the file is not a whole backup, or the disk is full. Nothing was changed.
    """
    files = Files(state.journal)
    with state.locked():
        if process.running(state) is not None or files.exist() or state.engine_data.exists():
            raise StackError(f"{state.directory} has a state already; move it away, or choose another --directory")
        key, contents = _read(path)
        with files.held_by_writer():
            try:
                files.write_base(1, contents)
            except OSError as error:
                raise NoRoom(state.journal, error) from None
        state.issuer_key.unlink(missing_ok=True)
        state.issuer_key.touch(PRIVATE_FILE)
        state.issuer_key.write_text(key)
    return contents


def _read(path: Path) -> tuple[str, Contents]:
    contents = Contents()
    try:
        with _open(path) as file:
            key = _read_first(path, file)
            whole = read_contents(file, contents)
    except (OSError, EOFError, zlib.error) as error:
        raise StackError(f"{path} cannot be read: {error}") from None
    except ValueError:
        raise StackError(f"{path} is not a backup that this version can read") from None
    if not whole:
        raise StackError(f"{path} is damaged or incomplete; nothing was changed")
    return key, contents


def _read_first(path: Path, file: IO[bytes]) -> str:
    """Read the first line; the issuer's key."""
    match lines.parse(file.readline(_MOST_FIRST_BYTES).rstrip(b"\n")):
        case (number, [[kind, version, str(key)]]) if (number, kind) == (_FIRST, _KIND):
            if version != _VERSION:
                raise StackError(f"{path} was made by another version, whose backups this one cannot read")
            return key
    raise StackError(f"{path} is not a backup of a local stack")


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        is_packed = file.read(len(_GZIP)) == _GZIP
    return cast("IO[bytes]", gzip.open(path, "rb")) if is_packed else path.open("rb")
