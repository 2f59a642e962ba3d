"""The aggregation game: a fifth of the handler calls crash, every batch comes twice, and all sums must be right."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from chalicelib.commands import execute
from chalicelib.todos.decide import Command, Create, Delete, Patch, Restore, TodoIsDeleted
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, Event
from chalicelib.todos.ids import Owner
from chalicelib.triggers import project
from tests.simulation import audit
from tests.simulation.expressions import Item
from tests.simulation.reader import Reader
from tests.simulation.requests import Answer, Request
from tests.simulation.scheduler import Crash
from tests.simulation.seams import installed
from tests.simulation.world import World

CRASHING = 0.2
BATCH = 100
LISTS = ("inbox", "home", "work", "a/b#c é")
# A batch makes about so many DynamoDB calls before it is done, so that a crash may fall anywhere.
CALLS_OF_A_BATCH = 6


@dataclass(frozen=True)
class Size:
    owners: int
    todos: int
    commands: int


FULL = Size(owners=20, todos=10_000, commands=100_000)


@dataclass(frozen=True)
class Played:
    events: int
    handler_calls: int
    crashes: int
    seconds: float
    differences: list[str]


class Crashing:
    """A client of DynamoDB, which ends the process before or after the call that was drawn."""

    def __init__(self, client: Any, draw: random.Random) -> None:
        self._client = client
        self._draw = draw
        self._left: int | None = None

    def arm(self) -> None:
        self._left = self._draw.randrange(2 * CALLS_OF_A_BATCH) if self._draw.random() < CRASHING else None

    def disarm(self) -> None:
        self._left = None

    def __getattr__(self, name: str) -> Callable[..., Answer]:
        call: Callable[..., Answer] = getattr(self._client, name)
        if self._left is None or not callable(call):
            return call

        def may_crash(*arguments: Any, **request: Request) -> Answer:
            self._count()
            answer: Answer = call(*arguments, **request)
            self._count()
            return answer

        return may_crash

    def _count(self) -> None:
        if self._left == 0:
            raise Crash
        self._left = None if self._left is None else self._left - 1


class Ground(Protocol):
    """What the game is played on: an engine with the service's tables, which `dynamo.client` speaks to."""

    def new_records(self) -> list[dict[str, Any]]:
        """The stream's records since the last time."""

    def all_events(self) -> list[Event]: ...

    def view_items(self) -> list[Item]: ...


class _InMemory:
    def __init__(self, world: World) -> None:
        self.all_events = world.all_events
        self.view_items = world.view_items
        self._world = world
        self._taken = 0

    def new_records(self) -> list[dict[str, Any]]:
        images = self._world.records[self._taken :]
        self._taken += len(images)
        return [{"dynamodb": {"NewImage": image}} for image in images]


def play_in_memory(size: Size, seed: int = 1) -> Played:
    with installed() as seat:
        world = World(seed, seat, page_items=1000)
        seat.client = client = Crashing(seat.client, world.draw)
        return play(size, _InMemory(world), client, world.draw)


def play(
    size: Size, ground: Ground, client: Crashing, draw: random.Random, progress: Callable[[int], None] = lambda _: None
) -> Played:
    """Play it and audit the end: rows, tallies, log, and the feed read from the first revision."""
    began = time.perf_counter()
    owners = [f"owner-{number}" for number in range(size.owners)]
    todos = [f"0197e1f0-0000-7000-8000-{number:012d}" for number in range(size.todos)]
    calls = crashes = 0
    for number in range(size.commands):
        place = draw.randrange(size.todos) if number >= size.todos else number
        _command(draw, owners[place % size.owners], todos[place], is_first=number < size.todos)
        if (number + 1) % BATCH and number + 1 < size.commands:
            continue
        records = ground.new_records()
        for batch in (records[start : start + BATCH] for start in range(0, len(records), BATCH)):
            for _ in range(2):
                crashed = True
                while crashed:
                    calls += 1
                    crashed = _invoke(client, batch)
                    crashes += crashed
        progress(number + 1)
    events = ground.all_events()
    differences = _audit(ground, events, owners)
    return Played(len(events), calls, crashes, time.perf_counter() - began, differences)


def _invoke(client: Crashing, batch: list[dict[str, Any]]) -> bool:
    """One handler call; whether it crashed."""
    client.arm()
    try:
        project.handle({"Records": batch})
    except Crash:
        return True
    finally:
        client.disarm()
    return False


def _command(draw: random.Random, owner: str, todo_id: str, *, is_first: bool) -> None:
    command: Command
    if is_first:
        command = Create({name: DEFAULTS[name] for name in CONTENT_FIELDS} | {"title": "Todo"})
    else:
        change = draw.choice(
            (
                {"completed": draw.random() < 0.5},
                {"notes": str(draw.random())},
                {"list": draw.choice(LISTS)},
                {"order": draw.random()},
            )
        )
        command = draw.choices((Patch(change), Delete()), (8, 1))[0]
    try:
        execute.execute(execute.CommandRequest(Owner(owner), todo_id, command, actor=owner))
    except TodoIsDeleted:
        execute.execute(execute.CommandRequest(Owner(owner), todo_id, Restore(), actor=owner))


def _audit(ground: Ground, events: list[Event], owners: list[str]) -> list[str]:
    items = ground.view_items()
    newest = audit.heads(events)
    found = [
        *audit.streams(events),
        *audit.rows(newest, items),
        *audit.tallies(newest, items),
        *audit.log(items, set(), events),
    ]
    for owner in owners:
        reader = Reader(owner)
        reader.page_size = 100
        reader.start_from_the_first_revision()
        reader.read_to_the_end()
        found += audit.feed(reader, newest, items)
    return found
