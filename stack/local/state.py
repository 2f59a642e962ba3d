"""The state of a local stack: the paths below its directory, and JSON files that are replaced as a whole.

Only this user can read any of it: it has the todos, the webhooks' secrets, the issuer's key and the engine's token.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from stack.errors import StackError

PRIVATE_DIRECTORY: Final = 0o700
PRIVATE_FILE: Final = 0o600


class Unwritable(StackError):
    """Nothing can be written to a state directory."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"cannot write to {path}: {error.strerror}")


@dataclass(frozen=True)
class State:
    """The state directory of one local stack."""

    directory: Path

    @property
    def identity(self) -> str:
        """What tells this directory from a copy of it, and not from itself under another name."""
        found = self.directory.stat()
        return f"{found.st_dev}:{found.st_ino}"

    @property
    def engine_record(self) -> Path:
        """The engine's process, ports and token while it runs; afterwards only its own port and its token."""
        return self.directory / "engine.json"

    @property
    def engine_data(self) -> Path:
        """Where the engine keeps its tables and queues."""
        return self.directory / "engine"

    @property
    def journal(self) -> Path:
        """The journal of what the engine acknowledged (stack/local/journal)."""
        return self.directory / "journal"

    @property
    def start_record(self) -> Path:
        """What the engine found when it started, or why it did not."""
        return self.directory / "start.json"

    @property
    def temporary(self) -> Path:
        """The engine's TMPDIR, into which Lambda workers unpack code; emptied at each start."""
        return self.directory / "tmp"

    @property
    def log(self) -> Path:
        """The engine's log."""
        return self.directory / "engine.log"

    @property
    def api_record(self) -> Path:
        """The REST API that the API's port serves; absent until one is deployed."""
        return self.directory / "api.json"

    @property
    def issuer_key(self) -> Path:
        """The private key of the local issuer."""
        return self.directory / "issuer.pem"

    @property
    def sign_in_codes(self) -> Path:
        """The directory of the one-time codes by which one signs in to the page."""
        return self.directory / "sign-in"

    @property
    def catchup_record(self) -> Path:
        """The engine process whose views have been caught up from the ledger."""
        return self.directory / "caught-up.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock that makes every other start, stop and deployment of this stack wait.

        Raises
        ------
        Unwritable
        """
        make_private(self.directory)
        try:
            opened = open_private(self.directory / "lock")
        except OSError as error:
            raise Unwritable(self.directory, error) from None
        with opened as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def read_json(path: Path) -> Any:
    """The content of a JSON file; None if it does not exist."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_json(path: Path, content: Any) -> None:
    """Replace a JSON file in one step, so that nobody reads half of it.

    Raises
    ------
    Unwritable
        It is as it was.
    """
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        with open_private(temporary) as file:
            file.write(json.dumps(content).encode())
        temporary.replace(path)
    except OSError as error:
        raise Unwritable(path, error) from None


def open_private(path: Path) -> IO[bytes]:
    """Open a file to append to, which only this user can read if it is new."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE), "ab")


def make_private(directory: Path) -> None:
    """Make a directory, unless it exists, that only this user can enter.

    Raises
    ------
    StackError
        It cannot be made, belongs to another user, or is meant for all.
    """
    try:
        directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    except OSError as error:
        raise Unwritable(directory, error) from None
    if directory.stat().st_mode & stat.S_ISVTX:
        raise StackError(f"{directory} is shared by all users; choose another directory")
    _restrict(directory)


def restrict(state: State) -> None:
    """Take every access of other users to a state directory away, also to what an older version left in it.

    Raises
    ------
    StackError
        Some of it belongs to another user.
    """
    make_private(state.directory)
    for entry in os.scandir(state.directory):
        if entry.is_file(follow_symlinks=False):
            _restrict(Path(entry.path))
    for directory, _, files in os.walk(state.engine_data):
        for path in (Path(directory), *(Path(directory, name) for name in files)):
            _restrict(path)


def _restrict(path: Path) -> None:
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
        wanted = PRIVATE_DIRECTORY if stat.S_ISDIR(mode) else PRIVATE_FILE
        if stat.S_IMODE(mode) & ~wanted:
            try:
                path.chmod(stat.S_IMODE(mode) & wanted)
            except PermissionError as error:
                raise StackError(f"{path} belongs to another user; choose another directory, or remove it") from error
