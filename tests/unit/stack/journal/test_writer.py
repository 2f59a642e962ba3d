"""Writing a journal: what `wait` returns for is on disk, and what failed is written when it can be."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.local.journal import lines, writer
from stack.local.journal.files import Files
from stack.local.journal.writer import NotKept, Writer
from tests.support.waiting import PATIENCE_SECONDS, eventually


class Disk:
    """Stands between a writer and the disk: it holds, or fails, what is written or synced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.write_error: int | None = None
        self.sync_error: int | None = None
        self.free = threading.Event()
        self.free.set()
        self.syncing = threading.Event()
        self._write, self._sync = os.write, os.fdatasync
        monkeypatch.setattr("os.write", self.write)
        monkeypatch.setattr("os.fdatasync", self.sync)

    def write(self, descriptor: int, content: bytes | memoryview) -> int:
        if threading.current_thread().name != "journal":
            return self._write(descriptor, content)
        if self.write_error is not None:
            # As a disk does that becomes full: the beginning is written.
            self._write(descriptor, bytes(content)[:5])
            raise OSError(self.write_error, os.strerror(self.write_error))
        return self._write(descriptor, bytes(content)[:100])

    def sync(self, descriptor: int) -> None:
        self.syncing.set()
        assert self.free.wait(PATIENCE_SECONDS)
        if self.sync_error is not None:
            raise OSError(self.sync_error, os.strerror(self.sync_error))
        self._sync(descriptor)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(writer, "_RETRY_SECONDS", 0.01)
    return Disk(monkeypatch)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def made(disk: Disk, files: Files) -> Iterator[Writer]:
    made = Writer(files, 0)
    yield made
    disk.free.set()
    made.close()


def record(number: int) -> bytes:
    return lines.encode(["item", "t", "p", str(number), {}])


def on_disk(files: Files) -> set[int]:
    return {int(sort) for _, sort in files.read()[0].items["t"]}


async def keep(made: Writer, number: int) -> None:
    await made.wait(made.append([record(number)]))


def test_nobody_is_told_before_it_is_on_disk(made: Writer, files: Files, disk: Disk) -> None:
    async def check() -> None:
        disk.free.clear()
        waiting = asyncio.create_task(keep(made, 1))
        assert await asyncio.to_thread(disk.syncing.wait, PATIENCE_SECONDS)
        assert not waiting.done()
        disk.free.set()
        await waiting
        assert on_disk(files) == {1}

    asyncio.run(check())


def test_what_comes_while_the_disk_is_busy_is_one_batch(made: Writer, files: Files, disk: Disk) -> None:
    async def check() -> None:
        disk.free.clear()
        waiting = [asyncio.create_task(keep(made, number)) for number in range(50)]
        await asyncio.sleep(0)
        disk.free.set()
        await asyncio.gather(*waiting)

    asyncio.run(check())
    assert on_disk(files) == set(range(50))
    assert files.read()[0].last <= 3


@pytest.mark.parametrize("kind", ["write", "sync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EFBIG])
def test_a_failure_is_told_and_made_good(made: Writer, files: Files, disk: Disk, kind: str, number: int) -> None:
    async def check() -> None:
        await keep(made, 1)
        setattr(disk, f"{kind}_error", number)
        with pytest.raises(NotKept, match=os.strerror(number)):
            await keep(made, 2)
        assert made.failure is not None
        assert on_disk(files) == {1}
        with pytest.raises(NotKept):
            await keep(made, 3)
        setattr(disk, f"{kind}_error", None)
        await asyncio.to_thread(eventually, lambda: made.failure is None)
        await keep(made, 4)

    asyncio.run(check())
    # An answer that was refused may still be carried out, like one that was lost on its way.
    assert on_disk(files) == {1, 2, 3, 4}


def test_an_engine_stops_although_the_disk_is_full(files: Files, disk: Disk) -> None:
    made = Writer(files, 0)
    disk.write_error = errno.ENOSPC
    made.append([record(1)])
    made.close()
    assert not on_disk(files)


def test_a_long_segment_is_followed_by_another(disk: Disk, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_SEGMENT_BYTES", 100)
    begun: list[int] = []
    made = Writer(files, 0, begun.append)

    async def check() -> None:
        for number in range(10):
            await keep(made, number)

    asyncio.run(check())
    made.close()
    assert len(begun) > 3
    assert files.segments() == begun
    assert on_disk(files) == set(range(10))
