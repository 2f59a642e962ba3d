"""Clearing a list: each todo by its own event, at once where they are few, else page by page through a queue."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Final

from chalicelib import service, settings
from chalicelib.queues import sqs
from chalicelib.todos import instants
from chalicelib.todos.decide import Delete, TodoIsDeleted
from chalicelib.views import queries

# As many as one request deletes itself, and one message after it: a second or two of conditional puts.
PAGE: Final = 200
AT_THE_SAME_TIME: Final = 8


@dataclass(frozen=True, slots=True)
class Clearance:
    """A list to be cleared of the todos that stood in it when that was asked for.

    Attributes
    ----------
    asked_at : str
        Todos created later stay. The clock bounds only what the caller meant; what happens is each todo's own event.
    after : str, optional
        The place in the list up to which it is done.
    """

    owner: str
    list_name: str
    actor: str
    correlation_id: str | None
    asked_at: str
    after: str | None = None


def clear(owner: str, list_name: str, *, actor: str, correlation_id: str | None) -> bool:
    """Delete the todos that the view shows in a list; True when done, False when the queue's worker will do it."""
    clearance = Clearance(owner, list_name, actor, correlation_id, asked_at=instants.instant_after(None))
    page = queries.by_list(owner, None, list_name=list_name, after=None, limit=PAGE)
    if page.next_after is not None:
        _enqueue(clearance)
        return False
    _delete(clearance, page.rows)
    return True


def resume(message: str) -> None:
    """Clear the next page of what a queue's message names, and send on what is left; repeating it does no harm."""
    clearance = Clearance(**json.loads(message))
    page = queries.by_list(clearance.owner, None, list_name=clearance.list_name, after=clearance.after, limit=PAGE)
    _delete(clearance, page.rows)
    if page.next_after is not None:
        _enqueue(replace(clearance, after=page.next_after))


def _delete(clearance: Clearance, rows: Iterable[queries.TodoRow]) -> None:
    """Delete each todo, unless its newest state is in another list by now."""

    def delete(todo_id: str) -> None:
        order = service.Order(
            owner=clearance.owner,
            todo_id=todo_id,
            command=Delete(only_in=clearance.list_name),
            actor=clearance.actor,
            correlation_id=clearance.correlation_id,
        )
        with suppress(TodoIsDeleted):
            service.execute(order)

    meant = [row.todo_id for row in rows if row.todo["created_at"] <= clearance.asked_at]
    with ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
        # A failure is raised here, after the others of the page were done.
        for _ in pool.map(delete, meant):
            pass


def _enqueue(clearance: Clearance) -> None:
    sqs().send_message(QueueUrl=settings.clear_queue_url(), MessageBody=json.dumps(asdict(clearance)))
