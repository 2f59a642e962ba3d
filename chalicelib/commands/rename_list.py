"""Renaming a list: each of its todos is moved by its own event, in passes, until a pass finds none that is new.

A pass walks through the list by a cut (`chalicelib.views.cuts`) and moves each todo at the version that the views show,
or at its newest one if it never left the list in between. What it finds newer than its cut, or than the cut before, is
the next pass's; no pass begins once the operation's record says that it is done. An event has the operation's id as its
idempotency key, so that a todo that is put back into the old list is not moved again. docs/exactly-once.md has why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from chalicelib.aws import settings_table
from chalicelib.aws.retry import back_off
from chalicelib.commands import execute, list_queue, list_records, named_lists, operations
from chalicelib.commands.list_operation import PAGE, Failure, ListOperation, TodoAt, change_each, raise_first
from chalicelib.commands.list_queue import NO_REVISION, Pass, Work
from chalicelib.commands.list_records import Record
from chalicelib.ledger import ledger
from chalicelib.todos import ids
from chalicelib.todos.decide import Move, NotInList, TodoIsDeleted, TodoNotFound, VersionMismatch
from chalicelib.todos.errors import Poison, Unavailable
from chalicelib.views import current, cuts
from chalicelib.views.cuts import Cut

# Each takes what came, or was changed, during the one before. Only a program could keep that up for longer.
MAX_PASSES: Final = 9
# A row lags behind its todo by the events of a moment. One that is further behind is met again by the next pass.
MAX_EVENTS_BEHIND: Final = 100
# One that is followed by more is met again by the next pass, too.
MAX_BYTES_BEHIND: Final = 1024 * 1024
MAX_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Renamed:
    """The result of a request.

    Attributes
    ----------
    at_once : bool
        Whether the todos were moved at once; if not, a queue's worker moves them.
    moved : int
        How many were.
    versions : dict of str to int, optional
        The versions at which the todos were moved, by id; None for a repeat, which does not know them.
    operation : str, optional
        What the moves are part of, as the first request with the key had it.
    """

    at_once: bool
    moved: int = 0
    versions: dict[str, int] | None = None
    operation: str | None = None


def rename(
    owner: ids.Owner,
    list_name: str,
    to_list: str,
    *,
    actor: str,
    correlation_id: str | None,
    key: str | None = None,
    client: str | None = None,
    operation: str | None = None,
) -> Renamed:
    """Move the todos that the views show in a list to another, which may have todos already; a kept name moves, too.

    Parameters
    ----------
    operation : str, optional
        What the moves are part of; without one they are an operation of their own.

    Raises
    ------
    KeyReused
        The key was used before, to do something else.
    ListUnfinished
        Some todos cannot be moved; the others were.
    Unavailable
    """
    new_id = ids.new_uuid()
    renaming = ListOperation(
        owner,
        list_name,
        actor,
        correlation_id,
        new_id,
        to_list,
        record=list_records.key_of(key, new_id),
        client=client,
        operation=operation or ids.mint_operation(new_id),
    )
    earlier = list_records.find(renaming)
    record = earlier or _recorded(renaming)
    renaming = replace(renaming, operation_id=record.operation_id, operation=record.operation)
    if record.is_done:
        return Renamed(record.at_once, record.moved, operation=record.operation)
    if record.at_once:
        renamed = _rename_at_once(renaming)
        return renamed if earlier is None else replace(renamed, versions=None)
    first = _begin_pass(renaming, Pass())
    if first is not None:
        operations.begin_work(renaming.partition, renaming.operation, renaming.operation_id)
        list_queue.send(first)
    return Renamed(at_once=False, operation=record.operation)


def resume(work: Work) -> list[Failure]:
    """Move the todos of the page that a message names, and send on what is left; repeating it does no harm.

    Returns
    -------
    list of Failure
        The todos that could not be moved. If one of them may be moved later, nothing was sent on.

    Raises
    ------
    Poison
        The operation's record is gone, so that nobody knows whether it is done.
    Unavailable
    """
    operation = work.operation
    if work.todos is not None:
        return change_each(work.todos, lambda *todo: _move(operation, *todo))[1]
    if _is_done(operation):
        return []
    step = _walk_page(work)
    if not any(failure.is_transient for failure in step.failures):
        following = step.following or _next_pass(step)
        if following is None:
            operations.end_work(operation.partition, operation.operation, operation.operation_id)
            list_records.finish(operation, step.renaming.moved)
        else:
            list_queue.send(following)
    return step.failures


def _recorded(operation: ListOperation) -> Record:
    """The operation recorded, in one transaction with what becomes of the old list's kept name."""
    assert operation.to_list is not None
    name, to = operation.list_name, operation.to_list
    cut = cuts.read_cut(operation.owner)
    page = cuts.list_page(cut.table, operation.owner, name, after=None, limit=PAGE)
    at_once = name == to or page.next_after is None
    record = Record(operation.operation_id, at_once, operation=operation.operation)
    put = settings_table.put(list_records.item_of(operation, record))
    for attempt in range(1, MAX_TRIES + 1):
        failed = settings_table.transact([put, *named_lists.writes_of_renaming(operation.partition, name, to)])
        if not any(failed):
            return record
        if failed[0]:
            # A twin of this request was faster, or an earlier try of this very write.
            first = list_records.find(operation)
            assert first is not None, "the record was there a moment ago, and lives for days"
            return first
        back_off(attempt)
    raise Unavailable("the list's name is being changed by others")


def _rename_at_once(operation: ListOperation) -> Renamed:
    """Pass after pass by this request; what has become too long for it meanwhile is left to the queue."""
    versions: dict[str, int] = {}
    handled: set[TodoAt] = set()
    work = None if operation.to_list == operation.list_name else _begin_pass(operation, Pass())
    while work is not None:
        step = _walk_page(work, handled)
        raise_first(step.failures)
        versions |= step.versions
        if step.following is not None:
            rest = replace(step.following, renaming=replace(step.renaming, moved=len(versions)))
            operations.begin_work(operation.partition, operation.operation, operation.operation_id)
            list_queue.send(rest)
            return Renamed(at_once=True, moved=len(versions), versions=versions, operation=operation.operation)
        work = _next_pass(step)
    list_records.finish(operation, len(versions))
    done = list_records.find(operation)
    moved = len(versions) if done is None else done.moved
    return Renamed(at_once=True, moved=moved, versions=versions, operation=operation.operation)


@dataclass(frozen=True, slots=True)
class _Step:
    """What came of a page: the pass as it is then, and the rest of it as work; None at its end."""

    work: Work
    renaming: Pass
    versions: dict[str, int]
    failures: list[Failure]
    following: Work | None


def _walk_page(work: Work, handled: set[TodoAt] | None = None) -> _Step:
    """Move the todos of a page; those in `handled` are not tried again, and those that are tried are added to it."""
    operation, this = work.operation, work.renaming
    assert this is not None
    if not current.is_current(work.cut.table):
        # The views were rebuilt: this pass ends here, and all that the new table shows is new to the next one.
        return _Step(work, replace(this, found_new=True), {}, [], None)
    page = cuts.list_page(work.cut.table, operation.owner, operation.list_name, after=work.after, limit=PAGE)
    found_new = this.found_new or any(todo.revision > this.before for todo in page.todos)
    handled = set() if handled is None else handled
    meant = [(todo.todo_id, todo.version) for todo in page.todos if work.cut.has(todo)]
    meant = [todo for todo in meant if todo not in handled]
    handled.update(meant)
    versions, failures = change_each(meant, lambda *todo: _move(operation, *todo))
    after_it = replace(this, found_new=found_new)
    following = None if page.next_after is None else Work(operation, work.cut, after=page.next_after, renaming=after_it)
    return _Step(work, after_it, versions, failures, following)


def _next_pass(step: _Step) -> Work | None:
    """The pass that follows one at its end; None if that was the last."""
    this = step.renaming
    if not this.found_new or this.number == MAX_PASSES:
        return None
    return _begin_pass(step.work.operation, Pass(this.number + 1, moved=this.moved), step.work.cut)


def _begin_pass(operation: ListOperation, this: Pass, cut_before: Cut | None = None) -> Work | None:
    """A pass with a new cut; None if the operation is done, as another that works on it has found."""
    cut = cuts.read_cut(operation.owner)
    # In this order: the cut is then older than the end, and has nothing that came after that.
    if _is_done(operation):
        return None
    before = cut_before.revision if cut_before is not None and cut_before.table == cut.table else NO_REVISION
    return Work(operation, cut, renaming=replace(this, before=before))


def _is_done(operation: ListOperation) -> bool:
    assert operation.record is not None
    done = list_records.is_done(operation.partition, operation.record)
    if done is None:
        raise Poison(
            f"list {operation.list_name!r}: the record of its renaming has expired, so that it is not known any more "
            "whether that is done; rename the list again if it still has todos"
        )
    return done


def _move(operation: ListOperation, todo_id: str, version: int) -> int | None:
    """Move a todo that was in the list at this version, as long as it never left; the version that moved it."""
    assert operation.to_list is not None
    command = Move(operation.list_name, operation.to_list)
    for attempt in range(1, MAX_TRIES + 1):
        request = replace(
            operation.command(todo_id, version, command),
            idempotency_key=operation.operation_id,
            request_hash=execute.request_hash("rename", todo_id, [operation.list_name, operation.to_list]),
        )
        try:
            event, _ = execute.execute(request)
        except VersionMismatch:
            newest = _newest_if_it_stayed(operation, todo_id, version)
            if newest is None:
                return None
            version = newest
        except (NotInList, TodoIsDeleted, TodoNotFound):
            return None
        else:
            return event.version
        back_off(attempt)
    raise execute.TooContended


def _newest_if_it_stayed(operation: ListOperation, todo_id: str, version: int) -> int | None:
    """A todo's newest version, if it was in the list at every version since this one."""
    newest = execute.current(operation.owner, todo_id)
    behind = 0 if newest is None else newest.version - version
    if newest is None or not 0 < behind <= MAX_EVENTS_BEHIND:
        return None
    since, _ = ledger.history_within(newest.stream_id, version, behind, MAX_BYTES_BEHIND)
    stayed = all(event.state["list"] == operation.list_name and not event.state["deleted"] for event in since)
    return newest.version if stayed and len(since) == behind else None
