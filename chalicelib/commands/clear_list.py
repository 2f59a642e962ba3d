"""Clearing a list: the todos that the views show in it are deleted, each at the version that they show.

Up to a page of todos the set is their ids and versions; of a long list it is a cut (`chalicelib.views.cuts`), and a
queue's worker deletes page by page. A todo that was edited, reminded of or moved meanwhile is at another version, and
stays. docs/exactly-once.md explains why a repeat, and a message that comes twice, delete nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.aws import settings_table
from chalicelib.commands import execute, list_queue, list_records, operations
from chalicelib.commands.list_operation import (
    PAGE,
    Failure,
    ListOperation,
    ListUnfinished,
    change_each,
    raise_first,
)
from chalicelib.commands.list_queue import Work
from chalicelib.commands.list_records import Record
from chalicelib.todos import ids
from chalicelib.todos.decide import Delete, TodoIsDeleted, TodoNotFound, VersionMismatch
from chalicelib.todos.errors import Poison
from chalicelib.views import current, cuts

_REBUILT = (
    "The views were rebuilt since the list was to be cleared, so that it is not known any more which of its todos were "
    "meant. What was deleted stays deleted; the others stay. To clear what the list has now, send a new key."
)


@dataclass(frozen=True, slots=True)
class Cleared:
    """The result of a request.

    Attributes
    ----------
    operation : str, optional
        What the deletions are part of, as the first request with the key had it.
    versions : dict of str to int, optional
        By id, versions of which the views show that the todos are cleared; None when the queue's worker deletes them.
    """

    operation: str | None
    versions: dict[str, int] | None = None


def clear(
    owner: ids.Owner,
    list_name: str,
    *,
    actor: str,
    correlation_id: str | None,
    key: str | None = None,
    client: str | None = None,
    operation: str | None = None,
) -> Cleared:
    """Delete the todos that the views show in a list.

    Parameters
    ----------
    key : str, optional
        An idempotency key: a repeat deletes what the first request meant, and nothing that has come since.
    operation : str, optional
        What the deletions are part of; without one they are an operation of their own.

    Raises
    ------
    KeyReused
        The key was used before, to do something else.
    ListUnfinished
        Some todos cannot be deleted, or what the key stands for is not known any more.
    Unavailable
    """
    operation_id = ids.new_uuid()
    clearing = ListOperation(
        owner,
        list_name,
        actor,
        correlation_id,
        operation_id,
        record=None if key is None else list_records.key_of(key, operation_id),
        client=client,
        operation=operation or ids.mint_operation(operation_id),
    )
    record = list_records.find(clearing)
    is_repeat = record is not None
    record = record or _recorded(clearing)
    clearing = replace(clearing, operation=record.operation)
    if record.todos is not None:
        if not record.is_done:
            _, failures = change_each(record.todos, lambda *todo: _delete(clearing, *todo))
            raise_first(failures)
            list_records.finish(clearing)
        # Of a todo that stayed the next version is another's.
        return Cleared(record.operation, {todo_id: version + 1 for todo_id, version in record.todos})
    assert record.cut is not None
    if not record.is_done:
        if is_repeat and not current.is_current(record.cut.table):
            raise ListUnfinished(_REBUILT)
        operations.begin_work(clearing.partition, clearing.operation, record.operation_id)
        list_queue.send(Work(replace(clearing, operation_id=record.operation_id), record.cut))
    return Cleared(record.operation)


def resume(work: Work) -> list[Failure]:
    """Clear the page that a message names, and send on what is left; repeating it does no harm.

    Returns
    -------
    list of Failure
        The todos that could not be deleted. If one of them may be deleted later, nothing was sent on.

    Raises
    ------
    Poison
        The views were rebuilt since the message was sent.
    Unavailable
    """
    operation = work.operation
    if work.todos is not None:
        return change_each(work.todos, lambda *todo: _delete(operation, *todo))[1]
    if operation.record is not None and list_records.is_done(operation.partition, operation.record):
        return []
    # The revisions of another table say nothing about this cut. The page is read from the cut's own table, whatever
    # the pointer names by then: what that has at the version of the ledger is as it was.
    if not current.is_current(work.cut.table):
        operations.end_work(operation.partition, operation.operation, operation.operation_id)
        raise Poison(f"list {operation.list_name!r}: {_REBUILT}")
    page = cuts.list_page(work.cut.table, operation.owner, operation.list_name, after=work.after, limit=PAGE)
    meant = [(todo.todo_id, todo.version) for todo in page.todos if work.cut.has(todo)]
    _, failures = change_each(meant, lambda *todo: _delete(operation, *todo))
    if not any(failure.is_transient for failure in failures):
        if page.next_after is None:
            operations.end_work(operation.partition, operation.operation, operation.operation_id)
            list_records.finish(operation)
        else:
            list_queue.send(replace(work, after=page.next_after))
    return failures


def _recorded(operation: ListOperation) -> Record:
    """What the list has, recorded under the key if there is one; a twin of this request may have been faster."""
    cut = cuts.read_cut(operation.owner)
    page = cuts.list_page(cut.table, operation.owner, operation.list_name, after=None, limit=PAGE)
    at_once = page.next_after is None
    record = Record(
        operation.operation_id,
        at_once,
        todos=tuple((todo.todo_id, todo.version) for todo in page.todos) if at_once else None,
        cut=None if at_once else cut.covering(page.todos),
        operation=operation.operation,
    )
    if operation.record is None or settings_table.put_new(list_records.item_of(operation, record)):
        return record
    first = list_records.find(operation)
    assert first is not None, "the record was there a moment ago, and lives for days"
    return first


def _delete(operation: ListOperation, todo_id: str, version: int) -> int | None:
    try:
        event, _ = execute.execute(operation.command(todo_id, version, Delete()))
    except (TodoIsDeleted, TodoNotFound, VersionMismatch):
        # It was changed since; or the views show what the ledger, restored to an earlier time, does not have.
        return None
    return event.version
