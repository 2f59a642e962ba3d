"""The todos of a source that are not in it any more: told, or deleted by an event each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from chalicelib.ledger import ledger
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.todos import ids
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.events import Event
from chalicelib.todos.ids import Owner
from chalicelib.views import queries
from chalicelib.views.queries import TodoRow
from loaders import reconcile
from loaders.errors import CannotLoad
from loaders.into.writer import MAX_TRIES, wait_stopped
from loaders.rows.seen import Seen

_ROWS_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Left:
    """A todo that has left the source.

    Attributes
    ----------
    fate : str
        `deleted`; `left` as it is; or `changed here`, and hence left although it should be deleted.
    """

    todo_id: str
    title: str
    fate: Literal["deleted", "left", "changed here"]

    def to_json(self) -> dict[str, str]:
        return {"left": self.todo_id, "title": self.title, "fate": self.fate}


def prune(owner: Owner, system: str, kept: Seen, *, delete: bool) -> Iterator[Left]:
    """The owner's todos that a load from `system` made and whose ids are not among those `kept`.

    They are found in the views by their `source`, so that a row which gave its todo another `source` is never pruned.

    Raises
    ------
    CannotLoad
    """
    group: list[tuple[TodoRow, Event]] = []
    try:
        for row in _candidates(owner, system, kept):
            history = ledger.history(ids.stream_id(ids.partition_of(owner), row.todo_id))
            loaded, newest = reconcile.last_loaded(history), history[-1]
            if loaded is None or newest.state["deleted"]:
                continue
            if reconcile.is_changed_since(loaded, newest):
                yield Left(row.todo_id, newest.state["title"], "changed here")
            elif not delete:
                yield Left(row.todo_id, newest.state["title"], "left")
            else:
                group.append((row, newest))
                if len(group) == ledger.MAX_TRANSACTION_ITEMS:
                    yield from _delete(group)
                    group = []
        yield from _delete(group)
    except Unavailable as error:
        raise CannotLoad(f"what has left the source is not wholly known: {error}") from None


def _candidates(owner: Owner, system: str, kept: Seen) -> Iterator[TodoRow]:
    after: str | None = None
    while True:
        page = queries.by_list(owner, None, list_name=None, after=after, limit=_ROWS_AT_ONCE)
        yield from (row for row in page.rows if _is_of(owner, system, row) and not kept.has(row.todo_id))
        if page.next_after is None:
            return
        after = page.next_after


def _is_of(owner: Owner, system: str, row: TodoRow) -> bool:
    """Whether a row of `system` made the todo; one with an id of its own shows by the todo's."""
    source = row.todo["source"] or ""
    if source == system:
        return True
    own_id = source.removeprefix(f"{system}:")
    return own_id != source and ids.id_for_source(owner, system, own_id) == row.todo_id


def _delete(group: list[tuple[TodoRow, Event]]) -> Iterator[Left]:
    pending = [(row.todo_id, newest.state["title"], reconcile.deletion(newest)) for row, newest in group]
    tries = 0
    while pending:
        try:
            standing = ledger.append_together([event for _, _, event in pending])
        except LedgerUnavailable:
            tries += 1
            if tries == MAX_TRIES:
                raise
            wait_stopped(threading.Event(), tries)
            continue
        for position, (todo_id, title, event) in enumerate(pending):
            found = standing.get(position)
            if not standing or (found is not None and found.event_id == event.event_id):
                yield Left(todo_id, title, "deleted")
            elif found is not None:
                yield Left(todo_id, title, "changed here")
        pending = [one for position, one in enumerate(pending) if standing and position not in standing]
