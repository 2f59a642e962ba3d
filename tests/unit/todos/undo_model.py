"""Random sessions of operations and their undo over streams in memory, judged without the code that decides.

The oracle reads each stream anew as a list of writes, and which operation's writes of which field are switched off. An
undo runs as the service runs it: claimed or joined, perhaps twice at once, with commands of others between its read and
its write, with workers that die and with messages that come when it is long done.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from chalicelib.todos import ids, instants
from chalicelib.todos import undo as undoing
from chalicelib.todos.decide import Command, Create, Delete, Patch, Refusal, Restore, Revert, content_of
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, OFF, ON, Event
from chalicelib.todos.ids import Partition
from chalicelib.todos.standing_writes import EXISTS, StandingWrites
from chalicelib.todos.undo import Outcome, decision_of
from tests.support.events import after, following

OPERATIONS = ("A", "B", "C")
# How often a worker ends at a step.
KILLED = 0.05
_BEGAN = instants.milliseconds_of("2026-01-01T00:00:00.000Z")


class Wrong(AssertionError):
    """A session ends otherwise than it should."""


class Rules:
    """The rules; a mutant does one thing otherwise."""

    # Whether a write depends on the undo being in force, and running.
    looks_in_force = True

    def decide(self, world: World, unit: dict[str, StandingWrites], undo: str, direction: str) -> dict[str, Outcome]:
        """What an undo does to todos that go together."""
        return undoing.switch(unit, undo, direction)


@dataclass
class InForce:
    """What the settings table says of an operation's undo."""

    undo: str
    direction: str
    is_done: bool = False


@dataclass
class Written:
    """A write, as the oracle reads it."""

    version: int
    operation: str | None
    value: Any
    stands: bool = True


@dataclass
class World:
    """Streams in memory, and what is known of undos."""

    random: random.Random
    rules: Rules
    streams: dict[str, list[Event]] = field(default_factory=dict)
    in_force: dict[str, InForce] = field(default_factory=dict)
    # By the operation of an undo: whose, and in which direction.
    undos: dict[str, tuple[str, str]] = field(default_factory=dict)
    # By todo, the version up to which it was found right.
    checked: dict[str, int] = field(default_factory=dict)
    clock: Iterator[int] = field(default_factory=count)
    names: Iterator[int] = field(default_factory=count)

    # Commands

    def do(self, todo: str, command: Command, operation: str | None) -> None:
        """One command; a completion makes a next todo, and a reopening takes an untouched one back."""
        before = self.newest(todo)
        at = self._now()
        event_id = self._id()
        try:
            event = after(before, self._stream(todo), command, at=at, operation=operation, event_id=event_id)
        except Refusal:
            return
        if event is None:
            return
        group = [event]
        if before is not None and event.state["completed"] != before.state["completed"]:
            group = self._with_next(todo, event)
        for each in group:
            self.append(each)

    def _with_next(self, todo: str, event: Event) -> list[Event]:
        following_id = ids.id_for_next(todo)
        newest = self.newest(following_id)
        shared = {"operation": event.operation, "causation_id": event.event_id, "event_id": self._id()}
        caused = None
        if event.state["completed"] and (newest is None or (newest.state["deleted"] and not newest.state["completed"])):
            content = {**content_of(event.state), "completed": False}
            caused = after(newest, self._stream(following_id), Create(content), at=event.occurred_at, **shared)
        elif not event.state["completed"] and newest is not None and not newest.state["deleted"]:
            known = event.state["next"]
            if known is not None and known["version"] == newest.version:
                caused = after(newest, self._stream(following_id), Delete(), at=event.occurred_at, **shared)
        if caused is None:
            return [event]
        change = {**event.change, "next": {"first": following_id, "id": following_id, "version": caused.version}}
        before = self.newest(todo)
        own = following(
            before,
            event.stream_id,
            event.type,
            change,
            at=event.occurred_at,
            operation=event.operation,
            event_id=event.event_id,
        )
        return [own, caused]

    # Undo

    def claim(self, operation: str) -> str | None:
        """The undo of an operation that is in force from now on; None while another runs."""
        root, direction = self.undos.get(operation, (operation, ON))
        direction = OFF if direction == ON else ON
        known = self.in_force.get(root)
        if known is not None and known.direction == direction:
            known.is_done = False
            return known.undo
        if known is not None and not known.is_done:
            return None
        name = f"~{next(self.names)}"
        self.in_force[root] = InForce(name, direction)
        self.undos[name] = (root, direction)
        return name

    def run(self, undo: str) -> Iterator[None]:
        """One worker of an undo; whoever holds it lets others act between its reads and its writes."""
        root, direction = self.undos[undo]
        if self.rules.looks_in_force and self._is_over(undo):
            return
        found = [todo for todo in self.streams if any(event.operation == root for event in self.streams[todo])]
        self.random.shuffle(found)
        for todo in found:
            for _ in range(50):
                unit = self.unit(todo, root)
                outcomes = self.rules.decide(self, unit, undo, direction)
                yield
                if self.rules.looks_in_force and self._is_over(undo):
                    return
                if self._write(unit, outcomes, undo):
                    self._check_told_again(todo, undo, outcomes)
                    break
        known = self.in_force[root]
        if known.undo == undo:
            known.is_done = True

    def _check_told_again(self, todo: str, undo: str, outcomes: dict[str, Outcome]) -> None:
        """Whoever does the same again, as a queue's worker may, has nothing to do and tells the same conflicts."""
        root, direction = self.undos[undo]
        for each, outcome in self.rules.decide(self, self.unit(todo, root), undo, direction).items():
            if outcomes[each].has_event and (outcome.has_event or outcome.conflicts != outcomes[each].conflicts):
                raise Wrong(f"{each}: done again, {undo} tells {outcome} after {outcomes[each]}")

    def _is_over(self, undo: str) -> bool:
        known = self.in_force[self.undos[undo][0]]
        return known.undo != undo or known.is_done

    def unit(self, todo: str, root: str) -> dict[str, StandingWrites]:
        """The todos that the undo of an operation decides on together with this one."""
        unit, pending = {}, [todo]
        while pending:
            each = pending.pop()
            if each in unit:
                continue
            unit[each] = self.fold(each, root)
            pending += [link.next_id for link in unit[each].links]
            causes = set(unit[each].caused.values())
            pending += [other for other, events in self.streams.items() if any(e.event_id in causes for e in events)]
        return unit

    def fold(self, todo: str, root: str) -> StandingWrites:
        writes = StandingWrites(root)
        for event in self.streams[todo]:
            writes.follow(event)
        return writes

    def _write(self, unit: dict[str, StandingWrites], outcomes: dict[str, Outcome], undo: str) -> bool:
        if any(len(self.streams[todo]) != stream.version for todo, stream in unit.items()):
            return False
        root, direction = self.undos[undo]
        at = self._now()
        written = {}
        for todo, outcome in outcomes.items():
            if outcome.has_event:
                decision = decision_of(unit[todo], outcome.values)
                newest = self.newest(todo)
                attributes = {"operation": undo, "undoes": root, "direction": direction, "event_id": self._id()}
                event = following(newest, self._stream(todo), decision.type, decision.change, at=at, **attributes)
                written[todo] = event
        self.take(written, unit)
        return True

    def take(self, written: Mapping[str, Event], looked_at: Iterable[str]) -> None:
        """Append the events that an undo writes in one transaction, by todo, and judge them.

        Parameters
        ----------
        looked_at : iterable of str
            The todos on which it rests, those that get no event too.

        Raises
        ------
        Wrong
        """
        changed: set[tuple[str, str]] = set()
        for todo, event in written.items():
            self._check_allowed(todo, event)
            before, now = flat(self.newest(todo)), flat(event)
            changed |= {(todo, name) for name in ("completed", EXISTS) if before[name] != now[name]}
        for event in written.values():
            self.append(event)
        if written:
            of_undo = next(iter(written.values()))
            assert of_undo.undoes is not None
            assert of_undo.direction is not None
            for todo in looked_at:
                self._check_pairs(todo, of_undo.undoes, of_undo.direction, changed)

    # The oracle

    def writes(self, todo: str) -> dict[str, list[Written]]:
        """By field, the writes of plain events in their order, and which of them undos have switched off."""
        before = flat(None)
        writes = {name: [Written(0, None, value)] for name, value in before.items()}
        maker = self.streams[todo][0].operation
        for event in self.streams[todo]:
            now = flat(event)
            stated = {name for name in {*before, *now} if name in event.change or before.get(name) != now.get(name)}
            for name in now if event.version == 1 else stated:
                if name not in writes:
                    writes[name] = [Written(0, None, None), Written(1, maker, None)][: 1 + (event.version > 1)]
                if event.undoes is None:
                    writes[name].append(Written(event.version, event.operation, now.get(name)))
            for name, of_field in writes.items() if event.undoes is not None else ():
                own = [each for each in of_field if each.operation == event.undoes]
                if own and (name in stated or _is_needless(of_field, own[-1])):
                    for each in own:
                        each.stands = event.direction == ON
            before |= {name: now.get(name) for name in {*before, *now}}
        return writes

    def check(self) -> None:
        """Each field is its newest standing write."""
        for todo, events in self.streams.items():
            if self.checked.get(todo) == len(events):
                continue
            self.checked[todo] = len(events)
            now = flat(events[-1])
            for name, writes in self.writes(todo).items():
                value = next(each.value for each in reversed(writes) if each.stands)
                if now.get(name) != value:
                    raise Wrong(f"{todo} {name}: {now.get(name)!r} where {value!r} is the newest that stands")

    def _check_allowed(self, todo: str, event: Event) -> None:
        """An undo changes no field on which another's write stands, nor deletes what others have written to."""
        writes = self.writes(todo)
        before, now = flat(self.newest(todo)), flat(event)
        root = event.undoes
        for name in {*before, *now}:
            if before.get(name) == now.get(name):
                continue
            own = [each.version for each in writes[name] if each.operation == root]
            others = [each.version for each in writes[name] if each.operation != root and each.stands]
            if not own or max(others) > max(own):
                raise Wrong(f"{todo} {name}: the undo of {root} changed what another wrote")
            if name == EXISTS and not now[name]:
                decided = max(others) if event.direction == OFF else max(own)
                for content in writes.keys() - {EXISTS}:
                    for each in writes[content]:
                        if each.operation != root and each.stands and each.version > decided:
                            raise Wrong(f"{todo}: deleted, though {each.operation} wrote {content}")

    def _check_pairs(self, todo: str, root: str, direction: str, changed: set[tuple[str, str]]) -> None:
        """A completion and what it did to the next occurrence are switched together."""
        events = self.streams[todo]
        if events[-1].state["deleted"]:
            return
        for each in events:
            known = each.change.get("next")
            if each.operation != root or not known or known["version"] == 0:
                continue
            if not changed & {(todo, "completed"), (known["id"], EXISTS)}:
                continue
            made = self.streams[known["id"]][known["version"] - 1]
            earlier = made.version > 1 and not self.streams[known["id"]][made.version - 2].state["deleted"]
            of_next = self.writes(known["id"])[EXISTS]
            ends = [one.version for one in of_next if one.operation == root]
            if made.causation_id != each.event_id or earlier == (not made.state["deleted"]) or ends[-1] != made.version:
                continue
            sides = {_side(self.writes(todo)["completed"], root, direction), _side(of_next, root, direction)}
            if sides == {"switched", "left"}:
                raise Wrong(f"{todo}: its completion and its next occurrence are switched apart")

    def steps(self, newest: Event) -> Iterator[tuple[Event, dict[str, Any]]]:
        """The events of a stream up to one, each with the fields before it."""
        _, todo = ids.split_stream_id(newest.stream_id)
        before = flat(None)
        for event in self.streams[todo][: newest.version]:
            yield event, before
            before = flat(event)

    def snapshot(self) -> dict[str, Any]:
        """What a user sees: the content of every todo that there is."""
        return {
            todo: content_of(events[-1].state)
            for todo, events in self.streams.items()
            if not events[-1].state["deleted"]
        }

    def newest(self, todo: str) -> Event | None:
        return self.streams[todo][-1] if self.streams.get(todo) else None

    def append(self, event: Event) -> None:
        _, todo = ids.split_stream_id(event.stream_id)
        stream = self.streams.setdefault(todo, [])
        assert event.version == len(stream) + 1
        stream.append(event)

    def _now(self) -> str:
        return instants.format_milliseconds(_BEGAN + next(self.clock))

    def _id(self) -> str:
        return f"00000000-0000-7000-8000-{next(self.names):012}"

    def _stream(self, todo: str) -> str:
        return ids.stream_id(Partition("me"), todo)


def _is_needless(writes: list[Written], newest: Written) -> bool:
    """Whether nobody sees if an operation's writes of a field, of which this is the newest, stand."""
    others = [each for each in writes if each.operation != newest.operation and each.stands and each.version]
    return bool(others) and others[-1].version < newest.version and others[-1].value == newest.value


def _side(writes: list[Written], root: str, direction: str) -> str:
    """Whether an operation's writes of a field are switched, or never to be seen, or neither."""
    newest = [each for each in writes if each.operation == root][-1]
    if newest.stands == (direction == ON):
        return "switched"
    others = [each for each in writes if each.operation != root and each.stands]
    is_hidden = any(each.operation is None and each.version > newest.version for each in others)
    return "hidden" if is_hidden or others[-1].value == newest.value else "left"


def flat(event: Event | None) -> dict[str, Any]:
    """A state's fields, each member of its metadata as one."""
    if event is None:
        return {**{name: DEFAULTS[name] for name in CONTENT_FIELDS if name != "metadata"}, EXISTS: False}
    found: dict[str, Any] = {name: event.state[name] for name in CONTENT_FIELDS if name != "metadata"}
    # A member of null is another than none.
    found |= {f"metadata/{name}": [value] for name, value in (event.state["metadata"] or {}).items()}
    return {**found, EXISTS: not event.state["deleted"]}


def some_command(chosen: random.Random, events: list[Event]) -> Command:
    """A command on a todo with this history."""
    if not events:
        return Create({**{name: DEFAULTS[name] for name in CONTENT_FIELDS}, "title": "0", **_some_fields(chosen)})
    kind = chosen.random()
    if kind < 0.12:
        return Delete()
    if kind < 0.22:
        return Restore()
    if kind < 0.3:
        return Revert(chosen.choice(events).state) if not events[0].state["deleted"] else Restore()
    if kind < 0.42:
        return Patch({"completed": chosen.random() < 0.6})
    patch = _some_fields(chosen)
    if chosen.random() < 0.3:
        members = {chosen.choice("xy"): chosen.choice([None, 1, 2])}
        patch["metadata"] = chosen.choice([members, members, members, {}, None])
    return Patch(patch)


def _some_fields(chosen: random.Random) -> dict[str, Any]:
    values: dict[str, list[Any]] = {
        "title": ["a", "b", "c"], "notes": ["n", "m", None], "priority": ["low", "high"], "tags": [["t"], ["u"], None],
    }  # fmt: skip
    return {name: chosen.choice(values[name]) for name in chosen.sample(sorted(values), chosen.randint(1, 2))}


TODOS = tuple(f"00000000-0000-4000-8000-00000000000{number}" for number in range(3))


def play(seed: int, rules: Rules | None = None) -> None:
    """A session in which commands, undos and their late messages interleave.

    Raises
    ------
    Wrong
    """
    chosen = random.Random(seed)
    world = World(chosen, rules or Rules())
    running: list[Iterator[None]] = []
    for _ in range(chosen.randint(10, 40)):
        kind = chosen.random()
        if kind < 0.55 or not world.streams:
            todo = chosen.choice([*TODOS[:2], *world.streams])
            operation = chosen.choice([None, *OPERATIONS])
            world.do(todo, some_command(chosen, world.streams.get(todo, [])), operation)
        elif kind < 0.7:
            undo = world.claim(chosen.choice([*OPERATIONS, *world.undos]))
            running += [] if undo is None else [world.run(undo) for _ in range(chosen.choice([1, 1, 2]))]
        elif kind < 0.75 and world.undos:
            running.append(world.run(chosen.choice(list(world.undos))))
        elif running:
            _go_on(chosen, running)
        world.check()
    while running:
        _go_on(chosen, running)
        world.check()
    # The messages of workers that were killed come again.
    for known in list(world.in_force.values()):
        for _ in world.run(known.undo):
            world.check()
    _deliver_late(world)


def _go_on(chosen: random.Random, running: list[Iterator[None]]) -> None:
    """One step of one worker, which may be its last."""
    worker = chosen.choice(running)
    if chosen.random() < KILLED or next(worker, "done") == "done":
        running.remove(worker)


def _deliver_late(world: World) -> None:
    """Every message once more, twice: also of undos that were taken back since."""
    versions = {todo: len(events) for todo, events in world.streams.items()}
    for undo in [*world.undos, *world.undos]:
        for _ in world.run(undo):
            world.check()
    if versions != {todo: len(events) for todo, events in world.streams.items()}:
        raise Wrong("a late message appended something")


def play_back_and_forth(seed: int, rules: Rules | None = None) -> None:
    """Operations one after the other; taken back newest first and brought back oldest first, twice.

    Raises
    ------
    Wrong
    """
    chosen = random.Random(seed)
    world = World(chosen, rules or Rules())
    for todo in TODOS[:2]:
        world.do(todo, Create({**{name: DEFAULTS[name] for name in CONTENT_FIELDS}, "title": "0"}), None)
    names = [f"op{number}" for number in range(chosen.randint(2, 4))]
    states = [world.snapshot()]
    for name in names:
        for _ in range(chosen.randint(1, 4)):
            todo = chosen.choice([*TODOS, *world.streams])
            world.do(todo, some_command(chosen, world.streams.get(todo, [])), name)
        states.append(world.snapshot())
    undos: dict[str, str] = {}
    for _ in range(2):
        for number in range(len(names) - 1, -1, -1):
            undos[names[number]] = undo_now(world, names[number])
            _expect(world, states[number], f"after {names[number]} was taken back")
        for number, name in enumerate(names):
            undo_now(world, undos[name])
            _expect(world, states[number + 1], f"after {name} was brought back")


def undo_now(world: World, operation: str) -> str:
    """Undo an operation, or an undo, by one worker; the operation that this is part of."""
    undo = world.claim(operation)
    assert undo is not None
    for _ in world.run(undo):
        pass
    world.check()
    return undo


def _expect(world: World, wanted: dict[str, Any], when: str) -> None:
    if world.snapshot() != wanted:
        raise Wrong(f"{when}: {world.snapshot()} where it was {wanted}")
