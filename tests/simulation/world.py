"""One schedule's world: the tables, the queues, the processes, and what the test itself may know of them."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Any

from chalicelib.aws import settings_table
from chalicelib.aws.botocore_client import translated
from chalicelib.commands import execute
from chalicelib.ledger import codec
from chalicelib.rebuild.state import AUDIT, DRAIN, FILL, SWITCH, State
from chalicelib.todos.events import Event
from chalicelib.views import current, schema
from chalicelib.views.pointer import RECORD_KEY, Pointer
from tests.simulation import answers
from tests.simulation.client import SimulatedClient
from tests.simulation.engine import Engine
from tests.simulation.expressions import Item
from tests.simulation.faults import Fault, Faults
from tests.simulation.queues import SimulatedQueues
from tests.simulation.scheduler import Crash, Scheduler
from tests.simulation.seams import CLEAR, EVENTS, QUARANTINE, REMIND, SETTINGS, VIEWS, Seat
from tests.simulation.tables import Table
from tests.simulation.topic import SimulatedTopic
from tests.support.tables import definition, pointer_to

# Smaller than any page of DynamoDB's, so that there are second pages.
PAGE_ITEMS = 7
# DynamoDB promises an order for Query only; the local engine's Scan orders versions as text, and so does this.
SCANS_AS_TEXT = True


POINTER: Item = pointer_to(VIEWS)
# For how long processes remember the pointer (each schedule draws its own): from some steps to most of an invocation.
REMEMBERED_SECONDS = (0.5, 2.0, 5.0)


@cache
def definitions() -> list[dict[str, Any]]:
    """The events, settings and views tables as the deployment makes them."""
    events, settings = definition("EventsTable", EVENTS, has_stream=True), definition("SettingsTable", SETTINGS)
    return [events, settings, schema.table_definition(VIEWS)]


def with_an_index_by_revision(views: dict[str, Any]) -> dict[str, Any]:
    """The views table with an index that only a mutant reads."""
    by_revision = {
        "IndexName": "by_revision",
        "KeySchema": [
            {"AttributeName": "owner", "KeyType": "HASH"},
            {"AttributeName": "revision", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }
    return {**views, "LocalSecondaryIndexes": [*views["LocalSecondaryIndexes"], by_revision]}


class World:
    """
    Attributes
    ----------
    draw : random.Random
    expired : mapping of str to set of (str, str)
        By views table, the keys (owner, sort key) of what the TTL has removed.
    outdated : list of str
        Pointers that a process used too late: `project` no longer writes what it names for readers, or a rebuild
        relies on `project` to write a table that it does not name.
    """

    def __init__(
        self, seed: int, seat: Seat, page_items: int = PAGE_ITEMS, *, fails_at_seldom_calls: bool = False
    ) -> None:
        self.scheduler = Scheduler(seed, seat.hits)
        self.draw = self.scheduler.draw
        seldom = random.Random(f"seldom {seed}") if fails_at_seldom_calls else None
        self.faults = Faults(self.draw, seat.hits, seldom)
        self.engine = Engine(self.now, page_items, SCANS_AS_TEXT)
        events, settings, views = definitions()
        for table in (events, settings, with_an_index_by_revision(views)):
            self.engine.create_table(table)
        self.engine.tables[VIEWS].ttl_attribute = schema.TTL_ATTRIBUTE
        self.engine.tables[SETTINGS].ttl_attribute = settings_table.TTL_ATTRIBUTE
        seconds = random.Random(f"memory {seed}").choice(REMEMBERED_SECONDS)
        remembered = {"remembered_seconds": {"N": str(seconds)}}
        self.engine.put_item({"TableName": SETTINGS, "Item": POINTER | remembered})
        self.queues = SimulatedQueues(QUARANTINE, REMIND, CLEAR, before_each=self._before_a_message)
        self.expired: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        self.outdated: list[str] = []
        self._decoded: dict[tuple[str, str], Event] = {}
        seat.client = SimulatedClient(self.engine, self.scheduler, self.faults)
        self.topic = SimulatedTopic(self.scheduler, self.faults)
        seat.queues = self.queues
        seat.topic = self.topic
        seat.now = self.now
        seat.pause = self.scheduler.pause
        seat.watch = self._watch
        seat.chance = random.Random(seed)
        Memory()

    def now(self) -> int:
        """Milliseconds since 1970."""
        return self.scheduler.now

    def spawn(self, name: str, function: Any, memory: Memory | None = None) -> None:
        memory = memory or Memory()
        self.scheduler.spawn(name, function, memory.remember)

    def _before_a_message(self) -> None:
        """What befalls a call to a queue: nothing, the caller's end, or no connection."""
        self.scheduler.pause()
        fault = self.faults.next("SendMessage")
        if fault is Fault.CRASH_BEFORE:
            raise Crash
        if fault is not None:
            raise translated(answers.no_connection())

    @property
    def records(self) -> list[Item]:
        """The stream: the image of every event, in the order in which they were written."""
        return self.engine.tables[EVENTS].stream

    def event_items(self, stream: str) -> list[Item]:
        """A stream as the events table holds it, versions ascending."""
        partition = self.engine.tables[EVENTS].partitions.get(stream.encode())
        return [] if partition is None else [partition.items[version] for version in partition.order]

    def events(self, stream: str) -> list[Event]:
        return [self.event(item) for item in self.event_items(stream)]

    def event(self, item: Item) -> Event:
        """What an item of the events table says; no event ever changes."""
        key = item["stream_id"]["S"], item["version"]["N"]
        if key not in self._decoded:
            self._decoded[key] = codec.decode(item)
        return self._decoded[key]

    def commits(self) -> list[list[Event]]:
        """The events of each write to the ledger, in the order in which these were decided."""
        return [[self.event(item) for item in items] for name, items in self.engine.committed if name == EVENTS]

    def all_events_in_order(self) -> list[Event]:
        """In the order in which they were decided."""
        return [event for events in self.commits() for event in events]

    def all_events(self) -> list[Event]:
        return [self.event(item) for item in self.engine.tables[EVENTS].all()]

    @property
    def views(self) -> Table:
        """The views table that the pointer has readers read."""
        return self.engine.tables[self._setting(schema.POINTER_KEY)["reader"]["S"]]

    def view_items(self) -> list[Item]:
        return self.views.all()

    def _setting(self, key: Item) -> Item:
        item: Item = self.engine.call("GetItem", {"TableName": SETTINGS, "Key": key}).get("Item", {})
        return item

    def _watch(self, used: Pointer) -> None:
        if {"S": used.reader} not in self._setting(schema.POINTER_KEY)["tables"]["L"]:
            self.outdated.append(f"{used} is read by")
        record = self._setting(RECORD_KEY)
        if record:
            rebuild = State.from_json(record["state"]["S"])
            if rebuild.step in (FILL, AUDIT, SWITCH, DRAIN) and rebuild.table not in used.tables:
                self.outdated.append(f"{used} is written by, in step {rebuild.step} of {rebuild.table}")


@dataclass
class Memory:
    """What one warm process knows: the newest events, and the pointer to the views."""

    def __post_init__(self) -> None:
        self.forget()

    def remember(self) -> None:
        execute._latest_events = self._events  # type: ignore[misc]
        current._memory = self._pointer

    def forget(self) -> None:
        self._pointer = current.Memory()
        self._events = execute._LatestEvents(4)
        self.remember()


class Sweeper:
    """The TTL, which removes what has expired at any time after, in any order."""

    def __init__(self, world: World) -> None:
        self.began = world.scheduler.now
        self._world = world

    def step(self, draw: random.Random) -> bool:
        seconds = self._world.scheduler.now // 1000
        gone = [
            (table, item)
            for table in self._world.engine.tables.values()
            if table.ttl_attribute is not None
            for item in table.all()
            if int(item.get(table.ttl_attribute, {"N": str(seconds)})["N"]) < seconds
            and table.key_of(item) not in table.being_written
        ]
        if gone:
            table, item = draw.choice(gone)
            table.delete(table.key_of(item))
            self._world.expired[table.name].add((item["owner"]["S"], item["sk"]["S"]))
        return bool(gone)
