"""A ZIP archive: its files are read where they are, one by one, and never written anywhere.

What the archive says of itself is not believed: its list of files is bounded before it is read, and what is unpacked is
counted while it is read. Only stored and deflated files are read, because other methods choose how much memory they
need.
"""

from __future__ import annotations

import io
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Final, cast

from loaders.errors import UnreadableFile
from loaders.reading.input import PACKED
from loaders.reading.open_stream import OpenStream

MAX_FILES: Final = 50_000
MAX_DIRECTORY_BYTES: Final = 8 * 1024 * 1024
# Of an archive that comes from a pipe or S3, as a temporary file: a ZIP is read from its end.
MAX_COPIED_BYTES: Final = 2 * 1024**3
MAX_UNPACKED_BYTES: Final = 4 * 1024**3
# Todos are packed ten to fifty times smaller. What is small anyway may have any ratio.
MAX_RATIO: Final = 200
_ANY_RATIO_BYTES: Final = 16 * 1024 * 1024
_MAX_NAME: Final = 200

# Why most files in an archive are not read.
NO_FORMAT: Final = "no format reads it"

_ENTRY: Final = b"PK\x01\x02"
_READABLE: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_IS_ENCRYPTED: Final = 0x1
_IS_UTF8: Final = 0x800
# Workbooks, documents and programs are ZIPs with these files.
_OF_A_DOCUMENT: Final = frozenset({"[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"})
# What systems add by themselves.
_CLUTTER: Final = frozenset({"thumbs.db", "desktop.ini"})
# Raised by `zipfile` and the modules that it uses when an archive is damaged.
_DAMAGED: Final = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    EOFError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file in an archive.

    Attributes
    ----------
    name : str
        Its name with its folders, as far as it can be printed.
    is_hidden : bool
        No user has put it there.
    refusal : str, optional
        Why it cannot be read at all.
    """

    name: str
    entry: zipfile.ZipInfo
    is_hidden: bool
    refusal: str | None

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link: its content is the name of a file."""
        return stat.S_ISLNK(self.entry.external_attr >> 16)

    @property
    def ending(self) -> str:
        """The ending of its name in small letters, with the dot; empty if there is none."""
        return PurePosixPath(self.name).suffix.casefold()


class Archive:
    """An open ZIP archive.

    Attributes
    ----------
    files : list of ArchivedFile
        By name; of several with the same name the last, as unpacking them would leave it.
    replaced : list of str
        The names of the files that another one replaces.
    consumed : int
        How many bytes have been unpacked; opening a file with `counts` adds to it.
    total : int, optional
        How many bytes are to be unpacked, if that is known.

    Raises
    ------
    UnreadableFile
        It is damaged, has too many files, or is a workbook, a document or a program.
    """

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(cast("io.BufferedReader", _BoundedReads(file)))
        except UnicodeDecodeError:
            raise UnreadableFile("names of its files are not UTF-8: unpack it, and load its files") from None
        except _DAMAGED as error:
            raise UnreadableFile(f"its ZIP data is damaged, or its end is missing: {error}") from None
        entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
        if any(entry.filename in _OF_A_DOCUMENT for entry in entries):
            raise UnreadableFile(PACKED)
        found: dict[str, ArchivedFile] = {}
        self.replaced: list[str] = []
        for entry in entries:
            name = _name_of(entry)
            if name in found:
                self.replaced.append(name)
            found[name] = ArchivedFile(name, entry, _is_hidden(name), _refusal_of(entry))
        self.files = sorted(found.values(), key=lambda file: file.name)
        self.consumed = 0
        self.total: int | None = None

    @property
    def share(self) -> float | None:
        """The part that has been read, from 0 to 1; None if the size is unknown."""
        return min(1.0, self.consumed / self.total) if self.total else None

    @contextmanager
    def open(self, file: ArchivedFile, *, counts: bool = True) -> Iterator[BinaryIO]:
        """Open one of the files.

        Raises
        ------
        UnreadableFile
            It is damaged, or unpacks to more than it should; also raised while it is read.
        """
        if file.refusal is not None:
            raise UnreadableFile(file.refusal)
        try:
            packed = cast("zipfile.ZipExtFile", self._zip.open(file.entry))
        except (*_DAMAGED, OSError) as error:
            raise UnreadableFile(f"its ZIP data is damaged: {error}") from None
        with packed:
            yield io.BufferedReader(_Unpacked(packed, file.entry.compress_size, self if counts else None), 256 * 1024)


@contextmanager
def open_archive(opened: OpenStream) -> Iterator[Archive]:
    """The archive that a stream has, copied to a temporary file if one cannot go back in it.

    Raises
    ------
    UnreadableFile
    """
    if opened.stored is not None and opened.stored.seekable():
        yield Archive(opened.stored)
        return
    with tempfile.TemporaryFile(prefix="todo-ledger-") as copy:
        while chunk := opened.stream.read(1024 * 1024):
            if copy.tell() + len(chunk) > MAX_COPIED_BYTES:
                raise UnreadableFile(f"a ZIP of more than {MAX_COPIED_BYTES >> 30} GB is read only from a file")
            copy.write(chunk)
        yield Archive(cast("BinaryIO", copy))


class _BoundedReads:
    """What `zipfile` reads an archive from. It reads the list of the files, of whatever size, at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY_BYTES:
            raise UnreadableFile(_too_many())
        try:
            # Without a size it looks for the archive's end in its last 64 KB.
            found = self._file.read(size if size >= 0 else MAX_DIRECTORY_BYTES)
        except OSError as error:
            raise UnreadableFile(str(error)) from None
        if size > len(_ENTRY) * MAX_FILES and found.count(_ENTRY) > MAX_FILES:
            raise UnreadableFile(_too_many())
        return found


class _Unpacked(io.RawIOBase):
    """The content of one file, as far as it may be unpacked."""

    def __init__(self, packed: zipfile.ZipExtFile, stored: int, archive: Archive | None) -> None:
        self._packed = packed
        self._most = max(_ANY_RATIO_BYTES, stored * MAX_RATIO)
        self._size = 0
        self._archive = archive

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            chunk = self._packed.read1(len(buffer))
        except (*_DAMAGED, OSError) as error:
            raise UnreadableFile(f"its ZIP data is damaged: {error}") from None
        self._size += len(chunk)
        if self._size > self._most:
            raise UnreadableFile(f"it unpacks to more than {MAX_RATIO} times its size in the ZIP")
        if self._archive is not None:
            self._archive.consumed += len(chunk)
            if self._archive.consumed > MAX_UNPACKED_BYTES:
                raise UnreadableFile(f"the ZIP unpacks to more than {MAX_UNPACKED_BYTES >> 30} GB")
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _too_many() -> str:
    return f"a ZIP with more than {MAX_FILES:,} files: unpack it, and load those that have todos"


def _name_of(entry: zipfile.ZipInfo) -> str:
    name = entry.filename
    if not entry.flag_bits & _IS_UTF8:
        # Many programs write UTF-8 and do not say so.
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in name[-_MAX_NAME:])


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return (
        "__MACOSX" in parts
        or any(part.startswith(".") and part.strip(".") for part in parts)
        or bool(parts and parts[-1].casefold() in _CLUTTER)
    )


def _refusal_of(entry: zipfile.ZipInfo) -> str | None:
    if entry.flag_bits & _IS_ENCRYPTED:
        return "encrypted: unpack the ZIP with its password, and load its files"
    if entry.compress_type not in _READABLE:
        return "packed by a method that is not read: unpack the ZIP, and load its files"
    return None
