"""Clearing a list: each todo by its own event, at once where they are few, else page by page through a queue."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from chalicelib import settings
from chalicelib.aws import settings_table
from chalicelib.aws.sqs import sqs
from chalicelib.commands import execute
from chalicelib.todos import ids, instants
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

    owner: ids.Owner
    list_name: str
    actor: str
    correlation_id: str | None
    asked_at: str
    after: str | None = None


def clear(
    owner: ids.Owner, list_name: str, *, actor: str, correlation_id: str | None, key: str | None = None
) -> dict[str, int] | None:
    """Delete the todos that the view shows in a list.

    Parameters
    ----------
    key : str, optional
        An idempotency key: a repeat deletes what the first request meant, and nothing that has come since.

    Returns
    -------
    dict of str to int, or None
        The deleted todos' ids and versions; None when the queue's worker will delete them.

    Raises
    ------
    KeyReused
        The key was used before, to clear another list.
    """
    clearance = Clearance(owner, list_name, actor, correlation_id, asked_at=instants.instant_after(None))
    page = queries.by_list(owner, None, list_name=list_name, after=None, limit=PAGE)
    at_once = page.next_after is None
    if key is not None:
        clearance, at_once = _as_first_asked(clearance, at_once, key)
    if page.next_after is not None or not at_once:
        _enqueue(clearance)
        return {} if at_once else None
    return _delete(clearance, page.rows)


def resume(message: str) -> None:
    """Clear the next page of what a queue's message names, and send on what is left; repeating it does no harm."""
    clearance = Clearance(**json.loads(message))
    page = queries.by_list(clearance.owner, None, list_name=clearance.list_name, after=clearance.after, limit=PAGE)
    _delete(clearance, page.rows)
    if page.next_after is not None:
        _enqueue(replace(clearance, after=page.next_after))


def _as_first_asked(clearance: Clearance, at_once: bool, key: str) -> tuple[Clearance, bool]:
    """What the first request with this key asked for, and whether it was done at once."""
    partition, sk = ids.partition_of(clearance.owner), f"clearing#{key}"
    stated: dict[str, Any] = {
        "list": {"S": clearance.list_name}, "asked_at": {"S": clearance.asked_at}, "at_once": {"BOOL": at_once},
    }  # fmt: skip
    if settings_table.put_new({**settings_table.key(partition, sk), **stated}):
        return clearance, at_once
    first: Any = settings_table.find(partition, sk)
    if first["list"]["S"] != clearance.list_name:
        raise execute.KeyReused
    return replace(clearance, asked_at=first["asked_at"]["S"]), first["at_once"]["BOOL"]


def _delete(clearance: Clearance, rows: Iterable[queries.TodoRow]) -> dict[str, int]:
    """Delete each todo, unless its newest state is in another list by now; the versions of those that were."""

    def delete(todo_id: str) -> tuple[str, int] | None:
        request = execute.CommandRequest(
            owner=clearance.owner,
            todo_id=todo_id,
            command=Delete(only_in=clearance.list_name),
            actor=clearance.actor,
            correlation_id=clearance.correlation_id,
        )
        try:
            event, appended = execute.execute(request)
        except TodoIsDeleted:
            return None
        return (todo_id, event.version) if appended else None

    meant = [row.todo_id for row in rows if row.todo["created_at"] <= clearance.asked_at]
    with ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
        # A failure is raised here, after the others of the page were done.
        return dict(filter(None, pool.map(delete, meant)))


def _enqueue(clearance: Clearance) -> None:
    sqs().send_message(QueueUrl=settings.clear_queue_url(), MessageBody=json.dumps(asdict(clearance)))
