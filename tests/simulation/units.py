"""Write units (AWS: one for each started KB, twice that in a transaction), computed from what is sent.

An index entry that appears, goes or changes is a write of its own; one whose key changes is two. A transaction doubles
what the table's own items cost, and leaves the index entries at what they cost alone.
"""

from __future__ import annotations

from typing import Any

from chalicelib.aws import dynamodb
from chalicelib.commands import execute
from chalicelib.todos.decide import Command, Create, Patch
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS
from chalicelib.todos.ids import Owner
from chalicelib.triggers import project
from tests.simulation.expressions import Item
from tests.simulation.mutants import counted_by_add
from tests.simulation.seams import VIEWS, Seat, installed
from tests.simulation.tables import Table
from tests.simulation.world import World

KILOBYTE = 1024
IN_A_TRANSACTION = 2
BATCH = 90
# (key, owner, expiry): what powertools keeps for each event that was seen.
IDEMPOTENCY_RECORD: Item = {"id": {"S": "x" * 60}, "expiration": {"N": "1800000000"}, "status": {"S": "COMPLETED"}}


def of_write(table: Table, before: Item | None, after: Item | None) -> int:
    """The units of one item's write within a transaction."""
    total = IN_A_TRANSACTION * max(_units(before), _units(after), 1)
    for index in table.indexes.values():
        if index.name == "by_revision":
            # Only the simulator's mutant has it.
            continue
        old, new = (index.seen_in(item) if item and index.holds(item) else None for item in (before, after))
        if old == new:
            continue
        moved = old and new and old[index.range_key or ""] != new[index.range_key or ""]
        total += _units(old) + _units(new) if moved else max(_units(old), _units(new))
    return total


def _units(item: Item | None) -> int:
    size = sum(len(name) + len(str(next(iter(value.values()))).encode()) for name, value in (item or {}).items())
    return -(-size // KILOBYTE)


class _Meter:
    """The client, which counts the units of each transaction that is carried out."""

    def __init__(self, client: Any, world: World) -> None:
        self._client = client
        self._table = world.engine.tables[VIEWS]
        self.units = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        for action in request["TransactItems"]:
            ((kind, body),) = action.items()
            item = body.get("Item")
            before = self._table.get(self._table.key_of(item or body["Key"]))
            after = before if kind == "Update" else item
            self.units += of_write(self._table, before, after)
        return self._client.transact_write_items(**request)


def of_projection(seat: Seat, how_many: int, first: list[Command], then: Command, by_add: bool = False) -> float:
    """Units for each event when `then` is done to so many todos of one owner, all in one batch."""
    world = World(0, seat, page_items=1000)
    handle = counted_by_add(world) if by_add else project.handle
    for command in [*first, then]:
        if command is then:
            _deliver(handle, world)
            seat.client = meter = _Meter(seat.client, world)
            start = len(world.records)
        for number in range(how_many):
            todo_id = f"0197e1f0-0000-7000-8000-{number:012d}"
            execute.execute(execute.CommandRequest(Owner("owner"), todo_id, command, actor="owner"))
    _deliver(handle, world, start)
    assert dynamodb.client() is seat
    return meter.units / how_many


def _deliver(handle: Any, world: World, start: int = 0) -> None:
    records = [{"dynamodb": {"NewImage": image}} for image in world.records[start:]]
    for position in range(0, len(records), BATCH):
        handle({"Records": records[position : position + BATCH]})


def table() -> list[tuple[str, float, float]]:
    """What is done, and the units for each event alone and in a batch of `BATCH`."""
    create = Create({name: DEFAULTS[name] for name in CONTENT_FIELDS} | {"title": "A todo of the usual kind"})
    edit, complete = Patch({"notes": "Something else"}), Patch({"completed": True})
    record = IN_A_TRANSACTION * _units(IDEMPOTENCY_RECORD)
    with installed() as seat:

        def both(first: list[Command], then: Command, by_add: bool = False) -> tuple[float, float]:
            return of_projection(seat, 1, first, then, by_add), of_projection(seat, BATCH, first, then, by_add)

        counter = both([create], complete, by_add=True)
        return [
            ("ours: an edit", *both([create], edit)),
            ("ours: a completion", *both([create], complete)),
            ("ours: a creation", *both([], create)),
            ("ADD with a token: a completion, the owner's counter alone", *counter),
            ("ADD with a record for each event: the same", counter[0] + record, counter[1] + record),
        ]
