"""One run of the loader: where its todos go, and its files, one after the other as if each were loaded by itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final

from chalicelib.ledger import ledger
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Owner
from chalicelib.views import queries
from loaders.errors import CannotLoad, Unreadable
from loaders.formats import GENERIC_SYSTEM, formats, reader_of, recognised, system_of
from loaders.into import api
from loaders.into.api import ApiDestination
from loaders.into.ledger import Appending, LedgerDestination, Reading
from loaders.into.local_stack import find_ledger
from loaders.into.writer import Destination, Writer
from loaders.load import Load
from loaders.output.progress import LoadProgress, progress_for
from loaders.output.rejected import RejectedRows
from loaders.output.report import Report
from loaders.output.summary import Summary
from loaders.pacing.pace import Pace
from loaders.planner import Planner
from loaders.prune import Left, prune
from loaders.reading.opening import S3_SCHEME, opened
from loaders.reading.source import Source
from loaders.reconcile import OnChange
from loaders.rows.seen import Seen

# Asked for to see whether the ledger answers at all.
_ANY_STREAM: Final = "nobody#nothing"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; of a name that is None, the default follows from the file or the token."""

    owner: Owner | None
    format: str | None
    names: Mapping[str, str]
    source: str | None
    on_change: OnChange | None
    dry_run: bool
    offline: bool
    prunes: bool
    concurrency: int
    max_lag: float
    url: str | None
    token: str | None
    as_json: bool


class Session:
    """Loads files by the same options; it is closed by leaving it as a context manager.

    Raises
    ------
    CannotLoad
        When there is nowhere to load into.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._owner = _owner(options)
        self._looks = options.url is not None or _ledger_is_there(options, self._owner)
        self._resources = ExitStack()
        # The ids of all files together: what one of them has, has not left the source.
        self._kept = self._resources.enter_context(Seen()) if options.prunes else None
        self._systems: set[str] = set()
        self._summaries: list[Summary] = []
        self._unread = 0
        self._keeps_ids = False

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def load(self, file: str) -> Report:
        """Load one file, as far as it can be read.

        Raises
        ------
        CannotLoad
            When that is nowhere.
        """
        options = self._options
        self._unread += 1
        rejected_path = None if options.dry_run else _rejected_path(file)
        with ExitStack() as stack:
            source_stream = stack.enter_context(opened(file))
            try:
                source = Source(source_stream.stream)
                chosen = formats()[options.format] if options.format else recognised(source.head)
            except Unreadable as error:
                raise CannotLoad(f"{file} cannot be read: {error}") from None
            read = reader_of(chosen, options.names)
            system = options.source or system_of(chosen, source.head)
            self._systems.add(system)
            rejected = RejectedRows(rejected_path, chosen.NAME, system)
            stack.callback(rejected.close)
            rejected.begin()
            planner = Planner(self._owner, system, stack.enter_context(Seen()), self._kept)
            progress = stack.enter_context(progress_for(source_stream, as_json=options.as_json))
            destination = self._destination(system, progress)
            writer = stack.enter_context(Writer(options.concurrency, destination)) if destination else None
            summary = Load(planner, writer, rejected, progress).run(read(source))
            self._keeps_ids |= planner.keeps_ids
        self._summaries.append(summary)
        self._unread -= 1
        return Report(
            file, summary, rejected_path if rejected.count else None, would=options.dry_run, compared=self._looks
        )

    def prune(self, *, delete: bool) -> Iterator[Left]:
        """The todos that are in the source no more, once all files are loaded.

        Raises
        ------
        CannotLoad
            When what the files hold is not wholly known; before anything is deleted.
        """
        assert self._kept is not None
        if self._unread or any(summary.stopped_by is not None or summary.unwritten for summary in self._summaries):
            raise CannotLoad("the files were not loaded to their ends, so what has left the source is not known")
        if self._keeps_ids:
            raise CannotLoad("an export of this service is no source that a todo could leave")
        if delete and any(summary.rejected for summary in self._summaries):
            raise CannotLoad("some rows were rejected, and a todo may be one of theirs: nothing is deleted")
        if not self._looks:
            return
        for system in sorted(self._systems):
            yield from prune(self._owner, system, self._kept, delete=delete and not self._options.dry_run)

    def _destination(self, system: str, progress: LoadProgress) -> Destination | None:
        """Where the todos go; None where they are only made."""
        options = self._options
        if not self._looks:
            return None
        on_change = options.on_change or "update"
        is_sure = options.on_change is not None or options.source is not None or system != GENERIC_SYSTEM
        if options.url is not None:
            return ApiDestination(
                options.url, options.token or "", options.concurrency, on_change, is_sure, dry=options.dry_run
            )
        if options.dry_run:
            return LedgerDestination(options.concurrency, on_change, is_sure, Reading())
        return LedgerDestination(options.concurrency, on_change, is_sure, Appending(), self._pace(progress))

    def _pace(self, progress: LoadProgress) -> Pace | None:
        if not self._options.max_lag or "SETTINGS_TABLE" not in os.environ:
            return None

        return Pace(partial(queries.having_versions, self._owner), self._options.max_lag, progress.warn)


def _owner(options: Options) -> Owner:
    if options.url is None:
        assert options.owner is not None
        return options.owner
    api.check_url(options.url)
    if not options.token:
        raise CannotLoad("--to needs a token: --token, or better the variable TODO_LEDGER_TOKEN")
    subject = api.owner_of_token(options.token)
    owner = options.owner or subject
    if owner is None:
        raise CannotLoad("the token does not show whose it is: --owner")
    if subject is not None and subject != owner:
        raise CannotLoad(f"the token is of {subject!r}, not of {owner!r}")
    return Owner(owner)


def _ledger_is_there(options: Options, owner: Owner) -> bool:
    """Whether there is a ledger to write to, or for a dry run one to look into in which there may be something to see.

    Raises
    ------
    CannotLoad
        When there has to be one.
    """
    if options.offline:
        return False
    try:
        find_ledger()
    except CannotLoad:
        if options.dry_run and not options.prunes:
            return False
        raise
    if not options.dry_run:
        return True
    try:
        if "SETTINGS_TABLE" in os.environ and not queries.has_todos(owner):
            return False
        ledger.events_at([(_ANY_STREAM, 1)])
    except Unavailable as error:
        print(f"not compared with what is there: {error}", file=sys.stderr)
        return False
    return True


def _rejected_path(file: str) -> Path:
    if file == "-":
        return Path("stdin.rejected.jsonl")
    # What is read from S3 leaves its rejected rows here.
    name = file.rpartition("/")[2] if file.startswith(S3_SCHEME) else file
    return Path(f"{name}.rejected.jsonl")
