"""The writing of an undo: units in transactions, each on condition that nothing that it rests on has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from chalicelib.aws.retry import back_off
from chalicelib.commands.execute import MAX_TRIES, TooContended
from chalicelib.commands.undo import records
from chalicelib.commands.undo.records import TodoConflict, Undo
from chalicelib.commands.undo.units import Asked, Reader, Unit, event_of
from chalicelib.ledger import ledger
from chalicelib.ledger.errors import LedgerUnavailable, VersionTaken
from chalicelib.todos import ids, instants
from chalicelib.todos.events import Event
from chalicelib.todos.undo import Outcome, decision_of

# Events of a transaction: few enough to be decided again when one of their todos was changed meanwhile.
GROUP: Final = 25


@dataclass(frozen=True, slots=True)
class Settled:
    """A todo, as the undo leaves it.

    Attributes
    ----------
    version : int
        Of its newest event; of this undo's event if `is_changed`.
    first : int
        The version of the operation's oldest event.
    """

    todo: str
    version: int
    first: int
    is_changed: bool
    conflict: TodoConflict | None


def settle(asked: Asked, undo: Undo, todo_ids: Iterable[str]) -> list[Settled]:
    """Undo an operation in these todos, and in those that go with them; what is done already stays.

    Raises
    ------
    NoLongerWanted
        The undo is done, or not in force any more.
    TooContended
    LedgerUnavailable
    """
    settled: list[Settled] = []
    for group in _groups(asked, Reader(asked).units(todo_ids)):
        settled += _settle(asked, undo, group)
    return settled


def _groups(asked: Asked, units: Iterable[Unit]) -> Iterator[list[Unit]]:
    group: list[Unit] = []
    size = 0
    for unit in units:
        if group and size + len(unit.streams) > GROUP:
            yield group
            group, size = [], 0
        group.append(unit)
        size += len(unit.streams)
    if group:
        yield group


def _settle(asked: Asked, undo: Undo, group: Sequence[Unit]) -> list[Settled]:
    is_unclear = False
    for attempt in range(1, MAX_TRIES + 1):
        decided = [(unit, unit.outcomes(asked)) for unit in group]
        try:
            written = _write(asked, undo, decided)
        except LedgerUnavailable:
            # Perhaps only the answer was lost; what was written then is found as done.
            if is_unclear:
                raise
            is_unclear = True
        except VersionTaken:
            if len(group) > 1:
                # A todo that others change all the time delays no other.
                return [each for unit in _read_again(asked, group) for each in _settle(asked, undo, [unit])]
        else:
            return [
                _settled(todo_id, unit, outcome, written)
                for unit, outcomes in decided
                for todo_id, outcome in outcomes.items()
            ]
        back_off(attempt)
        group = _read_again(asked, group)
    raise TooContended


def _read_again(asked: Asked, group: Sequence[Unit]) -> list[Unit]:
    return Reader(asked).units(todo_id for unit in group for todo_id in unit.streams)


def _write(asked: Asked, undo: Undo, decided: Sequence[tuple[Unit, dict[str, Outcome]]]) -> set[str]:
    """Append the events of some units; returns the todos that have got one."""
    group: list[Event] = []
    free: list[tuple[str, int]] = []
    written: set[str] = set()
    for unit, outcomes in decided:
        events = list(_events(undo, unit, outcomes))
        if events:
            group += events
            written.update(todo_id for todo_id, outcome in outcomes.items() if outcome.has_event)
            # What the decision on one rests on must be as it was, too. A stream that is empty may be about to begin: a
            # reader may see the completion already, and not yet the next occurrence of the same transaction.
            free += [
                (ids.stream_id(asked.partition, todo_id), stream.version + 1)
                for todo_id, stream in unit.streams.items()
                if not outcomes[todo_id].has_event
            ]
    if group and ledger.append_together(group, free, [records.in_force(asked.partition, undo)]):
        raise VersionTaken
    return written


def _events(undo: Undo, unit: Unit, outcomes: dict[str, Outcome]) -> Iterator[Event]:
    """The events of a unit, all at one instant that is later than any that they follow."""
    newest = max((stream.head.occurred_at for stream in unit.streams.values() if stream.head), default=None)
    at = instants.instant_after(newest)
    for todo_id, outcome in outcomes.items():
        if outcome.has_event:
            yield event_of(
                unit.streams[todo_id],
                decision_of(unit.streams[todo_id], outcome.values),
                at,
                event_id=ids.new_uuid(),
                actor=undo.actor,
                client=undo.client,
                operation=undo.undo,
                undoes=undo.undoes,
                direction=undo.direction,
                correlation_id=undo.correlation_id,
            )


def _settled(todo_id: str, unit: Unit, outcome: Outcome, written: set[str]) -> Settled:
    version = outcome.version + (todo_id in written)
    conflicts = tuple(map(records.shortened, outcome.conflicts))
    conflict = TodoConflict(todo_id, version, conflicts) if conflicts else None
    stream = unit.streams[todo_id]
    return Settled(todo_id, version, stream.first, todo_id in written or outcome.is_done, conflict)
