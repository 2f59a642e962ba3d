"""Writing a journal: whatever is handed over while the disk is busy becomes the next batch."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from typing import Final

from stack.errors import StackError
from stack.local.journal import lines
from stack.local.journal.files import Files, NoRoom, sync_directory
from stack.local.state import PRIVATE_FILE

# How often it tries again what could not be written.
_RETRY_SECONDS: Final = 0.5
_SEGMENT_BYTES: Final = 32 * 1024 * 1024


class NotKept(StackError):
    """It could not be written down, so it must not be acknowledged."""


class Writer:
    """The thread that writes and syncs batches.

    Parameters
    ----------
    files : Files
    last : int
        The number of the last batch that is in them.
    on_segment : callable
        Called with the number of each new segment, by the writer's thread.
    """

    def __init__(self, files: Files, last: int, on_segment: Callable[[int], None] = lambda number: None) -> None:
        self._files = files
        self._batch = last
        self._on_segment = on_segment
        self._segment = max([*files.segments(), *files.bases()], default=0)
        self._descriptor: int | None = None
        self._good = 0
        self._condition = threading.Condition()
        self._waiting: list[bytes] = []
        self._handed_over = 0
        self._durable = 0
        self._failure: str | None = None
        self._closing = False
        self._futures: list[tuple[int, asyncio.Future[None]]] = []
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> str | None:
        """Why nothing can be written at present, as a sentence; None if it can."""
        return self._failure

    def append(self, records: Sequence[bytes]) -> int:
        """Hand records over, which are written in one batch or not at all; a ticket to wait with."""
        with self._condition:
            if records:
                self._waiting += records
                self._handed_over += 1
                self._condition.notify_all()
            return self._handed_over

    async def wait(self, ticket: int) -> None:
        """Wait until what a ticket stands for is on disk.

        Raises
        ------
        NotKept
            It cannot be written at present.
        """
        with self._condition:
            if self._durable >= ticket:
                return
            if self._failure is not None:
                raise NotKept(self._failure)
            future = asyncio.get_running_loop().create_future()
            self._futures.append((ticket, future))
        await future

    def wait_blocking(self, ticket: int) -> None:
        """Wait like `wait`, in a thread that may."""
        with self._condition:
            self._condition.wait_for(lambda: self._durable >= ticket or self._failure is not None)
            if self._failure is not None:
                raise NotKept(self._failure)

    def close(self) -> None:
        """Write what was handed over, and end; what cannot be written now is given up."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._waiting and not self._closing:
                    self._condition.wait()
                records, self._waiting, ticket = self._waiting, [], self._handed_over
            if records:
                self._batch += 1
                if not self._write_until_done(lines.line(self._batch, records)):
                    return
                self._done(ticket)
            elif self._closing:
                self._close_segment()
                return

    def _write_until_done(self, line: bytes) -> bool:
        """Write a line, however long that takes; False if it could not be until the end."""
        while True:
            try:
                self._write(line)
            except OSError as error:
                self._fail(error)
                with self._condition:
                    if self._closing or self._condition.wait_for(lambda: self._closing, _RETRY_SECONDS):
                        return False
            else:
                return True

    def _write(self, line: bytes) -> None:
        if self._descriptor is None or self._good > _SEGMENT_BYTES:
            self._open_segment()
        assert self._descriptor is not None
        view = memoryview(line)
        while view:
            view = view[os.write(self._descriptor, view) :]
        os.fdatasync(self._descriptor)
        self._good += len(line)

    def _open_segment(self) -> None:
        self._close_segment()
        number = self._segment + 1
        path = self._files.segment(number)
        # Left behind by a try that failed.
        path.unlink(missing_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, PRIVATE_FILE)
        self._good = 0
        sync_directory(self._files.directory)
        self._segment = number
        self._on_segment(number)

    def _close_segment(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _fail(self, error: OSError) -> None:
        """Leave the segment as it was before the line, and let nobody wait.

        After a failed sync it is unknown what is on disk, and a second sync would not say it. So the line is written
        again, into another segment.
        """
        if self._descriptor is not None:
            try:
                os.ftruncate(self._descriptor, self._good)
            except OSError:
                # What is left of the line counts as cut; if all of it is there, it counts once.
                pass
            finally:
                self._close_segment()
        failure = str(NoRoom(self._files.directory, error))
        with self._condition:
            self._failure = failure
            self._condition.notify_all()
            self._release(lambda future: future.set_exception(NotKept(failure)), self._handed_over)

    def _done(self, ticket: int) -> None:
        with self._condition:
            self._durable = ticket
            self._failure = None
            self._condition.notify_all()
            self._release(lambda future: future.set_result(None), ticket)

    def _release(self, settle: Callable[[asyncio.Future[None]], None], ticket: int) -> None:
        """Settle the futures up to a ticket, each in its own loop."""

        def settle_unless_cancelled(future: asyncio.Future[None]) -> None:
            if not future.done():
                settle(future)

        for each, future in self._futures:
            if each <= ticket:
                future.get_loop().call_soon_threadsafe(settle_unless_cancelled, future)
        self._futures = [pair for pair in self._futures if pair[0] > ticket]
