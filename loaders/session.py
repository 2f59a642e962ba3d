"""One run of the loader: it loads its files one after the other, each as if it were the only one."""

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
from chalicelib.todos import ids, instants
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Owner
from chalicelib.views import queries
from loaders.errors import CannotLoad, UnreadableFile
from loaders.formats import GENERIC_SYSTEM, check_options, choose_format, formats, other_formats, system_of
from loaders.histories.history import History
from loaders.histories.reader import TakeoutReader
from loaders.into import api
from loaders.into.api import ApiDestination
from loaders.into.changes import ChangePolicy
from loaders.into.former import FormerTodos
from loaders.into.histories import HistoryAppender, HistoryDestination, HistoryReader
from loaders.into.ledger import LedgerAppender, LedgerDestination, LedgerReader
from loaders.into.local_stack import find_ledger
from loaders.into.writer import Destination, GroupWriter, Writer
from loaders.load import HistoriesLoad, Load
from loaders.output.progress import LoadProgress, progress_for
from loaders.output.rejected import RejectedRows
from loaders.output.report import Report
from loaders.output.summary import Summary
from loaders.pacing.pace import Pace
from loaders.planner import Planner
from loaders.prune import LeftTodo, prune
from loaders.reading.input import Input
from loaders.reading.open_stream import S3_SCHEME, open_stream
from loaders.reading.options import ReadOptions, name_of_file
from loaders.reconcile import OnChange
from loaders.rows.row import BadRow, Origin, Row
from loaders.rows.seen import Seen

# Requested only to see whether the ledger answers.
_ANY_STREAM: Final = "nobody#nothing"


@dataclass(frozen=True, slots=True)
class Options:
    """The command line's options; the default of a name that is None depends on the file or the token."""

    owner: Owner | None
    ids_of: Owner | None
    format: str | None
    names: Mapping[str, str]
    list_name: str | None
    time_zone: str | None
    date_format: str | None
    done_values: tuple[str, ...]
    strict: bool
    system: str | None
    on_change: OnChange | None
    dry_run: bool
    offline: bool
    prunes: bool
    concurrency: int
    max_lag: float
    url: str | None
    token: str | None
    allow_http: bool
    as_json: bool


class Session:
    """Loads files with the same options; a context manager that closes what it opened.

    Raises
    ------
    CannotLoad
        There is nothing to load into.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._owner = _owner(options)
        self._looks = options.url is not None or _ledger_is_there(options, self._owner)
        self._resources = ExitStack()
        # The ids of all files together: a todo that one of them has is still in the source.
        self._kept = self._resources.enter_context(Seen()) if options.prunes else None
        self._contents = self._resources.enter_context(Seen())
        claims = self._resources.enter_context(Seen())
        self._former = FormerTodos(claims, self._kept)
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
            Not even the beginning of the file can be read, or no row is in it.
        """
        options = self._options
        self._unread += 1
        rejected_path = None if options.dry_run else _rejected_path(file)
        with ExitStack() as stack:
            opened = stack.enter_context(open_stream(file))
            try:
                content = Input(opened.stream)
                chosen = formats()[options.format] if options.format else choose_format(content.head)
            except UnreadableFile as error:
                raise CannotLoad(f"{file} cannot be read: {error}") from None
            how = self._how(file)
            check_options(chosen, how)
            system = options.system or system_of(chosen, content.head)
            self._systems.add(system)
            rejected = RejectedRows(rejected_path, Origin(chosen.NAME, system, how))
            stack.callback(rejected.close)
            rejected.begin()
            progress = stack.enter_context(progress_for(opened, as_json=options.as_json))
            if hasattr(chosen, "HAS_HISTORIES"):
                summary = self._load_histories(content, rejected, progress)
            else:
                summary = self._load_rows(chosen.read_rows(content, how), system, how, rejected, progress)
            if summary.read == 0 and summary.stopped_by is None:
                others = ", ".join(other_formats(chosen, content.head)) or "another one"
                raise CannotLoad(
                    f"{file} was read as {chosen.NAME}, and no todo was found in it; if it has another format, name it"
                    f" with --format: {others}"
                )
        self._summaries.append(summary)
        self._unread -= 1
        return Report(
            file, summary, rejected_path if rejected.count else None, would=options.dry_run, compared=self._looks
        )

    def prune(self, *, delete: bool) -> Iterator[LeftTodo]:
        """List or delete the todos that are no longer in the source, after all files are loaded.

        Raises
        ------
        CannotLoad
            The files' todos are not all known; nothing is deleted then.
        """
        assert self._kept is not None
        if self._unread or any(summary.stopped_by is not None or summary.unwritten for summary in self._summaries):
            raise CannotLoad(
                "not all files were loaded to the end, so it is unknown which todos are no longer in the source"
            )
        if self._keeps_ids:
            raise CannotLoad("an export of this service has no source, so --prune does not apply to it")
        if delete and any(summary.rejected for summary in self._summaries):
            raise CannotLoad("some rows were rejected and may belong to existing todos, so nothing is deleted")
        if not self._looks:
            return
        for system in sorted(self._systems):
            yield from prune(
                self._owner,
                system,
                self._kept,
                delete=delete and not self._options.dry_run,
                ids_of=self._options.ids_of,
            )

    def _load_rows(
        self,
        rows: Iterator[Row | BadRow],
        system: str,
        how: ReadOptions,
        rejected: RejectedRows,
        progress: LoadProgress,
    ) -> Summary:
        options = self._options
        with ExitStack() as stack:
            planner = Planner(
                self._owner,
                system,
                stack.enter_context(Seen()),
                self._contents,
                how,
                strict=options.strict,
                kept=self._kept,
                ids_of=options.ids_of,
            )
            writer = None
            if (destination := self._destination(system, progress)) is not None:
                writer = stack.enter_context(Writer(options.concurrency, destination, self._former))
            summary = Load(planner, writer, rejected, progress).load_rows(rows)
            self._keeps_ids |= planner.keeps_ids
        return summary

    def _load_histories(self, content: Input, rejected: RejectedRows, progress: LoadProgress) -> Summary:
        options = self._options
        if options.url is not None:
            raise CannotLoad(
                "a takeout cannot be loaded over HTTP, since the API has no way to bring events with their ids and"
                " times: load it without --to, into the ledger itself"
            )
        self._keeps_ids = True
        with ExitStack() as stack:
            seen = stack.enter_context(Seen())
            reader = TakeoutReader(ids.partition_of(self._owner), instants.instant_after(None), seen)
            writer: GroupWriter[History] | None = None
            if self._looks:
                events = HistoryReader() if options.dry_run else HistoryAppender()
                pace = None if options.dry_run else self._pace(progress)
                destination = HistoryDestination(options.concurrency, events, pace)
                writer = stack.enter_context(GroupWriter(options.concurrency, destination))
            return HistoriesLoad(writer, rejected, progress).load_histories(reader.read(content))

    def _how(self, file: str) -> ReadOptions:
        options = self._options
        return ReadOptions(
            options.names,
            options.list_name,
            options.time_zone,
            options.date_format,
            options.done_values,
            name_of_file(file),
        )

    def _destination(self, system: str, progress: LoadProgress) -> Destination | None:
        """Where the todos go; None if they are only validated."""
        options = self._options
        if not self._looks:
            return None
        is_sure = options.on_change is not None or options.system is not None or system != GENERIC_SYSTEM
        policy = ChangePolicy(options.on_change or "update", is_sure=is_sure)
        if options.url is not None:
            return ApiDestination(options.url, options.token or "", options.concurrency, policy, dry=options.dry_run)
        if options.dry_run:
            return LedgerDestination(options.concurrency, policy, LedgerReader())
        return LedgerDestination(options.concurrency, policy, LedgerAppender(), self._pace(progress))

    def _pace(self, progress: LoadProgress) -> Pace | None:
        if not self._options.max_lag or "SETTINGS_TABLE" not in os.environ:
            return None

        return Pace(partial(queries.having_versions, self._owner), self._options.max_lag, progress.warn)


def _owner(options: Options) -> Owner:
    if options.url is None:
        assert options.owner is not None
        return options.owner
    api.check_url(options.url, allow_http=options.allow_http)
    if not options.token:
        raise CannotLoad("--to requires a token in TODO_LEDGER_TOKEN, or --token")
    subject = api.owner_of_token(options.token)
    owner = options.owner or subject
    if owner is None:
        raise CannotLoad("the token does not show its owner: use --owner")
    if subject is not None and subject != owner:
        raise CannotLoad(f"the token belongs to {subject!r}, not to {owner!r}")
    return Owner(owner)


def _ledger_is_there(options: Options, owner: Owner) -> bool:
    """Whether there is a ledger to write to, or in a dry run one to compare with.

    Raises
    ------
    CannotLoad
        A ledger is required, and there is none.
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
        print(f"not compared with existing todos: {error}", file=sys.stderr)
        return False
    return True


def _rejected_path(file: str) -> Path:
    if file == "-":
        return Path("stdin.rejected.jsonl")
    # Rejected rows of an S3 object are written to the working directory.
    name = file.rpartition("/")[2] if file.startswith(S3_SCHEME) else file
    return Path(f"{name}.rejected.jsonl")
