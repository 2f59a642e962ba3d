"""Opening what is to be loaded: a file, standard input, or an object in S3; packed by gzip or not."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from loaders.errors import CannotLoad, Unreadable

S3_SCHEME: Final = "s3://"
_GZIP: Final = b"\x1f\x8b"
_BUFFER_BYTES: Final = 256 * 1024


class Counted(io.RawIOBase):
    """A stream that counts the bytes taken from it.

    Raises
    ------
    Unreadable
        When what lies beneath cannot be read on.
    """

    def __init__(self, beneath: BinaryIO) -> None:
        self._beneath = beneath
        self.consumed = 0

    def readable(self) -> bool:
        """Always true: `io.RawIOBase` asks for it."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with what is there by now; the number of bytes, 0 at the end."""
        try:
            # What a pipe has by now, rather than waiting until the buffer is full.
            beneath = self._beneath
            chunk = beneath.read1(len(buffer)) if hasattr(beneath, "read1") else beneath.read(len(buffer))
        except OSError as error:
            raise Unreadable(str(error)) from None
        buffer[: len(chunk)] = chunk
        self.consumed += len(chunk)
        return len(chunk)


class _Unpacked(io.RawIOBase):
    """What a gzip stream holds."""

    def __init__(self, packed: BinaryIO) -> None:
        self._file = gzip.GzipFile(fileobj=packed)

    def readable(self) -> bool:
        """Always true: `io.RawIOBase` asks for it."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with what is there by now; the number of bytes, 0 at the end."""
        try:
            chunk = self._file.read1(len(buffer))
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise Unreadable(f"its gzip data is damaged: {error}") from None
        buffer[: len(chunk)] = chunk
        return len(chunk)


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream of bytes, unpacked.

    Attributes
    ----------
    total : int, optional
        Bytes as they are stored; None where that is not known before the end, as of a pipe.
    """

    stream: BinaryIO
    counted: Counted
    total: int | None

    @property
    def consumed(self) -> int:
        """Bytes read so far, as they are stored."""
        return self.counted.consumed

    @property
    def share(self) -> float | None:
        """How much of it is read, from 0 to 1."""
        return self.consumed / self.total if self.total else None


@contextmanager
def opened(name: str) -> Iterator[Opened]:
    """Open what a name of the command line stands for: a path, ``-`` or ``s3://bucket/key``.

    Raises
    ------
    CannotLoad
    """
    with ExitStack() as stack:
        stored, total = _stored(name, stack)
        counted = Counted(stored)
        stream: BinaryIO = io.BufferedReader(counted, _BUFFER_BYTES)
        if cast("io.BufferedReader[Counted]", stream).peek(len(_GZIP)).startswith(_GZIP):
            stream = io.BufferedReader(_Unpacked(stream), _BUFFER_BYTES)
        yield Opened(stream, counted, total)


def _stored(name: str, stack: ExitStack) -> tuple[BinaryIO, int | None]:
    """The bytes as they are stored, and how many these are."""
    if name == "-":
        return sys.stdin.buffer, _size(sys.stdin.buffer)
    if name.startswith(S3_SCHEME):
        # Only needed here; botocore's S3 client takes a while to load.
        from loaders.reading.s3 import S3Object

        found = S3Object(name)
        stack.callback(found.close)
        return cast("BinaryIO", found), found.size
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - closed by the stack; what fails while it is read is told otherwise
    except OSError as error:
        raise CannotLoad(f"cannot open {name}: {error.strerror}") from None
    return stack.enter_context(stream), _size(stream)


def _size(stream: BinaryIO) -> int | None:
    try:
        return os.fstat(stream.fileno()).st_size or None
    except OSError:
        return None
