"""Clients that clear and rename lists, lose their answers and repeat; and what they, and a late message, may not do.

The simulation knows more than any client: what the views showed when a request began, and in which order all events
were written. So it can tell what an operation may have meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from chalicelib.aws import settings_table
from chalicelib.commands import clear_list, execute, list_operation, list_records, rename_list
from chalicelib.commands.list_operation import ListUnfinished
from chalicelib.todos import ids
from chalicelib.todos.decide import Command, Create, Patch, Refusal, Restore
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, DELETED, EDITED, Event
from chalicelib.todos.ids import Owner
from chalicelib.triggers import clear
from chalicelib.views import schema
from tests.simulation.customers import LISTS, OWNERS, TODOS, WrongAnswer
from tests.simulation.expressions import Item
from tests.simulation.scheduler import Crash
from tests.simulation.seams import CLEAR, SETTINGS
from tests.simulation.workers import Workers
from tests.simulation.world import Memory, World

NAMES = (*LISTS, "renamed")
MOST_TRIES = 4
# How often a client does something else, or repeats what some client has asked for, and a message comes again.
CHANGES = 0.5
REPEATED = 0.5
AGAIN = 0.5
# A message that comes again sends on what follows it: were it more, there would be more messages all the time.
AGAIN_AT_THE_END = 0.05
LATE_CHANGES = 6
TODO_IDS = (*TODOS, *(f"0197e1f0-0000-7000-8000-{number:012d}" for number in range(100, 103)))
DEFAULT_CONTENT = {name: DEFAULTS[name] for name in CONTENT_FIELDS} | {"title": "Todo"}
KEPT_MILLISECONDS = list_records.KEPT_SECONDS * 1000
# Many times the messages that any schedule has.
MOST_MESSAGES = 1000
TRANSIENT = (Unavailable, execute.TooContended)
BY_LISTS = "list "


@dataclass(slots=True)
class Asked:
    """An operation as a client asks for it, perhaps more than once.

    Attributes
    ----------
    shown : dict of str to int
        The versions of the todos that the views showed in the list when the first request began.
    known_by : int, optional
        How many events there were at the end of the first request after which the set of todos cannot change any more.
    answer : tuple, optional
        The first answer: whether it was done at once, and how many todos were moved.
    """

    number: int
    owner: Owner
    list_name: str
    to: str | None
    key: str | None
    shown: dict[str, int]
    began_at: int
    table: str
    known_by: int | None = None
    answer: tuple[bool, int] | None = None
    is_out_of_date: bool = False

    @property
    def name(self) -> str:
        """What its events have as correlation id."""
        return f"{BY_LISTS}{self.number}"

    def stream(self, todo_id: str) -> str:
        return ids.stream_id(ids.partition_of(self.owner), todo_id)


@dataclass
class _Ledger:
    """All events, by stream and by the order in which they were written."""

    streams: dict[str, list[Event]] = field(default_factory=dict)
    position: dict[tuple[str, int], int] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World) -> _Ledger:
        ledger = cls()
        for position, image in enumerate(world.records):
            event = world.event(image)
            ledger.streams.setdefault(event.stream_id, []).append(event)
            ledger.position[event.stream_id, event.version] = position
        return ledger


class ListCustomers:
    """All clients of one schedule that clear and rename lists."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._draw = world.draw
        self._asked: list[Asked] = []
        # How many events there were when the records of operations said that these are done.
        self._done_by: dict[str, int] = {}
        world.engine.after_update = self._note_what_is_done
        self._owners = OWNERS[: self._draw.randint(1, 2)]
        self.workers = Workers(world, CLEAR, clear.handle, again=AGAIN)
        # How many todos a list may have that a request clears or renames itself; `seams` puts it back.
        page = self._draw.choice((1, 1, 1, 2, 3))
        for module in (list_operation, clear_list, rename_list):
            setattr(module, "PAGE", page)  # noqa: B010 - mypy knows that it is final

    def work(self, operations: int) -> None:
        """One client, and the warm process that serves it."""
        memory = Memory()
        for _ in range(operations):
            try:
                self._world.scheduler.pause()
                if self._draw.random() < CHANGES:
                    self._change_a_todo()
                else:
                    self._send(self._choose(), memory)
            except Crash:
                memory.forget()

    def pass_time(self, milliseconds: int) -> None:
        """A break: the records expire, and so do messages."""
        if milliseconds > KEPT_MILLISECONDS:
            for asked in self._asked:
                asked.is_out_of_date = True
            for record in self._world.queues.records(CLEAR):
                self._world.queues.remove(CLEAR, record["messageId"])

    def work_off(self, deliver: Callable[[], None]) -> None:
        """Everything that is left, and what that sends on; nothing fails any more."""
        deliver()
        for _ in range(MOST_MESSAGES):
            if not self._world.queues.records(CLEAR):
                return
            self.workers.work_some(AGAIN_AT_THE_END)
            if self._draw.random() < 0.5:
                deliver()
        raise WrongAnswer("a list is worked on without end")

    def come_late(self, deliver: Callable[[], None]) -> None:
        """Long after, when todos have come and gone and the views may be others, every message comes once more."""
        memory = Memory()
        memory.forget()
        for _ in range(LATE_CHANGES):
            self._change_a_todo()
        deliver()
        self.workers.do_again()
        self.work_off(deliver)
        deliver()

    def check_the_end(self) -> None:
        """No operation has touched what it cannot have meant, and none has left behind what it did."""
        ledger = _Ledger.of(self._world)
        by_name = {asked.name: asked for asked in self._asked}
        for events in ledger.streams.values():
            moved_by: set[str] = set()
            for event in events:
                asked = by_name.get(event.correlation_id or "")
                if asked is None:
                    continue
                if asked.to is None:
                    self._check_deletion(asked, event, events, ledger)
                else:
                    self._check_move(asked, event, events, ledger)
                    if asked.name in moved_by:
                        raise WrongAnswer(f"{asked} moved {event.stream_id} twice")
                    moved_by.add(asked.name)
        for asked in self._asked:
            if asked.answer is not None and not asked.is_out_of_date and not self._was_rebuilt(asked):
                self._check_that_all_is_done(asked)

    def _change_a_todo(self) -> None:
        """What happens to a list beside: a todo comes, goes, comes back, or changes its place."""
        draw = self._draw
        owner, todo_id = Owner(draw.choice(self._owners)), draw.choice(TODO_IDS)
        name = draw.choice(NAMES)
        commands: tuple[Command, ...] = (
            Create({**DEFAULT_CONTENT, "list": name, "order": draw.randrange(4)}),
            Create({**DEFAULT_CONTENT, "list": name}),
            Patch({"list": name}),
            Patch({"order": draw.randrange(4)}),
            Restore(),
        )
        with suppress(*TRANSIENT, Refusal):
            execute.execute(execute.CommandRequest(owner, todo_id, draw.choice(commands), actor="client"))

    def _choose(self) -> Asked:
        recent = [each for each in self._asked if each.key is not None and not each.is_out_of_date]
        if recent and self._draw.random() < REPEATED:
            return self._draw.choice(recent)
        owner, name = Owner(self._draw.choice(self._owners)), self._draw.choice(NAMES)
        for _ in range(2):
            # Rather one that has todos.
            name = name if self._shown(owner, name) else self._draw.choice(NAMES)
        to = self._draw.choice(NAMES) if self._draw.random() < 0.5 else None
        number = len(self._asked)
        key = f"key-{number}" if self._draw.random() < 0.75 else None
        asked = Asked(
            number, owner, name, to, key, self._shown(owner, name), len(self._world.records), self._world.views.name
        )
        self._asked.append(asked)
        return asked

    def _shown(self, owner: Owner, name: str) -> dict[str, int]:
        """The todos of a list that are wholly visible now."""
        items = {item["sk"]["S"]: item for item in self._rows(owner)}
        revision = int(items[schema.TALLY_KEY]["revision"]["N"]) if schema.TALLY_KEY in items else 0
        prefix = schema.list_prefix(name)
        return {
            sort_key.removeprefix(schema.TODO_PREFIX): int(item["version"]["N"])
            for sort_key, item in items.items()
            if item.get("by_list", {"S": ""})["S"].startswith(prefix) and int(item["revision"]["N"]) <= revision
        }

    def _rows(self, owner: Owner) -> Iterator[Item]:
        partition = self._world.views.partitions.get(ids.partition_of(owner).encode())
        return iter(()) if partition is None else iter(partition.items.values())

    def _send(self, asked: Asked, memory: Memory) -> None:
        for _ in range(self._draw.randint(1, MOST_TRIES) if asked.key else 1):
            try:
                answer = self._ask(asked)
            except Crash:
                memory.forget()
                self._note_the_set(asked)
            except TRANSIENT:
                self._note_the_set(asked)
            except ListUnfinished:
                self._note_the_set(asked)
                if asked.to is not None or not self._was_rebuilt(asked):
                    raise WrongAnswer(f"{asked} is said to be unfinished") from None
                return
            else:
                self._note_the_set(asked, is_answered=True)
                self._check_answer(asked, answer)
                return

    def _ask(self, asked: Asked) -> tuple[bool, int]:
        if asked.to is None:
            cleared = clear_list.clear(
                asked.owner, asked.list_name, actor="lists", correlation_id=asked.name, key=asked.key
            )
            return cleared.versions is not None, 0
        renamed = rename_list.rename(
            asked.owner, asked.list_name, asked.to, actor="lists", correlation_id=asked.name, key=asked.key
        )
        return renamed.at_once, renamed.moved

    def _note_the_set(self, asked: Asked, *, is_answered: bool = False) -> None:
        is_recorded = asked.key is not None and self._record(asked) is not None
        if asked.known_by is None and (is_answered or is_recorded or asked.key is None):
            asked.known_by = len(self._world.records)

    def _record(self, asked: Asked) -> Item | None:
        key = settings_table.key(ids.partition_of(asked.owner), list_records.key_of(asked.key, ""))
        return self._world.engine.get_item({"TableName": SETTINGS, "Key": key}).get("Item")

    def _check_answer(self, asked: Asked, answer: tuple[bool, int]) -> None:
        record = self._record(asked) if asked.key is not None else None
        is_done = record is not None and "done_at" in record
        if asked.answer is None:
            asked.answer = answer
        elif asked.answer[0] != answer[0]:
            raise WrongAnswer(f"{asked} is now answered {answer}")
        if answer[0] and (is_done or asked.to is None) and not self._was_rebuilt(asked):
            self._check_that_all_is_done(asked)

    def _check_that_all_is_done(self, asked: Asked) -> None:
        """What the list showed at the beginning is not there any more, unless somebody has put it there since."""
        if asked.to == asked.list_name:
            return
        for todo_id, version in asked.shown.items():
            events = self._world.events(asked.stream(todo_id))
            since = events[version - 1 :]
            stayed = all(e.state["list"] == asked.list_name and not e.state["deleted"] for e in since)
            if asked.to is None and len(since) == 1:
                raise WrongAnswer(f"{asked} left {todo_id} as it was")
            if asked.to is not None and stayed:
                raise WrongAnswer(f"{asked} left {todo_id} behind")

    def _check_deletion(self, asked: Asked, event: Event, events: list[Event], ledger: _Ledger) -> None:
        before = events[event.version - 2]
        if event.type != DELETED or before.state["list"] != asked.list_name:
            raise WrongAnswer(f"{asked} made {event} of {before}")
        if asked.known_by is not None and ledger.position[before.stream_id, before.version] >= asked.known_by:
            raise WrongAnswer(f"{asked} deleted {event.stream_id}, which has changed since: {before}")

    def _check_move(self, asked: Asked, event: Event, events: list[Event], ledger: _Ledger) -> None:
        before = events[event.version - 2]
        if (event.type, event.change) != (EDITED, {"list": asked.to}) or before.state["list"] != asked.list_name:
            raise WrongAnswer(f"{asked} made {event} of {before}")
        entry = before
        for earlier in reversed(events[: event.version - 1]):
            if earlier.state["list"] != asked.list_name or earlier.state["deleted"]:
                break
            entry = earlier
        # Not by the clock: an event is never earlier than the one before it, so that it may be ahead of the time.
        done_by = self._done_by.get(event.idempotency_key or "")
        if done_by is not None and ledger.position[entry.stream_id, entry.version] >= done_by:
            raise WrongAnswer(f"{asked} was done after {done_by} events and moved what came after that: {entry}")

    def _note_what_is_done(self, item: Item) -> None:
        if "operation_id" in item and "done_at" in item:
            self._done_by.setdefault(item["operation_id"]["S"], len(self._world.records))

    def _was_rebuilt(self, asked: Asked) -> bool:
        return self._world.views.name != asked.table
