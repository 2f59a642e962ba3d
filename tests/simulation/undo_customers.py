"""Clients that undo operations, and undo that, while others write; and what they, and a late message, may not do.

The simulation knows the order in which all events were written. So each event of an undo is judged by the streams as
they were just before it, and once nothing fails any more each undo must have reached everything.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from chalicelib.aws import settings_table
from chalicelib.commands import execute, operations
from chalicelib.commands.undo import records, service, writing
from chalicelib.commands.undo.results import Undone
from chalicelib.todos import ids, undo
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.events import OFF, ON, Event
from chalicelib.todos.ids import Owner, Partition
from chalicelib.todos.standing_writes import EXISTS
from chalicelib.todos.undo import decision_of
from chalicelib.triggers import clear
from tests.simulation.customers import OWNERS, Customers, WrongAnswer
from tests.simulation.expressions import Item
from tests.simulation.scheduler import Crash
from tests.simulation.seams import CLEAR, EVENTS, SETTINGS
from tests.simulation.tables import Key, Table
from tests.simulation.workers import Workers
from tests.simulation.world import Memory, World
from tests.unit.todos import undo_model

OPERATIONS: Final = ("A", "B", "C", None)
TRANSIENT: Final = (Unavailable, execute.TooContended)
MOST_TRIES: Final = 4
# How often a message comes again, during the schedule and at its end.
AGAIN: Final = 0.4
AGAIN_AT_THE_END: Final = 0.05
# Many times the messages that any schedule has.
MOST_MESSAGES: Final = 2000
# After so many days SQS forgets a message.
KEPT_MILLISECONDS: Final = 14 * 24 * 3600 * 1000
ACTOR: Final = "undo"


class OperatingCustomers(Customers):
    """Clients whose commands are part of operations, and which complete todos more often."""

    def _request(self) -> execute.CommandRequest:
        return replace(super()._request(), operation=self._draw.choice(OPERATIONS))

    def _fields(self) -> dict[str, Any]:
        draw = self._draw
        drawn = {
            "title": draw.choice(("Todo", "Another", "A third")),
            "completed": draw.random() < 0.5,
            "metadata": draw.choice(({"x": 1}, {"x": 2, "y": 1}, {"y": None}, None)),
            "tags": draw.choice((["a"], ["b"], None)),
        }
        return super()._fields() | {name: value for name, value in drawn.items() if draw.random() < 0.3}


@dataclass
class Indexing:
    """An event on its way into the index of operations."""

    began: int
    table: Table
    key: Key

    def step(self, draw: random.Random) -> bool:
        self.table.not_indexed.discard(self.key)
        return False


@dataclass(frozen=True, slots=True)
class Promised:
    """What an undo that was answered as done must have reached: versions of todos, by id."""

    owner: Owner
    undo: str
    versions: dict[str, int]


class UndoCustomers:
    """All clients of one schedule that undo."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._draw = world.draw
        self._promised: list[Promised] = []
        # Undos that were answered as running: the queue must do them.
        self._accepted: set[str] = set()
        # Undos of which somebody said which versions may be changed.
        self._expecting: set[str] = set()
        self.workers = Workers(world, CLEAR, clear.handle, again=AGAIN)
        # What one request undoes itself, a message, and a transaction; `seams` puts it back.
        for module, name, sizes in (
            (service, "AT_ONCE_TODOS", (1, 1, 2, 200)),
            (service, "AT_ONCE_EVENTS", (3, 2000)),
            (service, "PAGE", (1, 2, 3, 5)),
            (writing, "GROUP", (1, 2, 25)),
        ):
            setattr(module, name, self._draw.choice(sizes))
        if self._draw.random() < 0.7:
            table = world.engine.tables[EVENTS]
            table.on_new = self._index_later

    def work(self, requests: int) -> None:
        """One client, and the warm process that serves it."""
        memory = Memory()
        for _ in range(requests):
            try:
                self._world.scheduler.pause()
                self._ask(memory)
            except Crash:
                memory.forget()

    def pass_time(self, milliseconds: int) -> None:
        """A break, after which messages may be gone."""
        if milliseconds > KEPT_MILLISECONDS:
            self._accepted.clear()
            for record in self._world.queues.records(CLEAR):
                self._world.queues.remove(CLEAR, record["messageId"])

    def finish(self, deliver: Callable[[], None]) -> None:
        """Everything that is left; then each undo is asked for again, and all of it is gone back and forth."""
        self._work_off(deliver)
        for _, root, state in self._in_force():
            if state.undo in self._accepted and not state.is_done:
                raise WrongAnswer(f"undo: {state.undo} of {root} was accepted and never ends")
        for owner, root, state in list(self._in_force()):
            # A run that stood still goes on from there; what it has passed is looked at when it is asked for once more.
            for _ in range(1 if state.is_done else 2):
                self._undo_to_the_end(owner, root, is_again=True)
            self._check_that_all_is_reached(owner, root)
        self._come_late()
        for owner in map(Owner, OWNERS):
            for operation in sorted(self._operations(owner).values()):
                self._go_back_and_forth(owner, operation)
        self._come_late()
        deliver()

    def check_the_end(self) -> None:
        """Each event of an undo was right when it was written, and no undo wrote when another was in force."""
        _check_turns(self._world.all_events_in_order())
        worlds: dict[Partition, undo_model.World] = defaultdict(_new_model)
        for events in self._world.commits():
            partition, _ = ids.split_stream_id(events[0].stream_id)
            self._judge(worlds[partition], events)
        for owner, model in worlds.items():
            try:
                model.check()
            except undo_model.Wrong as wrong:
                raise WrongAnswer(f"undo: {owner}: {wrong}") from None
        for promised in self._promised:
            self._check_promise(promised)

    def _index_later(self, key: Key) -> None:
        table = self._world.engine.tables[EVENTS]
        table.not_indexed.add(key)
        self._world.scheduler.aftermath.append(Indexing(self._world.now(), table, key))

    # Requests

    def _ask(self, memory: Memory) -> None:
        draw = self._draw
        known = [(Owner(owner), name) for owner in OWNERS for name in self._operations(Owner(owner)).values()]
        if not known:
            return
        owner, operation = draw.choice(known)
        kind = draw.random()
        if kind < 0.1:
            self._look(lambda: service.status(owner, operation), memory)
        elif kind < 0.2:
            self._look(lambda: service.preview(owner, operation, limit=draw.randint(1, 5)), memory)
        else:
            expect = self._some_versions(owner) if kind < 0.3 else None
            for _ in range(draw.randint(1, MOST_TRIES)):
                if self._send(owner, operation, expect, memory):
                    return

    def _look(self, look: Callable[[], object], memory: Memory) -> None:
        with suppress(*TRANSIENT, service.OperationNotFound):
            try:
                look()
            except Crash:
                memory.forget()

    def _send(self, owner: Owner, operation: str, expect: dict[str, int] | None, memory: Memory) -> bool:
        """Ask for an undo; whether it was answered."""
        visible = self._visible(owner, operation)
        try:
            undone = service.undo(owner, operation, actor=ACTOR, expect=expect)
        except Crash:
            memory.forget()
            self._note_that_it_may_run_again(owner, operation)
        except TRANSIENT:
            self._note_that_it_may_run_again(owner, operation)
        except (service.OperationRunning, service.ExpectsTooMuch):
            return True
        except service.OperationNotFound:
            if visible:
                raise WrongAnswer(f"undo: {operation} is said not to exist") from None
            return True
        else:
            if expect is not None:
                self._expecting.add(undone.undo)
            elif undone.is_done:
                self._promised.append(Promised(owner, undone.undo, visible))
            if not undone.is_done:
                self._accepted.add(undone.undo)
            self._check_answer(owner, undone)
            return True
        finally:
            if expect is not None:
                self._expecting |= {name for _, _, state in self._in_force() for name in [state.undo]}
        return False

    def _note_that_it_may_run_again(self, owner: Owner, operation: str) -> None:
        """A request that was not answered may have begun a run of its own, which whoever asks again completes."""
        state = records.state_of(self._item(owner, self._root(owner, operation)))
        if state is not None:
            self._accepted.discard(state.undo)

    def _check_answer(self, owner: Owner, undone: Undone) -> None:
        for todo_id, version in undone.versions.items():
            events = self._world.events(ids.stream_id(ids.partition_of(owner), todo_id))
            own = [event for event in events[:version] if event.operation == undone.undo]
            if not own or own[-1].undoes != undone.undoes or own[-1].direction != undone.direction:
                raise WrongAnswer(f"undo: {undone} is said to have changed {todo_id}")

    def _some_versions(self, owner: Owner) -> dict[str, int]:
        streams = self._streams(owner)
        return {todo_id: max(1, len(events) - self._draw.randrange(2)) for todo_id, events in streams.items()}

    # What is known without asking

    def _streams(self, owner: Owner) -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = defaultdict(list)
        for event in self._world.all_events():
            partition, todo_id = ids.split_stream_id(event.stream_id)
            if partition == ids.partition_of(owner):
                found[todo_id].append(event)
        return {todo_id: sorted(events, key=lambda event: event.version) for todo_id, events in found.items()}

    def _operations(self, owner: Owner) -> dict[str, str]:
        """The names of all operations that have events."""
        found = {
            event.operation: event.operation
            for event in self._world.all_events()
            if event.operation and ids.split_stream_id(event.stream_id)[0] == ids.partition_of(owner)
        }
        return dict(sorted(found.items()))

    def _root(self, owner: Owner, operation: str) -> str:
        item = self._item(owner, operation)
        return item["undoes"]["S"] if "undoes" in item else operation

    def _visible(self, owner: Owner, operation: str) -> dict[str, int]:
        """By todo, the newest event of the operation whose changes are switched that the index has."""
        root = self._root(owner, operation)
        table = self._world.engine.tables[EVENTS]
        found: dict[str, int] = {}
        for item in table.all():
            event = self._world.event(item)
            partition, todo_id = ids.split_stream_id(event.stream_id)
            is_indexed = table.key_of(item) not in table.not_indexed
            if partition == ids.partition_of(owner) and event.operation == root and is_indexed:
                found[todo_id] = max(event.version, found.get(todo_id, 0))
        return found

    def _item(self, owner: Owner, operation: str) -> Item:
        key = settings_table.key(ids.partition_of(owner), operations.PREFIX + operation)
        item: Item = self._world.engine.call("GetItem", {"TableName": SETTINGS, "Key": key}).get("Item", {})
        return item

    def _in_force(self) -> Iterator[tuple[Owner, str, records.State]]:
        for item in self._world.engine.tables[SETTINGS].all():
            state = records.state_of(item) if item["sk"]["S"].startswith(operations.PREFIX) else None
            if state is not None:
                owner = ids.owner_of(Partition(item["owner"]["S"]))
                yield owner, item["sk"]["S"].removeprefix(operations.PREFIX), state

    # The end

    def _work_off(self, deliver: Callable[[], None]) -> None:
        for _ in range(MOST_MESSAGES):
            if not self._world.queues.records(CLEAR):
                return
            self.workers.work_some(AGAIN_AT_THE_END)
            if self._draw.random() < 0.2:
                deliver()
        raise WrongAnswer("undo: it is worked on without end")

    def _come_late(self) -> None:
        """Every message once more: nothing is appended."""
        before = len(self._world.records)
        self.workers.do_again()
        self._work_off(lambda: None)
        if len(self._world.records) != before:
            raise WrongAnswer("undo: a late message appended something")

    def _undo_to_the_end(self, owner: Owner, operation: str, *, is_again: bool = False) -> str:
        """Undo an operation, or run its undo in force once more; returns the operation of the undo."""
        state = records.state_of(self._item(owner, operation))
        if is_again and state is not None and state.direction == ON:
            # What brings it back is an undo of that which took it back.
            operation = next(self._undos_of(owner, operation, OFF))
        undone = service.undo(owner, operation, actor=ACTOR)
        self._work_off(lambda: None)
        self._world.scheduler.finish_aftermath()
        if is_again and state is not None and undone.undo != state.undo:
            raise WrongAnswer(f"undo: asked for again, {operation} is undone by {undone.undo} after {state.undo}")
        now = records.state_of(self._item(owner, undone.undoes))
        if now is None or not now.is_done or now.undo != undone.undo:
            raise WrongAnswer(f"undo: {undone.undo} does not end: {now}")
        return undone.undo

    def _undos_of(self, owner: Owner, root: str, direction: str) -> Iterator[str]:
        for item in self._world.engine.tables[SETTINGS].all():
            wanted = {
                "owner": {"S": ids.partition_of(owner)},
                "undoes": {"S": root},
                "undo_direction": {"S": direction},
            }
            if wanted.items() <= item.items():
                yield item["sk"]["S"].removeprefix(operations.PREFIX)

    def _check_that_all_is_reached(self, owner: Owner, root: str) -> None:
        """What an undo was asked for once more, when nobody writes any more, has left undone."""
        state = records.state_of(self._item(owner, root))
        assert state is not None
        model = _new_model()
        model.streams = self._streams(owner)
        for todo_id, events in model.streams.items():
            if not any(event.operation == root for event in events):
                continue
            for each, outcome in undo.switch(model.unit(todo_id, root), state.undo, state.direction).items():
                if outcome.has_event:
                    raise WrongAnswer(f"undo: {state.undo} of {root} left {each}: {outcome}")

    def _go_back_and_forth(self, owner: Owner, operation: str) -> None:
        """Undo an operation and undo that, twice: both times it passes through the same states.

        The state before the first undo may be another. An undo that was hindered by what has been undone since reaches
        more when it is done anew. If somebody else has taken a completion back, a next occurrence that the undo deleted
        does not come back alone; that is reported as a conflict. Another conflict is a todo that did not exist before,
        and that the undo restores with what others wrote to it: it is not deleted again.
        """
        if not service.status(owner, operation).can_be_undone:
            return
        passed = []
        apart: set[str] = set()
        for _ in range(4):
            operation = self._undo_to_the_end(owner, operation)
            passed.append(self._snapshot(owner))
            done = service.status(owner, operation).undo
            assert done is not None
            apart |= {
                each.todo
                for each in done.conflicts
                for conflict in each.conflicts
                if conflict.reason == undo.NEXT_OCCURRENCE
                or (conflict.reason == undo.USED_BY_OTHERS and self._is_used(owner, each.todo, done.undoes))
            }
        for one, other in (passed[::2], passed[1::2]):
            differing = {todo_id for todo_id in {*one, *other} - apart if one.get(todo_id) != other.get(todo_id)}
            if differing:
                raise WrongAnswer(f"undo: back and forth, up to {operation}: {differing}")

    def _is_used(self, owner: Owner, todo_id: str, root: str) -> bool:
        """Whether others' writes stand that are later than an operation's last word on whether there is the todo."""
        model = _new_model()
        model.streams = self._streams(owner)
        writes = model.writes(todo_id)
        decided = max(each.version for each in writes[EXISTS] if each.operation == root)
        content = (each for name in writes.keys() - {EXISTS} for each in writes[name])
        return any(each.stands and each.operation != root and each.version > decided for each in content)

    def _snapshot(self, owner: Owner) -> dict[str, Any]:
        model = _new_model()
        model.streams = self._streams(owner)
        return model.snapshot()

    # What was written

    def _judge(self, model: undo_model.World, events: list[Event]) -> None:
        of_undo = events[0]
        if of_undo.undoes is None:
            for event in events:
                model.append(event)
            return
        written = {ids.split_stream_id(event.stream_id)[1]: event for event in events}
        if of_undo.operation not in self._expecting:
            _check_decision(model, written)
        try:
            model.take(written, written)
        except undo_model.Wrong as wrong:
            raise WrongAnswer(f"undo: {wrong}") from None

    def _check_promise(self, promised: Promised) -> None:
        """Each todo has an event of the undo after what there was of the operation, or needed none."""
        streams = self._streams(promised.owner)
        for todo_id, version in promised.versions.items():
            events = streams[todo_id]
            if any(event.operation == promised.undo for event in events[version:]):
                continue
            if not any(self._needs_none(promised, events[:until]) for until in range(version, len(events) + 1)):
                raise WrongAnswer(f"undo: {promised.undo} is said to be done, and left {todo_id}, version {version}")

    def _needs_none(self, promised: Promised, events: list[Event]) -> bool:
        item = self._item(promised.owner, promised.undo)
        root, direction = item["undoes"]["S"], item["undo_direction"]["S"]
        todo_id = ids.split_stream_id(events[0].stream_id)[1]
        model = _new_model()
        model.streams = {todo_id: events}
        stream = model.fold(todo_id, root)
        # One of a series may stay for what the others are.
        is_linked = bool(stream.links or stream.caused)
        return is_linked or not undo.switch({todo_id: stream}, promised.undo, direction)[todo_id].has_event


def _new_model() -> undo_model.World:
    return undo_model.World(random.Random(0), undo_model.Rules())


def _check_turns(events: list[Event]) -> None:
    """No undo writes after the next one of the same operation has, nor twice for the same events of that."""
    turns: dict[tuple[str, str], list[str]] = defaultdict(list)
    open_for: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in events:
        partition, _ = ids.split_stream_id(event.stream_id)
        if event.undoes is None:
            if event.operation is not None:
                open_for[event.stream_id, event.operation].clear()
            continue
        assert event.operation is not None
        of_root = turns[partition, event.undoes]
        if event.operation in of_root[:-1]:
            raise WrongAnswer(f"undo: {event.operation} of {event.undoes} wrote when {of_root[-1]} was in force")
        if event.operation not in of_root:
            of_root.append(event.operation)
        done = open_for[event.stream_id, event.undoes]
        if event.operation in done:
            raise WrongAnswer(f"undo: {event.operation} of {event.undoes} wrote twice to {event.stream_id}")
        done.add(event.operation)


def _check_decision(model: undo_model.World, written: dict[str, Event]) -> None:
    """A transaction has what the rules say of the streams as they were just before it."""
    of_undo = next(iter(written.values()))
    assert of_undo.undoes is not None
    assert of_undo.operation is not None
    assert of_undo.direction is not None
    for todo_id in written:
        unit = model.unit(todo_id, of_undo.undoes)
        outcomes = undo.switch(unit, of_undo.operation, of_undo.direction)
        wanted = {each: decision_of(unit[each], one.values) for each, one in outcomes.items() if one.has_event}
        made = {each: (written[each].type, written[each].change) for each in unit if each in written}
        if made != {each: (decision.type, decision.change) for each, decision in wanted.items()}:
            raise WrongAnswer(f"undo: {of_undo.operation} of {of_undo.undoes} made {made} where {wanted} is right")
