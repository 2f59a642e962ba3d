"""A todo's stream as standing writes: for each field, who wrote which values, and which of them an undo has taken back.

The fields are those that a client sets, each first-level member of `metadata` as one of its own, and `exists`. A field
has the value of its newest standing write. docs/exactly-once.md ("Undo") explains why nothing simpler is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.todos import ids
from chalicelib.todos.decide import same
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, ON, Change, Event

EXISTS: Final = "exists"
METADATA: Final = "metadata"
# Before the name of a member of `metadata`; `METADATA` itself is whether it is an object.
MEMBER: Final = "metadata/"
# Before everything: a todo that is not there yet.
NEVER: Final = 0


class _Absent:
    """The value of a member that `metadata` does not have."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


@dataclass(slots=True)
class Write:
    """One write of a field, or several in a row of one operation, which are always switched together.

    Attributes
    ----------
    version : int
        Of the newest of them; `NEVER` before the todo was there.
    operation : str, optional
        None for an event without one, which nothing can take back.
    """

    version: int
    operation: str | None
    value: Any
    stands: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """What an event of a todo did to the next occurrence: it wrote this version of that todo."""

    event_id: str
    next_id: str
    version: int


class StandingWrites:
    """The fold of a stream from its first event on, as one operation looks at it.

    Attributes
    ----------
    head : Event, optional
        The newest event so far.
    values : dict
        By field, the values after it. `METADATA` is whether there would be an object without its members.
    first, last : int
        The versions of the operation's oldest and newest events here, undos of it aside; `NEVER` if it has none.
    undone_by : dict of str to int
        The newest versions of the events that undo the operation or bring it back, by the operation they are part of.
    links : list of Link
        What the operation's own events did to the next occurrence.
    caused : dict of int to str
        By version, the operation's events that another todo's event caused, with that event's id.
    flips : set of int
        The versions at which the todo began or ceased to exist.
    is_only_caused : bool
        Whether another todo's events caused all that the operation did here.
    """

    def __init__(self, operation: str) -> None:
        self.operation = operation
        self.head: Event | None = None
        self.values: dict[str, Any] = {name: _flat(name, DEFAULTS[name]) for name in CONTENT_FIELDS} | {EXISTS: False}
        self.first = self.last = NEVER
        self.undone_by: dict[str, int] = {}
        self.links: list[Link] = []
        self.caused: dict[int, str] = {}
        self.flips: set[int] = set()
        self.is_only_caused = True
        self._maker: str | None = None
        self._writes = {name: [Write(NEVER, None, value)] for name, value in self.values.items()}

    @property
    def version(self) -> int:
        """The version of the newest event; 0 if there is none."""
        return 0 if self.head is None else self.head.version

    def follow(self, event: Event) -> None:
        """Take the next event of the stream."""
        stated = self._stated(event)
        if event.version == 1:
            self._maker = event.operation
        if event.undoes is None:
            self._note(event)
            for field, value in stated.items():
                self._append(field, Write(event.version, event.operation, value))
        else:
            self._switch(event, stated)
        self.values |= stated
        self.head = event

    def newest(self, field: str) -> Write | None:
        """The operation's newest write of a field, whether it stands or not."""
        return _newest_of(self._writes[field], self.operation)

    def newest_of_others(self, field: str, before: int | None = None) -> Write:
        """The newest standing write of a field by others than the operation; with `before`, before that version."""
        return _newest_of_others(self._writes[field], self.operation, before)

    def fields(self) -> Iterator[tuple[str, Write]]:
        """The fields that the operation wrote, each with its newest write."""
        for field in self._writes:
            if (newest := self.newest(field)) is not None:
                yield field, newest

    def is_written_by_others_after(self, version: int) -> bool:
        """Whether a standing write of the content is later than a version, and not the operation's.

        An object without members is nothing that anybody would miss; an event of an undo that leaves members in it does
        not show whether it would be there without them.
        """
        content = self._writes.keys() - {EXISTS, METADATA}
        return any(self.newest_of_others(field).version > version for field in content)

    def _note(self, event: Event) -> None:
        """What the operation did itself."""
        if event.operation != self.operation:
            return
        self.last = event.version
        self.first = self.first or event.version
        if event.causation_id is not None and ids.is_todo_id(event.causation_id):
            self.caused[event.version] = event.causation_id
        else:
            self.is_only_caused = False
        following = event.change.get("next")
        if following is not None and following["version"]:
            self.links.append(Link(event.event_id, following["id"], following["version"]))

    def _stated(self, event: Event) -> dict[str, Any]:
        """The values that an event writes; the first one writes every field."""
        stated: dict[str, Any] = {}
        change: Change = event.change if event.version > 1 else {**DEFAULTS, **event.change}
        for name in CONTENT_FIELDS:
            if name in change:
                stated |= {name: change[name]} if name != METADATA else self._members(change[name], event.version)
        exists = not event.state["deleted"]
        if exists != self.values[EXISTS]:
            stated[EXISTS] = exists
            self.flips.add(event.version)
        return stated

    def _members(self, metadata: Mapping[str, Any] | None, version: int) -> dict[str, Any]:
        """The members that differ from those before, and whether there is an object at all if that does."""
        now = {MEMBER + name: value for name, value in (metadata or {}).items()}
        found: dict[str, Any] = {}
        if version == 1 or (metadata is not None) != self.values[METADATA]:
            found[METADATA] = metadata is not None
        for field in [*now, *(field for field in self.values if field.startswith(MEMBER) and field not in now)]:
            value = now.get(field, ABSENT)
            if not same(self.values.get(field, ABSENT), value):
                found[field] = value
        return found

    def _append(self, field: str, write: Write) -> None:
        writes = self._writes_of(field)
        newest = writes[-1]
        if newest.operation == write.operation and newest.stands and newest.version != NEVER:
            newest.version, newest.value = write.version, write.value
        else:
            writes.append(write)

    def _writes_of(self, field: str) -> list[Write]:
        """A field's writes. Whoever made the todo left out the members that it did not have then."""
        if field not in self._writes:
            self._writes[field] = [Write(NEVER, None, ABSENT)]
            if self.head is not None:
                self._writes[field].append(Write(1, self._maker, ABSENT))
        return self._writes[field]

    def _switch(self, event: Event, stated: dict[str, Any]) -> None:
        """What an undo switches: its operation's writes of what it changed, and those without which nothing differs."""
        assert event.undoes is not None
        if event.undoes == self.operation and event.operation is not None:
            self.undone_by[event.operation] = event.version
        alike = [
            field
            for field, writes in self._writes.items()
            if field not in stated and _makes_no_difference(writes, event.undoes, event.direction)
        ]
        for field in [*stated, *alike]:
            for write in self._writes_of(field):
                if write.operation == event.undoes:
                    write.stands = event.direction == ON
        for field, value in stated.items():
            newest = next(write for write in reversed(self._writes[field]) if write.stands)
            if same(newest.value, value):
                continue
            if field == METADATA and event.state[METADATA]:
                # There is an object for its members' sake: without them there would be none.
                stated[field] = newest.value
            else:
                # It undoes what this stream does not have: then it is a write like any other.
                self._append(field, Write(event.version, event.operation, value))

    def is_switched(self, field: str, direction: str) -> bool:
        """Whether the operation's writes of a field all are as a direction has them."""
        return _are_switched(self._writes[field], self.operation, direction)

    def makes_no_difference(self, field: str, direction: str) -> bool:
        """Whether a field has the same value once the operation's writes of it are switched, and they are not yet."""
        return _makes_no_difference(self._writes[field], self.operation, direction)


def _newest_of(writes: Sequence[Write], operation: str) -> Write | None:
    return next((write for write in reversed(writes) if write.operation == operation), None)


def _newest_of_others(writes: Sequence[Write], operation: str, before: int | None = None) -> Write:
    for write in reversed(writes):
        if write.stands and write.operation != operation and (before is None or write.version < before):
            return write
    raise AssertionError("what was before everything is nobody's, and stands")


def _are_switched(writes: Sequence[Write], operation: str, direction: str | None) -> bool:
    return all(write.stands == (direction == ON) for write in writes if write.operation == operation)


def _makes_no_difference(writes: Sequence[Write], operation: str, direction: str | None) -> bool:
    """Whether an operation's writes of a field can be switched without a change; if left, they hinder earlier ones."""
    newest = _newest_of(writes, operation)
    if newest is None or _are_switched(writes, operation, direction):
        return False
    of_others = _newest_of_others(writes, operation)
    return NEVER < of_others.version < newest.version and same(of_others.value, newest.value)


def _flat(name: str, value: Any) -> Any:
    return value if name != METADATA else value is not None
