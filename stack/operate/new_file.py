"""Writing a file that is there once it is complete, and that only its owner may read."""

from __future__ import annotations

import gzip
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from stack.errors import StackError

STANDARD_OUTPUT = "-"


@contextmanager
def open_new(name: str) -> Iterator[IO[str]]:
    """A text file (UTF-8) that gets its name, and replaces what had it, once all of it is written.

    Parameters
    ----------
    name : str
        Gzipped if it ends in ``.gz``; ``-`` is standard output.

    Raises
    ------
    StackError
        It cannot be written.
    """
    if name == STANDARD_OUTPUT:
        with io.TextIOWrapper(os.fdopen(os.dup(sys.stdout.fileno()), "wb"), "utf-8") as output:
            yield output
        return
    path = Path(name)
    try:
        # Only this user may read it.
        handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise StackError(f"cannot write {name}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as raw:
            packed = gzip.GzipFile(fileobj=raw, mode="wb", filename="") if path.suffix == ".gz" else raw
            with io.TextIOWrapper(cast("IO[bytes]", packed), "utf-8", newline="\n") as file:
                yield file
        Path(unfinished).replace(path)
    except OSError as error:
        raise StackError(f"cannot write {name}: {error.strerror}") from None
    finally:
        Path(unfinished).unlink(missing_ok=True)
