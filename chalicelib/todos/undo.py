"""The undo of an operation: which fields go back, or come back, which stay, and why.

Pure: what is decided rests on the streams as they were read, and is decided again when another writer was faster.
docs/exactly-once.md ("Undo") has the rules, and what goes wrong with simpler ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.todos import decide
from chalicelib.todos.content import InvalidContent
from chalicelib.todos.decide import Decision, same
from chalicelib.todos.events import CONTENT_FIELDS, DELETED, OFF, RESTORED, REVERTED, Change
from chalicelib.todos.standing_writes import ABSENT, EXISTS, MEMBER, METADATA, NEVER, StandingWrites

COMPLETED: Final = "completed"

# Why something stays as it is.
CHANGED_SINCE: Final = "changed_since"
USED_BY_OTHERS: Final = "used_by_others"
NEXT_OCCURRENCE: Final = "next_occurrence"
INVALID: Final = "invalid"
MOVED_ON: Final = "moved_on"


@dataclass(frozen=True, slots=True)
class Conflict:
    """What an undo leaves as it is.

    Attributes
    ----------
    field : str, optional
        A field of the todo, ``metadata/{name}``, or ``exists``; None if nothing of the todo is changed.
    reason : str
        `CHANGED_SINCE`: another wrote it later. `USED_BY_OTHERS`: the todo would cease to exist, and others have
        written to it. `NEXT_OCCURRENCE`: a completion and the next occurrence that it made go together, and one of them
        stays. `INVALID`: the result would break the bounds of a todo. `MOVED_ON`: the todo is not at the version that
        the caller expects.
    stays, wanted
        Its value, and the one that the undo would have given it; None for an unset field, and without a field.
    """

    field: str | None
    reason: str
    stays: Any = None
    wanted: Any = None
    detail: str | None = None


@dataclass(slots=True)
class Outcome:
    """What an undo does to a todo.

    Attributes
    ----------
    version : int
        Of the todo's newest event, which this rests on.
    exists : bool
        Whether there is the todo now.
    values : dict
        By field, the values that change.
    alike : set of str
        The fields that are switched and keep their value: for them alone, there is an event that changes nothing.
    left : set of str
        The fields that do not get the value that the undo wants.
    unowned : set of str
        The fields that nobody else ever gave a value: they go with the todo, and stay with it.
    is_done : bool
        Whether this undo has its event already, so that it changes nothing; conflicts are those of what is left.
    """

    version: int
    exists: bool
    values: dict[str, Any] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    alike: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    unowned: set[str] = field(default_factory=set)
    is_done: bool = False

    @property
    def has_event(self) -> bool:
        """Whether an event is to be made of the todo."""
        return bool(self.values or self.alike)

    def leave(self, conflict: Conflict) -> None:
        """Let a field stay as it is; the whole todo if the conflict names none."""
        if conflict.field is None:
            self.conflicts.clear()
            self.alike.clear()
        self.left.update(self.values if conflict.field is None else [conflict.field])
        for name in self.left:
            self.values.pop(name, None)
        self.conflicts.append(conflict)

    def reaches(self, name: str) -> bool:
        """Whether a field has, or gets, the value that the undo wants, by the operation's own writes."""
        if name in self.unowned:
            return not (self.exists if self.is_done else self.values.get(EXISTS, self.exists))
        return name not in self.left and not (self.is_done and name in self.values)


# Says what keeps a decision from being an event of the stream, or None.
Check = Callable[[StandingWrites, Decision], str | None]


def switch(
    streams: Mapping[str, StandingWrites],
    undo: str,
    direction: str,
    *,
    expect: Mapping[str, int] | None = None,
    check: Check = lambda stream, decision: None,
) -> dict[str, Outcome]:
    """What an undo does to todos, by id; those that are a completion's and its next occurrence's must be together.

    Parameters
    ----------
    streams : mapping of str to StandingWrites
        By id, as the operation that is undone, or brought back, looks at them.
    undo : str
        The operation that the undo's own events are part of.
    direction : str
        `OFF` or `ON`.
    expect : mapping of str to int, optional
        The versions of the todos that may be changed.
    """
    found = {todo_id: _proposed(stream, undo, direction) for todo_id, stream in streams.items()}
    for todo_id, outcome in found.items():
        if expect is not None and not outcome.is_done and expect.get(todo_id) != outcome.version:
            outcome.leave(Conflict(None, MOVED_ON))
    pairs = sorted(set(_pairs(streams)))
    while _leave_invalid(streams, found, check) or _leave_apart(streams, found, pairs):
        pass
    for outcome in found.values():
        if outcome.is_done:
            outcome.left.update(outcome.values)
            outcome.values.clear()
            outcome.alike.clear()
    return found


def decision_of(stream: StandingWrites, values: Mapping[str, Any]) -> Decision:
    """The event that gives a todo these values.

    No type but these three: a `TodoCompleted`, for one, would make a next occurrence.
    """
    exists = values.get(EXISTS, stream.values[EXISTS])
    kind = DELETED if not exists else REVERTED if stream.values[EXISTS] else RESTORED
    return Decision(kind, _change_of(stream, values))


def _proposed(stream: StandingWrites, undo: str, direction: str) -> Outcome:
    """What the rules for each field say, and nothing else."""
    outcome = Outcome(stream.version, exists=stream.values[EXISTS])
    for name, own in stream.fields():
        newest = own.version
        of_others = stream.newest_of_others(name)
        base = of_others if of_others.version < newest else stream.newest_of_others(name, before=newest)
        now, wanted = stream.values.get(name, ABSENT), base.value if direction == OFF else own.value
        if same(now, wanted):
            if stream.makes_no_difference(name, direction):
                outcome.alike.add(name)
            elif (
                of_others.version > newest
                and of_others.operation is not None
                and not stream.is_switched(name, direction)
            ):
                # Another's write hides it, and may be taken back: then it would be seen again.
                outcome.left.add(name)
        elif direction == OFF and base.version == NEVER and name != EXISTS:
            outcome.unowned.add(name)
        elif of_others.version > newest:
            outcome.leave(_stays(name, CHANGED_SINCE, now, wanted))
        elif (
            name == EXISTS
            and not wanted
            and stream.is_written_by_others_after(base.version if direction == OFF else newest)
        ):
            outcome.leave(_stays(name, USED_BY_OTHERS, now, wanted))
        else:
            outcome.values[name] = wanted
    outcome.is_done = stream.undone_by.get(undo, NEVER) > stream.last
    return outcome


def _stays(name: str, reason: str, now: object, wanted: object) -> Conflict:
    stays, other = (None if each is ABSENT else each for each in (now, wanted))
    return Conflict(name, reason, stays, other)


def _pairs(streams: Mapping[str, StandingWrites]) -> Iterable[tuple[str, str]]:
    """The todos of which the operation completed one, or reopened it, and so made or deleted the other."""
    for todo_id, stream in streams.items():
        for link in stream.links:
            following = streams.get(link.next_id)
            if following is None or following.caused.get(link.version) != link.event_id:
                continue
            if link.version in following.flips:
                yield todo_id, link.next_id


def _leave_apart(
    streams: Mapping[str, StandingWrites], found: Mapping[str, Outcome], pairs: Iterable[tuple[str, str]]
) -> bool:
    """Let both of a pair stay if one does; whether that changed anything."""
    is_changed = False
    for todo_id, next_id in pairs:
        completed, following = found[todo_id], found[next_id]
        for this, name, that, other in (
            (completed, COMPLETED, following, EXISTS),
            (following, EXISTS, completed, COMPLETED),
        ):
            if name in this.values and not that.reaches(other):
                this.leave(_stays(name, NEXT_OCCURRENCE, not this.values[name], this.values[name]))
                is_changed = True
        if following.values and not following.reaches(EXISTS) and streams[next_id].is_only_caused:
            # What the completion gave it stays with it.
            following.left.update(following.values)
            following.values.clear()
            is_changed = True
    return is_changed


def _leave_invalid(streams: Mapping[str, StandingWrites], found: Mapping[str, Outcome], check: Check) -> bool:
    """Let each todo stay that would not be one any more; whether that changed anything."""
    is_changed = False
    for todo_id, outcome in found.items():
        if outcome.values:
            stream = streams[todo_id]
            decision = decision_of(stream, outcome.values)
            error = _content_error(stream, decision.change) or check(stream, decision)
            if error is not None:
                outcome.leave(Conflict(None, INVALID, detail=error))
                is_changed = True
    return is_changed


def _content_error(stream: StandingWrites, change: Change) -> str | None:
    assert stream.head is not None
    before = {name: value for name, value in decide.content_of(stream.head.state).items() if value is not None}
    after = {name: value for name, value in {**before, **change}.items() if value is not None}
    try:
        decide.validated(after, before, change.keys())
    except InvalidContent as invalid:
        return "; ".join(f"{error.pointer}: {error.detail}" for error in invalid.errors)
    return None


def _change_of(stream: StandingWrites, values: Mapping[str, Any]) -> Change:
    """The fields of an event's change that give these values."""
    change = {name: value for name, value in values.items() if name in CONTENT_FIELDS and name != METADATA}
    if any(name == METADATA or name.startswith(MEMBER) for name in values):
        after = {**stream.values, **values}
        members = {
            name.removeprefix(MEMBER): value
            for name, value in after.items()
            if name.startswith(MEMBER) and value is not ABSENT
        }
        change[METADATA] = members or ({} if after[METADATA] else None)
    return change
