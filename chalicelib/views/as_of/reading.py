"""Pages of the list as it was, read from the views table in use and from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from chalicelib.aws.errors import READ_ERRORS
from chalicelib.todos import ids, instants
from chalicelib.todos.ids import Owner
from chalicelib.views import codec, current, schema, table_reads
from chalicelib.views.as_of.walk import Walk
from chalicelib.views.pointer import Pointer
from chalicelib.views.projection import Row
from chalicelib.views.queries import Filter, Page
from chalicelib.views.recorded import read_events
from chalicelib.views.sync.position import up_to_the_hour
from chalicelib.views.sync.walk import VISIBLE_AFTER


def page(owner: Owner, instant: int, accept: Filter | None, *, after: str | None, limit: int | None) -> Page:
    """The owner's todos as they were at an instant (milliseconds since 1970), by id; a page may be empty and have more.

    Parameters
    ----------
    accept : callable, optional
        What a todo must fulfil, as it was then.
    after : str, optional
        The id behind which the page begins, as the page before gave it. It holds in another views table, too.
    limit : int, optional
        At most so many todos; None for as many as a page may examine.

    Raises
    ------
    ViewsUnavailable, LedgerUnavailable
    """
    partition = ids.partition_of(owner)
    behind_all = schema.TODO_PREFIX + schema.BEHIND_ALL

    def read(now: Pointer) -> Page:
        def read_rows(after: str | None, wanted: int | None) -> tuple[Sequence[Row], bool]:
            low = schema.TODO_PREFIX if after is None else schema.todo_key(after) + schema.BEFORE_ALL
            try:
                items, is_end = table_reads.page(now.reader, partition, low, behind_all, wanted)
            except READ_ERRORS as error:
                raise current.unavailable(error) from error
            return [codec.row_of(item) for item in items], is_end

        return Walk(read_rows, partial(read_events, partition), instant, accept).page(after, limit)

    return current.read_current(read)


def complete_since() -> int:
    """From which instant on (milliseconds since 1970) a list that is read now lacks no todo.

    Of what was deleted before, the tombstones may have expired. Clocks may differ by less than a minute. It is the same
    for an hour, so that a list may be asked for as it was at this very instant.
    """
    return up_to_the_hour(instants.now_milliseconds() - codec.TOMBSTONE_SECONDS * 1000 + VISIBLE_AFTER)
