"""Opening a file, standard input or an S3 object, gzipped or not."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

from loaders.errors import CannotLoad, UnreadableFile

S3_SCHEME: Final = "s3://"
_GZIP: Final = b"\x1f\x8b"
# The first file of an archive, its end if there is none, or the mark of one that was split.
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_BUFFER_BYTES: Final = 256 * 1024


class CountedStream(io.RawIOBase):
    """A stream that counts the bytes taken from it.

    Raises
    ------
    UnreadableFile
        The underlying stream cannot be read further.
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
            # What a pipe has now, without waiting for a full buffer.
            beneath = self._beneath
            chunk = beneath.read1(len(buffer)) if hasattr(beneath, "read1") else beneath.read(len(buffer))
        except OSError as error:
            raise UnreadableFile(str(error)) from None
        buffer[: len(chunk)] = chunk
        self.consumed += len(chunk)
        return len(chunk)


class _UnpackedStream(io.RawIOBase):
    """The content of a gzip stream."""

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
            raise UnreadableFile(f"its gzip data is damaged: {error}") from None
        buffer[: len(chunk)] = chunk
        return len(chunk)


class Measured(Protocol):
    """What is being read, and how far it is read."""

    @property
    def consumed(self) -> int:
        """How many bytes have been read."""
        ...

    @property
    def total(self) -> int | None:
        """How many bytes there are; None if that is not known before the end, as for a pipe."""
        ...

    @property
    def share(self) -> float | None:
        """The part that has been read, from 0 to 1; None if the size is unknown."""
        ...


@dataclass(frozen=True, slots=True)
class OpenStream:
    """An open stream of unpacked bytes.

    Attributes
    ----------
    total : int, optional
        The stored size in bytes; None if it is unknown before the end, as for a pipe.
    stored : BinaryIO, optional
        The stored bytes, from any place.
    is_zip : bool
        It is a ZIP archive, and the stream its packed bytes.
    """

    stream: BinaryIO
    counted: CountedStream
    total: int | None
    stored: BinaryIO | None = None
    is_zip: bool = False

    @property
    def consumed(self) -> int:
        """How many stored bytes have been read."""
        return self.counted.consumed

    @property
    def share(self) -> float | None:
        """The part that has been read, from 0 to 1; None if the size is unknown."""
        return self.consumed / self.total if self.total else None


@contextmanager
def open_stream(name: str) -> Iterator[OpenStream]:
    """Open a path, ``-`` for standard input, or ``s3://bucket/key``.

    Raises
    ------
    CannotLoad
        It does not exist or may not be read.
    """
    with ExitStack() as stack:
        stored, total = _open_stored(name, stack)
        counted = CountedStream(stored)
        stream: BinaryIO = io.BufferedReader(counted, _BUFFER_BYTES)
        head = cast("io.BufferedReader[CountedStream]", stream).peek(len(_ZIP[0]))
        if head.startswith(_GZIP):
            stream = io.BufferedReader(_UnpackedStream(stream), _BUFFER_BYTES)
        yield OpenStream(stream, counted, total, stored, is_zip=head.startswith(_ZIP))


def find_repeated(names: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """Each name with the earlier one that means the same file, if there is one.

    A path through a link is the same file, and so is another way to write a path.
    """
    first: dict[object, str] = {}
    for name in names:
        identity = _identity(name)
        yield name, first.get(identity)
        first.setdefault(identity, name)


def _identity(name: str) -> object:
    if name == "-" or name.startswith(S3_SCHEME):
        return name
    try:
        status = Path(name).stat()
    except (OSError, ValueError):
        return name
    return status.st_dev, status.st_ino


def _open_stored(name: str, stack: ExitStack) -> tuple[BinaryIO, int | None]:
    """The stored bytes, and their number if it is known."""
    if name == "-":
        return sys.stdin.buffer, _size(sys.stdin.buffer)
    if name.startswith(S3_SCHEME):
        # Imported only here because botocore takes a while to load.
        from loaders.reading.s3 import S3Object

        found = S3Object(name)
        stack.callback(found.close)
        return cast("BinaryIO", found), found.size
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - closed by the stack; errors while reading are reported elsewhere
    except OSError as error:
        raise CannotLoad(f"cannot open {name}: {error.strerror}") from None
    return stack.enter_context(stream), _size(stream)


def _size(stream: BinaryIO) -> int | None:
    try:
        return os.fstat(stream.fileno()).st_size or None
    except OSError:
        return None
