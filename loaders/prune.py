"""The todos that are no longer in their source: listed, or deleted by an event each."""

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
from loaders.into.writer import MAX_TRIES, wait_or_stop
from loaders.rows.seen import Seen

_ROWS_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class LeftTodo:
    """A todo that is no longer in the source.

    Attributes
    ----------
    fate : str
        `deleted`, `left` unchanged, or `changed here` and therefore not deleted.
    """

    todo_id: str
    title: str
    fate: Literal["deleted", "left", "changed here"]

    def to_json(self) -> dict[str, str]:
        """The todo as a JSON object."""
        return {"left": self.todo_id, "title": self.title, "fate": self.fate}


def prune(
    owner: Owner,
    system: str,
    kept: Seen,
    *,
    delete: bool,
    ids_of: Owner | None = None,
    operation: str | None = None,
) -> Iterator[LeftTodo]:
    """List or delete the owner's todos that a load from `system` made and whose ids are not in `kept`.

    They are found in the views by their `source`, so a row that gave its todo another `source` is never pruned.

    Parameters
    ----------
    ids_of : str, optional
        The owner whose ids the rows have, if that was another when they were loaded first.
    operation : str, optional
        What the deletions are part of.

    Raises
    ------
    CannotLoad
    """
    group: list[tuple[TodoRow, Event]] = []
    try:
        for row in _candidates(owner, system, kept, ids_of or owner):
            history = ledger.history(ids.stream_id(ids.partition_of(owner), row.todo_id))
            loaded, newest = reconcile.last_loaded(history), history[-1]
            if loaded is None or newest.state["deleted"]:
                continue
            if reconcile.is_changed_since(loaded, newest):
                yield LeftTodo(row.todo_id, newest.state["title"], "changed here")
            elif not delete:
                yield LeftTodo(row.todo_id, newest.state["title"], "left")
            else:
                group.append((row, newest))
                if len(group) == ledger.MAX_TRANSACTION_ITEMS:
                    yield from _delete(group, operation)
                    group = []
        yield from _delete(group, operation)
    except Unavailable as error:
        raise CannotLoad(f"not all todos that are no longer in the source could be found: {error}") from None


def _candidates(owner: Owner, system: str, kept: Seen, ids_of: Owner) -> Iterator[TodoRow]:
    after: str | None = None
    while True:
        page = queries.by_list(owner, None, list_name=None, after=after, limit=_ROWS_AT_ONCE)
        yield from (row for row in page.rows if _is_of(ids_of, system, row) and not kept.has(row.todo_id))
        if page.next_after is None:
            return
        after = page.next_after


def _is_of(owner: Owner, system: str, row: TodoRow) -> bool:
    """Whether a row of `system` made the todo, judged by `source` and, for a row with an id, by the todo's id."""
    source = row.todo["source"] or ""
    if source == system:
        return True
    own_id = source.removeprefix(f"{system}:")
    return own_id != source and ids.id_for_source(owner, system, own_id) == row.todo_id


def _delete(group: list[tuple[TodoRow, Event]], operation: str | None) -> Iterator[LeftTodo]:
    pending = [(row.todo_id, newest.state["title"], reconcile.delete_event(newest, operation)) for row, newest in group]
    tries = 0
    while pending:
        try:
            existing = ledger.append_together([event for _, _, event in pending])
        except LedgerUnavailable:
            tries += 1
            if tries == MAX_TRIES:
                raise
            wait_or_stop(threading.Event(), tries)
            continue
        for position, (todo_id, title, event) in enumerate(pending):
            found = existing.get(position)
            if not existing or (found is not None and found.event_id == event.event_id):
                yield LeftTodo(todo_id, title, "deleted")
            elif found is not None:
                yield LeftTodo(todo_id, title, "changed here")
        pending = [one for position, one in enumerate(pending) if existing and position not in existing]
