"""Compacting a journal in a process of its own, which leaves the engine alone.

It works on files that nobody writes to any more. It may be killed at any moment.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from stack.local.journal.files import Files
from stack.settings import REPOSITORY

# Below that it is not worth a process.
_LEAST_BYTES: Final = 16 * 1024 * 1024
_NICENESS: Final = 10


def is_due(files: Files, number: int) -> bool:
    """Whether the segments before a number have outgrown their base."""
    base, appended = files.sizes(number)
    return appended > max(base, _LEAST_BYTES)


def compact(files: Files, number: int) -> None:
    """Make one base of the base and the segments before a number.

    Raises
    ------
    Damaged
        Something of it cannot be read; nothing was changed.
    OSError
        The disk is full, or fails; nothing was changed.
    """
    with files.unchanged():
        contents, _ = files.read(number)
        files.write_base(number, contents)


def start(files: Files, number: int) -> subprocess.Popen[bytes]:
    """Compact in another process."""
    command = [sys.executable, "-m", __name__, str(files.directory), str(number)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.DEVNULL)


def main() -> None:
    """Compact the journal of a directory up to a segment: both are arguments of this process."""
    os.nice(_NICENESS)
    compact(Files(Path(sys.argv[1])), int(sys.argv[2]))


if __name__ == "__main__":
    main()
