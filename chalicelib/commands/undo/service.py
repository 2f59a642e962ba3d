"""Undoing an operation, looking at what that would do, and asking how far it got.

What an operation has changed is taken back by an undo, which is an operation of its own: undone itself, it brings the
changes back. One undo of an operation is in force at a time; whoever asks for the same again joins it. Up to
`AT_ONCE_TODOS` todos are done by the request, more by the queue's worker, page by page. docs/exactly-once.md ("Undo")
explains why it may run twice at once, die anywhere, or be handed over late.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from chalicelib.aws.retry import back_off
from chalicelib.commands import operations
from chalicelib.commands.execute import MAX_TRIES, TooContended
from chalicelib.commands.undo import messages, records
from chalicelib.commands.undo.records import Progress, State, Undo
from chalicelib.commands.undo.results import Preview, Status, TodoPreview, Undone
from chalicelib.commands.undo.units import Asked, Reader
from chalicelib.commands.undo.writing import Settled, settle
from chalicelib.ledger import operation_index
from chalicelib.ledger.errors import NoLongerWanted
from chalicelib.ledger.operation_index import Found
from chalicelib.todos import ids
from chalicelib.todos.errors import Permanent, Poison, Transient
from chalicelib.todos.events import HIDDEN_FIELDS, OFF
from chalicelib.todos.ids import Owner, Partition
from chalicelib.todos.undo import decision_of

# What one request does itself; each todo's stream is read, and written once.
AT_ONCE_TODOS: Final = 200
AT_ONCE_EVENTS: Final = 2000
# The events of an operation that one message goes through.
PAGE: Final = 200
# An operation that never ends does not keep its undo from ending: who asks again covers the rest.
MAX_ROUNDS: Final = 3
# How many conflicts an answer has.
SHOWN_CONFLICTS: Final = 100


class OperationNotFound(Permanent):
    """The owner has no such operation."""


class OperationRunning(Transient):
    """The operation is not finished: the queue clears or renames a list as part of it, or an undo of it runs."""


class Overtaken(Transient):
    """Another worker did the same page, and was faster; it may have died before it sent on what is left."""


class ExpectsTooMuch(Permanent):
    """The versions of so many todos cannot be expected."""


@dataclass(frozen=True, slots=True)
class _Target:
    """What to undo an operation means.

    Attributes
    ----------
    own : Undo, optional
        The operation itself, if it is an undo.
    item : mapping
        The item of the operation whose changes are switched.
    """

    partition: Partition
    operation: str
    undoes: str
    direction: str
    own: Undo | None
    item: Mapping[str, Any]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(operations.index_keys(self.partition, self.undoes, self.item))

    @property
    def state(self) -> State | None:
        return records.state_of(self.item)

    @property
    def is_running(self) -> bool:
        """Whether something works on it that is not the undo that is meant."""
        state = self.state
        return operations.is_worked_on(self.item) or (
            state is not None and not state.is_done and state.direction != self.direction
        )

    def asked(self, undo: str, expect: Mapping[str, int] | None = None) -> Asked:
        return Asked(self.partition, self.undoes, undo, self.direction, self.keys, expect)


def undo(
    owner: Owner,
    operation: str,
    *,
    actor: str,
    client: str | None = None,
    correlation_id: str | None = None,
    expect: Mapping[str, int] | None = None,
) -> Undone:
    """Take back what an operation changed, or bring back what an undo took; a repeat joins the same undo.

    Parameters
    ----------
    expect : mapping of str to int, optional
        By id, the versions of the todos that may be changed (`TodoPreview.version`); whatever else is at another
        version stays, as a conflict.

    Raises
    ------
    OperationNotFound, OperationRunning
    ExpectsTooMuch
        `expect` is given, and the operation is one for the queue.
    TooContended, Unavailable
        What was done stays done; the same may be asked again.
    """
    target = _target(owner, operation)
    found = list(islice(operation_index.every(target.keys), AT_ONCE_EVENTS + 1))
    at_once = len(found) <= AT_ONCE_EVENTS and len({stream for _, stream, _ in found}) <= AT_ONCE_TODOS
    if expect is not None and not at_once:
        raise ExpectsTooMuch
    this, progress = _join_or_claim(target, actor=actor, client=client, correlation_id=correlation_id)
    if not at_once or progress != Progress():
        messages.send(owner, this.undo)
        return _reported(target, this)
    return _run(target, this, found, expect)


def preview(
    owner: Owner,
    operation: str,
    *,
    after: str | None = None,
    limit: int = 50,
    expect: Mapping[str, int] | None = None,
) -> Preview:
    """What an undo would do, page by page; nothing is written.

    Parameters
    ----------
    after : str, optional
        `Preview.next_after` of the page before.
    limit : int
        At most so many of the operation's events are looked at; a todo is in the page of its first one.
    expect : mapping of str to int, optional
        As an undo takes it.

    Raises
    ------
    OperationNotFound, Unavailable
    """
    target = _target(owner, operation)
    state = target.state
    asked = target.asked(state.undo if state is not None and state.direction == target.direction else "", expect)
    found = operation_index.page(asked.keys, after or "", limit + 1)
    rest, found = found[limit:], found[:limit]
    first = set(_firsts(found))
    shown = []
    for unit in Reader(asked).units(_todos_of(found)):
        for todo_id, outcome in unit.outcomes(asked).items():
            stream = unit.streams[todo_id]
            if (todo_id, stream.first) in first:
                decision = decision_of(stream, outcome.values) if outcome.has_event else None
                change = {} if decision is None else decision.change
                visible = {name: value for name, value in change.items() if name not in HIDDEN_FIELDS}
                kind = None if decision is None else decision.type
                conflicts = tuple(map(records.shortened, outcome.conflicts))
                shown.append(TodoPreview(todo_id, outcome.version, kind, visible, conflicts, outcome.is_done))
    return Preview(operation, target.undoes, target.direction, tuple(shown), found[-1][0] if rest else None)


def status(owner: Owner, operation: str) -> Status:
    """Whether an operation can be undone, and how far its undo got.

    Raises
    ------
    OperationNotFound, Unavailable
    """
    target = _target(owner, operation)
    state = target.state
    is_undone = state is not None and state.direction == target.direction
    in_force = None
    if state is not None:
        known = records.undo_of(operations.find(target.partition, state.undo), state.undo)
        in_force = None if known is None else _reported(target, known)
    return Status(
        operation,
        can_be_undone=not (is_undone or target.is_running),
        undoes=None if target.own is None else target.undoes,
        direction=None if target.own is None else target.own.direction,
        undo=in_force,
    )


def resume(owner: Owner, undo_operation: str) -> None:
    """Go through the next page of an undo, and send on what is left; repeating it does no harm.

    Raises
    ------
    Poison
        There is no such undo.
    Overtaken, TooContended, Unavailable
        The message must come again.
    """
    partition = ids.partition_of(owner)
    this = records.undo_of(operations.find(partition, undo_operation), undo_operation)
    if this is None:
        raise Poison(f"there is no undo {undo_operation!r}")
    target = _Target(partition, this.undoes, this.undoes, this.direction, None, operations.find(partition, this.undoes))
    state = target.state
    if state is None or state.undo != this.undo or state.is_done:
        return
    asked, before = target.asked(this.undo), state.progress
    found = operation_index.page(asked.keys, before.after, PAGE)
    try:
        settled = settle(asked, this, _todos_of(found))
    except NoLongerWanted:
        return
    after = _after_page(before, found, settled)
    is_done = False
    if len(found) < PAGE:
        is_done = before.round == MAX_ROUNDS or _counted(operation_index.every(asked.keys)) == (
            after.count,
            after.digest,
        )
        if not is_done:
            after = Progress(round=before.round + 1)
    at = {(todo_id, version) for todo_id, version in _firsts(found)}
    conflicts = [each.conflict for each in settled if each.conflict and (each.todo, each.first) in at]
    records.keep_conflicts(partition, this.undo, before.pages, conflicts)
    if not records.go_on(partition, this, before, after, is_done=is_done, by=ids.new_uuid()):
        now = records.state_of(operations.find(partition, this.undoes))
        if now is not None and now.undo == this.undo and not now.is_done:
            raise Overtaken(f"another worker got further with {this.undo}")
    elif not is_done:
        messages.send(owner, this.undo)


def _target(owner: Owner, operation: str) -> _Target:
    if not re.fullmatch(ids.OPERATION, operation):
        raise OperationNotFound
    partition = ids.partition_of(owner)
    item = operations.find(partition, operation)
    own = records.undo_of(item, operation)
    if own is not None:
        of_root = operations.find(partition, own.undoes)
        return _Target(partition, operation, own.undoes, records.opposite(own.direction), own, of_root)
    target = _Target(partition, operation, operation, OFF, None, item)
    if not operation_index.page(target.keys, "", 1):
        raise OperationNotFound
    return target


def _join_or_claim(
    target: _Target, *, actor: str, client: str | None, correlation_id: str | None
) -> tuple[Undo, Progress]:
    """The undo that is in force from now on, and how far it got before."""
    for attempt in range(1, MAX_TRIES + 1):
        if target.is_running:
            raise OperationRunning
        state = target.state
        if state is not None and state.direction == target.direction:
            # It was written together with the state that names it; but one may be visible a moment before the other.
            joined = records.undo_of(operations.find(target.partition, state.undo), state.undo)
            if joined is not None and not state.is_done:
                return joined, state.progress
            if joined is not None and records.run_again(target.partition, joined):
                return joined, Progress()
        else:
            operation = ids.mint_operation(ids.new_uuid())
            this = Undo(operation, target.undoes, target.direction, actor, client, correlation_id)
            if records.claim(target.partition, this, state):
                return this, Progress()
        back_off(attempt)
        target = replace(target, item=operations.find(target.partition, target.undoes))
    raise TooContended


def _run(target: _Target, this: Undo, found: Sequence[Found], expect: Mapping[str, int] | None) -> Undone:
    """All of an undo by this request."""
    asked = target.asked(this.undo, expect)
    progress = Progress()
    settled: list[Settled] = []
    for number in range(1, MAX_ROUNDS + 1):
        try:
            settled = settle(asked, this, _todos_of(sorted(found)))
        except NoLongerWanted:
            # Another request has finished it, and perhaps it was taken back since.
            return _reported(target, this)
        progress = _after_page(Progress(round=number), found, settled)
        again = list(operation_index.every(asked.keys))
        if _counted(again) == (progress.count, progress.digest):
            break
        found = again
    conflicts = tuple(each.conflict for each in settled if each.conflict)
    records.keep_conflicts(target.partition, this.undo, 0, conflicts)
    records.go_on(target.partition, this, Progress(), progress, is_done=True, by=ids.new_uuid())
    return Undone(
        target.operation,
        this.undoes,
        this.undo,
        this.direction,
        is_done=True,
        todos=progress.todos,
        changed=progress.changed,
        conflict_count=progress.conflicts,
        conflicts=conflicts[:SHOWN_CONFLICTS],
        versions={each.todo: each.version for each in settled if each.is_changed},
    )


def _reported(target: _Target, this: Undo) -> Undone:
    """What is known of an undo; of one that is not in force any more, what it was."""
    state = records.state_of(operations.find(target.partition, this.undoes))
    is_in_force = state is not None and state.undo == this.undo
    progress = state.progress if state is not None and is_in_force else Progress()
    return Undone(
        target.operation,
        this.undoes,
        this.undo,
        this.direction,
        is_done=state is None or not is_in_force or state.is_done,
        todos=progress.todos,
        changed=progress.changed,
        conflict_count=progress.conflicts,
        conflicts=records.conflicts_of(target.partition, this.undo, progress.pages, SHOWN_CONFLICTS),
        versions={},
    )


def _after_page(before: Progress, found: Sequence[Found], settled: Iterable[Settled]) -> Progress:
    """How far an undo got after one more page; each todo counts in the page of the operation's first event of it."""
    count, digest = _counted(found)
    at = set(_firsts(found))
    here = [each for each in settled if (each.todo, each.first) in at]
    return replace(
        before,
        after=found[-1][0] if found else before.after,
        pages=before.pages + 1,
        count=before.count + count,
        digest=f"{int(before.digest, 16) ^ int(digest, 16):x}",
        todos=before.todos + len(here),
        changed=before.changed + sum(each.is_changed for each in here),
        conflicts=before.conflicts + sum(each.conflict is not None for each in here),
    )


def _todos_of(found: Iterable[Found]) -> list[str]:
    return list(dict.fromkeys(ids.split_stream_id(stream)[1] for _, stream, _ in found))


def _firsts(found: Iterable[Found]) -> list[tuple[str, int]]:
    return [(ids.split_stream_id(stream)[1], version) for _, stream, version in found]


def _counted(found: Iterable[Found]) -> tuple[int, str]:
    """How many events, and their ids combined in a way that does not depend on their order."""
    count = digest = 0
    for event_id, _, _ in found:
        count += 1
        digest ^= int(event_id.replace("-", ""), 16)
    return count, f"{digest:x}"
