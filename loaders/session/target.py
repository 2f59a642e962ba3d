"""Where a run's todos go: the ledger, the API, or nowhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from chalicelib.commands import operations
from chalicelib.ledger import ledger
from chalicelib.todos import ids
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Owner
from chalicelib.views import queries
from loaders.errors import CannotLoad
from loaders.formats import GENERIC_SYSTEM
from loaders.into import api
from loaders.into.api import ApiDestination
from loaders.into.changes import ChangePolicy
from loaders.into.histories import HistoryAppender, HistoryDestination, HistoryReader
from loaders.into.ledger import LedgerAppender, LedgerDestination, LedgerReader
from loaders.into.local_stack import find_ledger
from loaders.into.pacing.pace import Pace
from loaders.into.writer import Destination
from loaders.output.progress import LoadProgress
from loaders.reconcile import OnChange

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
    has_several_files: bool = False
    operation: str | None = None


class Target:
    """Where the todos go.

    Attributes
    ----------
    owner : str
        Whose they become.
    looks : bool
        Rows are compared with existing todos; if not, they are only validated.

    Raises
    ------
    CannotLoad
        There is nothing to load into.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self.owner = _owner(options)
        self.looks = _is_there(options, self.owner)
        if options.operation is not None and options.url is None and not options.dry_run:
            _spread(self.owner, options.operation)

    def destination(self, system: str, progress: LoadProgress) -> Destination | None:
        """Where rows of this system go; None if they are only validated."""
        options = self._options
        if not self.looks:
            return None
        is_sure = options.on_change is not None or options.system is not None or system != GENERIC_SYSTEM
        policy = ChangePolicy(options.on_change or "update", is_sure=is_sure)
        if options.url is not None:
            return ApiDestination(
                options.url,
                options.token or "",
                options.concurrency,
                policy,
                dry=options.dry_run,
                operation=options.operation,
            )
        if options.dry_run:
            return LedgerDestination(options.concurrency, policy, LedgerReader())
        return LedgerDestination(options.concurrency, policy, LedgerAppender(), self._pace(progress))

    def histories(self, progress: LoadProgress) -> HistoryDestination | None:
        """Where the histories of a takeout go; None if they are only validated.

        Raises
        ------
        CannotLoad
            They cannot go there.
        """
        options = self._options
        if options.url is not None:
            raise CannotLoad(
                "a takeout cannot be loaded over HTTP, since the API has no way to bring events with their ids and"
                " times: load it without --to, into the ledger itself"
            )
        if not self.looks:
            return None
        events = HistoryReader() if options.dry_run else HistoryAppender()
        return HistoryDestination(options.concurrency, events, None if options.dry_run else self._pace(progress))

    def _pace(self, progress: LoadProgress) -> Pace | None:
        if not self._options.max_lag or "SETTINGS_TABLE" not in os.environ:
            return None

        return Pace(partial(queries.having_versions, self.owner), self._options.max_lag, progress.warn)


def _spread(owner: Owner, operation: str) -> None:
    """Note that a load's events are part of the operation.

    Raises
    ------
    CannotLoad
    """
    if "SETTINGS_TABLE" not in os.environ:
        raise CannotLoad("--operation requires SETTINGS_TABLE: there it is noted that the load is part of it")
    try:
        operations.spread(ids.partition_of(owner), operation)
    except Unavailable as error:
        raise CannotLoad(f"the operation cannot be noted: {error}") from None


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


def _is_there(options: Options, owner: Owner) -> bool:
    """Whether there is something to write to, or in a dry run to compare with.

    Raises
    ------
    CannotLoad
        A ledger is required, and there is none.
    """
    if options.offline or options.url is not None:
        return not options.offline
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
