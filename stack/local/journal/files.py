"""The files of a journal: segments that are appended to, and a base that contains what was in older ones.

``base-N`` contains all that was before ``segment-N``. A base gets its name once it is complete and on disk, so what a
crash leaves behind is either not read, or read in place of the same.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stack.errors import StackError
from stack.local.journal import lines
from stack.local.journal.contents import Contents
from stack.local.journal.lines import Cut, Damaged
from stack.local.state import make_private, open_private

_SEGMENT: Final = re.compile(r"segment-(\d{8})")
_BASE: Final = re.compile(r"base-(\d{8})")
# Records in one line of a base.
_BATCH: Final = 200
_PROBE_BYTES: Final = 64 * 1024


class InUse(StackError):
    """Another engine writes to the journal."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"another engine uses {directory}; stop that one first, or choose another directory")


class NoRoom(StackError):
    """The disk is full, or fails."""

    def __init__(self, directory: Path, error: OSError) -> None:
        super().__init__(f"nothing can be kept: writing to {directory} failed ({error.strerror})")


class Files:
    """The directory of one journal."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def exist(self) -> bool:
        """Whether there is a journal."""
        return bool(self.bases() or self.segments())

    def segments(self) -> list[int]:
        """The numbers of the segments, rising."""
        return self._numbers(_SEGMENT)

    def bases(self) -> list[int]:
        """The numbers of the bases, rising; only the last one counts."""
        return self._numbers(_BASE)

    def segment(self, number: int) -> Path:
        """The path of a segment."""
        return self.directory / f"segment-{number:08}"

    def base(self, number: int) -> Path:
        """The path of a base."""
        return self.directory / f"base-{number:08}"

    def sizes(self, before: int) -> tuple[int, int]:
        """How many bytes the base has, and the segments since then and before a number."""
        base = max(self.bases(), default=0)
        appended = sum(self.segment(number).stat().st_size for number in self.segments() if base <= number < before)
        return self.base(base).stat().st_size if base else 0, appended

    @contextmanager
    def held_by_writer(self) -> Iterator[None]:
        """Be the one engine that writes here.

        Raises
        ------
        InUse
        """
        make_private(self.directory)
        with open_private(self.directory / "writer.lock") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InUse(self.directory) from None
            yield

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Keep others from compacting."""
        make_private(self.directory)
        with open_private(self.directory / "compaction.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def check_room(self) -> None:
        """Find out whether something can be written.

        Raises
        ------
        NoRoom
        """
        path = self.directory / "probe"
        try:
            with open_private(path) as file:
                file.write(bytes(_PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise NoRoom(self.directory, error) from None
        finally:
            path.unlink(missing_ok=True)

    def read(self, before: int | None = None, *, salvage: bool = False) -> tuple[Contents, list[Cut]]:
        """All that the journal says, and the lines that it says nothing in.

        Parameters
        ----------
        before : int, optional
            Read only the segments with smaller numbers.
        salvage : bool
            Go on without what is damaged.

        Raises
        ------
        Damaged
            Something that was acknowledged cannot be read.
        """
        contents, cuts = Contents(), list[Cut]()
        first = max(self.bases(), default=0)
        if first:
            self._read_base(self.base(first), contents, cuts, salvage=salvage)
        for number in self.segments():
            if number < first or (before is not None and number >= before):
                continue
            path = self.segment(number)
            for batch, records in lines.read(path, cuts, salvage=salvage):
                # A batch is written again, into another segment, if it is not certain that it is on disk.
                if batch <= contents.last:
                    continue
                if batch != contents.last + 1 and not salvage:
                    raise Damaged(path, f"batches {contents.last + 1} to {batch - 1} are missing before batch {batch}")
                contents.apply(records)
                contents.last = batch
        return contents, cuts

    def write_base(self, number: int, contents: Contents) -> None:
        """Make the base that stands for all segments before a number, and remove those.

        Raises
        ------
        OSError
            The disk is full, or fails; nothing was removed.
        """
        path = self.base(number)
        unfinished = path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        try:
            with open_private(unfinished) as file:
                write_contents(file.write, contents)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        sync_directory(self.directory)
        for older in self.bases():
            if older < number:
                self.base(older).unlink()
        for segment in self.segments():
            if segment < number:
                self.segment(segment).unlink()

    def _read_base(self, path: Path, contents: Contents, cuts: list[Cut], *, salvage: bool) -> None:
        with path.open("rb") as file:
            if read_contents(file, contents):
                return
        if not salvage:
            raise Damaged(path, "a line")
        cuts.append(Cut(path, 0))

    def _numbers(self, pattern: re.Pattern[str]) -> list[int]:
        if not self.directory.is_dir():
            return []
        found = (pattern.fullmatch(path.name) for path in self.directory.iterdir())
        return sorted(int(match[1]) for match in found if match)


def write_contents(write: Callable[[bytes], object], contents: Contents) -> None:
    """Write all that a journal says as lines, of which the last one says that it is complete."""
    number, batch = 0, list[bytes]()
    for record in contents.records():
        batch.append(lines.encode(record))
        if len(batch) == _BATCH:
            number += 1
            write(lines.line(number, batch))
            batch = []
    if contents.closed:
        batch.append(lines.encode(["closed"]))
    end = ["end", contents.last, dict(contents.since_start)]
    write(lines.line(number + 1, [*batch, lines.encode(end)]))


def read_contents(file: Iterable[bytes], contents: Contents) -> bool:
    """Read lines of `write_contents`; False if some are damaged or missing, and what can be read was."""
    whole, expected = True, 1
    for text in file:
        batch = lines.parse(text.rstrip(b"\n"))
        if batch is None:
            whole = False
            continue
        number, records = batch
        whole = whole and number == expected
        expected = number + 1
        if records and records[-1][0] == "end":
            _, last, since_start = records.pop()
            contents.apply(records)
            contents.last = last
            contents.since_start.clear()
            contents.since_start.update(since_start)
            return whole
        contents.apply(records)
    return False


def sync_directory(directory: Path) -> None:
    """Bring the names of new files in a directory to disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
