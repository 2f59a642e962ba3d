"""One run of the loader: it loads its files one after the other, each as if it were the only one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from chalicelib.todos import ids, instants
from loaders.errors import CannotLoad, UnreadableFile
from loaders.formats import check_options, system_of
from loaders.histories.history import History
from loaders.histories.reader import TakeoutReader
from loaders.into.former import FormerTodos
from loaders.into.writer import GroupWriter, Writer
from loaders.load import FileLoad, HistoriesLoad, Load
from loaders.output.progress import LoadProgress, progress_for
from loaders.output.rejected import RejectedRows
from loaders.output.report import Report
from loaders.output.summary import Summary
from loaders.planner import Planner
from loaders.prune import LeftTodo, prune
from loaders.reading.input import Input
from loaders.reading.open_stream import S3_SCHEME
from loaders.reading.options import ReadOptions
from loaders.rows.claims import Claims
from loaders.rows.places import with_places
from loaders.rows.row import BadRow, Origin, Row
from loaders.rows.seen import Seen
from loaders.session.outcome import Outcome
from loaders.session.sources import Part, open_source
from loaders.session.target import Options, Target


class Session:
    """Loads files with the same options; a context manager that closes what it opened.

    Raises
    ------
    CannotLoad
        There is nothing to load into.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._target = Target(options)
        self._resources = ExitStack()
        # The ids of all files together: a todo that one of them has is still in the source.
        self._kept = self._resources.enter_context(Seen()) if options.prunes else None
        self._contents = self._resources.enter_context(Seen())
        taken = self._resources.enter_context(Seen())
        self._former = FormerTodos(taken, self._kept)
        self._claims: Claims | None = None
        self._systems: set[str] = set()
        self._summaries: list[Summary] = []
        self._unread = 0
        self._keeps_ids = False
        self._may_lack_todos = False

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
        is_of_names = bool(options.names or options.done_values or options.date_format)
        with ExitStack() as stack:
            try:
                source = stack.enter_context(open_source(file, options.format, is_of_names=is_of_names))
            except UnreadableFile as error:
                raise CannotLoad(f"{file} cannot be read: {error}") from None
            for chosen in source.formats:
                check_options(chosen, self._how(""))
            progress = stack.enter_context(progress_for(source, as_json=options.as_json))
            outcome = stack.enter_context(Outcome(file, source, rejected_path, progress.warn))
            for part in source.parts():
                if not self._load_part(part, outcome, progress, is_only=len(source.formats) == 1):
                    break
            outcome.check()
        self._summaries.append(outcome.summary)
        self._may_lack_todos |= outcome.may_lack_todos
        self._unread -= 1
        return outcome.report(would=options.dry_run, compared=self._target.looks)

    def _load_part(self, part: Part, outcome: Outcome, progress: LoadProgress, *, is_only: bool) -> bool:
        """Load one file; whether another can be loaded after it."""
        options, how = self._options, self._how(part.file_name)
        system = options.system or system_of(part.chosen, part.content.head)
        rejected = outcome.rejected_rows(Origin(part.chosen.NAME, system, how))
        if part.member is not None:
            progress.begin_member(part.member)
        if hasattr(part.chosen, "HAS_HISTORIES"):
            load: FileLoad[Any] = self._load_histories(part.content, rejected, progress)
        else:
            claims = None
            if not is_only or options.has_several_files:
                claims = self._claims = self._claims or self._resources.enter_context(Claims())
                claims.begin_file(part.member or outcome.file)
            rows = part.chosen.read_rows(part.content, how)
            if hasattr(part.chosen, "ROWS_ARE_IN_ORDER"):
                rows = with_places(rows)
            load = self._load_rows(rows, system, how, rejected, progress, claims)
        if load.summary.read > 0:
            self._systems.add(system)
        outcome.add(part, load)
        return load.is_broken_off or load.summary.stopped_by is None

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
        if delete and self._may_lack_todos:
            raise CannotLoad("a file in a ZIP was left out that may be a list with todos, so nothing is deleted")
        if delete and any(summary.rejected for summary in self._summaries):
            raise CannotLoad("some rows were rejected and may belong to existing todos, so nothing is deleted")
        if not self._target.looks:
            return
        for system in sorted(self._systems):
            yield from prune(
                self._target.owner,
                system,
                self._kept,
                delete=delete and not self._options.dry_run,
                ids_of=self._options.ids_of,
                operation=self._options.operation,
            )

    def _load_rows(
        self,
        rows: Iterator[Row | BadRow],
        system: str,
        how: ReadOptions,
        rejected: RejectedRows,
        progress: LoadProgress,
        claims: Claims | None,
    ) -> Load:
        options = self._options
        with ExitStack() as stack:
            planner = Planner(
                self._target.owner,
                system,
                stack.enter_context(Seen()),
                self._contents,
                how,
                strict=options.strict,
                claims=claims,
                kept=self._kept,
                ids_of=options.ids_of,
                operation=options.operation,
            )
            writer = None
            if (destination := self._target.destination(system, progress)) is not None:
                writer = stack.enter_context(Writer(options.concurrency, destination, self._former))
            load = Load(planner, writer, rejected, progress)
            load.load_rows(rows)
            self._keeps_ids |= planner.keeps_ids
        return load

    def _load_histories(self, content: Input, rejected: RejectedRows, progress: LoadProgress) -> HistoriesLoad:
        destination = self._target.histories(progress)
        self._keeps_ids = True
        with ExitStack() as stack:
            seen = stack.enter_context(Seen())
            reader = TakeoutReader(ids.partition_of(self._target.owner), instants.instant_after(None), seen)
            writer: GroupWriter[History] | None = None
            if destination is not None:
                writer = stack.enter_context(GroupWriter(self._options.concurrency, destination))
            load = HistoriesLoad(writer, rejected, progress)
            load.load_histories(reader.read(content))
        return load

    def _how(self, file_name: str) -> ReadOptions:
        options = self._options
        return ReadOptions(
            options.names,
            options.list_name,
            options.time_zone,
            options.date_format,
            options.done_values,
            file_name,
        )


def _rejected_path(file: str) -> Path:
    if file == "-":
        return Path("stdin.rejected.jsonl")
    # Rejected rows of an S3 object are written to the working directory.
    name = file.rpartition("/")[2] if file.startswith(S3_SCHEME) else file
    return Path(f"{name}.rejected.jsonl")
