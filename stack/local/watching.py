"""Noticing changes of the files that are deployed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from stack.deploy.package import files
from stack.settings import REPOSITORY

# The status of some 150 files takes a millisecond or two: no need for notifications by the operating system.
POLL_SECONDS: Final = 0.3


def changes(checkout: Path = REPOSITORY) -> Iterator[None]:
    """Yield at once, and after each change as soon as the files have been stable for POLL_SECONDS."""
    deployed = None
    while True:
        seen = _state(checkout)
        if seen != deployed:
            time.sleep(POLL_SECONDS)
            if seen != _state(checkout):
                continue
            deployed = seen
            yield
        time.sleep(POLL_SECONDS)


def _state(checkout: Path) -> dict[Path, tuple[int, int]]:
    found = {}
    for path in files(checkout):
        # An editor may be replacing it.
        if path.exists():
            status = path.stat()
            found[path] = (status.st_mtime_ns, status.st_size)
    return found
