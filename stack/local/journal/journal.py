"""The journal of a running engine: read when it starts, written before it answers, closed when it stops."""

from __future__ import annotations

import asyncio
import gc
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from stack.local.journal import compaction
from stack.local.journal.capture import Capture
from stack.local.journal.contents import Contents
from stack.local.journal.files import Files
from stack.local.journal.lines import Cut, encode
from stack.local.journal.writer import NotKept, Writer

# What nobody waits for, such as messages that were handled, is written this often.
_IDLE_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 0.5


class Journal:
    """What an engine acknowledged, in the files of a directory.

    Parameters
    ----------
    directory : Path
        Nobody else writes to it (`Files.held_by_writer`).
    salvage : bool
        Go on without what cannot be read; the damaged files are kept in ``damaged/``.

    Raises
    ------
    Damaged
        Something that was acknowledged cannot be read.
    NoRoom
        Nothing can be written.
    """

    def __init__(self, directory: Path, *, salvage: bool = False) -> None:
        self._files = Files(directory)
        self._began = time.monotonic()
        self._files.check_room()
        # Of millions of values, none is garbage: looking for some would take most of the time.
        gc.disable()
        with self._files.unchanged():
            self._contents, self._cuts = self._files.read(salvage=salvage)
            if salvage and self._cuts:
                self._set_damaged_files_aside()
            else:
                _remove(self._cuts)
        self._last = self._contents.last
        # Also if the engine was killed while it wrote the first batch, which takes an older version's state over.
        self._is_new = self._last == 0
        self._capture: Capture
        self._writer: Writer
        self._loop: asyncio.AbstractEventLoop
        self._compacting: subprocess.Popen[bytes] | None = None
        self._idle: asyncio.Task[None] | None = None
        self.report: dict[str, Any] = {}

    @property
    def has_positions(self) -> bool:
        """Whether it knows how far each reader of a stream has come: not so at the first start with a journal."""
        return not self._is_new

    @property
    def failure(self) -> str | None:
        """Why nothing can be acknowledged at present, as a sentence; None if it can."""
        return self._writer.failure

    def attach(self) -> None:
        """Patch the emulator, which then gets its state from here when it loads what it has saved."""
        from ministack import app
        from ministack.services import dynamodb, lambda_svc, sqs

        self._capture = Capture()
        load, ensure_poller = app._load_persisted_state, lambda_svc._ensure_poller

        def load_all() -> None:
            # Nothing is read from streams and queues before all of it is there.
            lambda_svc._ensure_poller = lambda: None
            try:
                load()
                self._start()
            finally:
                lambda_svc._ensure_poller = ensure_poller
            ensure_poller()

        app._load_persisted_state = load_all
        # A function must not tell the world of something that a crash undoes.
        dynamodb.stream_records_since = self._once_kept(dynamodb.stream_records_since)
        sqs._receive_messages_for_esm = self._once_kept(sqs._receive_messages_for_esm)

    async def keep(self) -> None:
        """Return once all that has changed is on disk.

        Raises
        ------
        NotKept
        """
        await self._writer.wait(self._writer.append(self._capture.take()))

    def close(self) -> None:
        """Write what is left, and that the engine was stopped."""
        if self._idle is not None:
            self._idle.cancel()
        self._writer.append([*self._capture.take(), encode(["closed"])])
        self._writer.close()
        if self._compacting is not None and self._compacting.poll() is None:
            self._compacting.kill()
            self._compacting.wait()

    def _start(self) -> None:
        """Give the emulator its state, and begin to write; in the emulator's event loop."""
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(self._files, self._last, self._compact_if_due)
        # Only an older version's file: the emulator writes no new one.
        file = _saved_tables()
        saved = self._is_new and file.exists()
        contents = self._contents
        if self._is_new:
            self._capture.adopt()
        else:
            self._capture.install(contents)
        ticket = self._writer.append([encode(["started"]), *self._capture.take()])
        if saved:
            self._writer.wait_blocking(ticket)
            file.unlink()
        self.report = self._describe(contents, saved=saved)
        del self._contents, contents
        gc.freeze()
        gc.enable()
        self._idle = self._loop.create_task(self._write_now_and_then())

    def _describe(self, contents: Contents, *, saved: bool) -> dict[str, Any]:
        return {
            "crashed": not contents.closed,
            "cut": bool(self._cuts),
            "written": dict(contents.since_start),
            "messages": sum(map(len, contents.queues.values())),
            "continues": self.has_positions or not saved,
            "seconds": round(time.monotonic() - self._began, 1),
        }

    async def _write_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_IDLE_SECONDS)
            self._writer.append(self._capture.take())

    def _once_kept(self, read: Callable[..., Any]) -> Callable[..., Any]:
        """A function that reads for the emulator's own threads, and returns once what it read is on disk."""

        def read_and_wait(*arguments: Any, **options: Any) -> Any:
            found = read(*arguments, **options)
            # In the loop's own thread, the answer of the request waits.
            if found and threading.current_thread() is not threading.main_thread():
                asyncio.run_coroutine_threadsafe(self._keep_at_last(), self._loop).result()
            return found

        return read_and_wait

    async def _keep_at_last(self) -> None:
        while True:
            with suppress(NotKept):
                return await self.keep()
            await asyncio.sleep(_RETRY_SECONDS)

    def _compact_if_due(self, segment: int) -> None:
        is_running = self._compacting is not None and self._compacting.poll() is None
        if not is_running and compaction.is_due(self._files, segment):
            self._compacting = compaction.start(self._files, segment)

    def _set_damaged_files_aside(self) -> None:
        damaged = self._files.directory / "damaged"
        damaged.mkdir(mode=0o700, exist_ok=True)
        for path in {cut.path for cut in self._cuts}:
            shutil.copyfile(path, damaged / f"{path.name}-{time.time_ns()}")
        self._files.write_base(max([*self._files.segments(), *self._files.bases()]) + 1, self._contents)


def _remove(cuts: list[Cut]) -> None:
    """Remove lines that nobody was told of."""
    for cut in cuts:
        with cut.path.open("r+b") as file:
            file.truncate(cut.offset)


def _saved_tables() -> Path:
    from ministack.core import persistence

    return Path(persistence.STATE_DIR, "dynamodb.json")
