"""Tables in memory: items by key, partitions in the order of their sort keys, indexes, and the stream of new images."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.expressions import Comparison, Item, Names, Unsupported, Values, compare, named, plain

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """The key of a table or of one of its indexes, and which attributes are in it (None: all)."""

    name: str | None
    hash_key: str
    range_key: str | None
    projected: frozenset[str] | None = None
    is_local: bool = True

    def holds(self, item: Item) -> bool:
        """Whether an item stands in it: indexes are sparse."""
        return self.hash_key in item and (self.range_key is None or self.range_key in item)

    def seen_in(self, item: Item) -> Item:
        if self.projected is None:
            return item
        return {name: value for name, value in item.items() if name in self.projected}


@dataclass(slots=True)
class Partition:
    items: dict[Any, Item] = field(default_factory=dict)
    order: list[Any] = field(default_factory=list)


class Table:
    """
    Attributes
    ----------
    being_written : mapping of key to transaction
        The items of transactions under way: no other write may touch them.
    stream : list of Item
        The new image of every write, in the order in which they became visible.
    active_at : int
        From when on (milliseconds since 1970) it can be used.
    ttl_attribute : str or None
        What says (seconds since 1970) from when on an item may be removed.
    not_indexed : set of key
        The items that global indexes do not have yet.
    on_new : callable
        Is told the key of each new item, as soon as it is visible.
    """

    def __init__(self, definition: dict[str, Any]) -> None:
        self.name: str = definition["TableName"]
        self.key = _index(None, definition, None)
        indexes = [(index, True) for index in definition.get("LocalSecondaryIndexes", [])]
        indexes += [(index, False) for index in definition.get("GlobalSecondaryIndexes", [])]
        self.indexes = {
            index["IndexName"]: _index(index["IndexName"], index, self.key, is_local) for index, is_local in indexes
        }
        self.partitions: dict[Any, Partition] = {}
        self.being_written: dict[Key, object] = {}
        self.stream: list[Item] = []
        self.active_at = 0
        self.ttl_attribute: str | None = None
        self.not_indexed: set[Key] = set()
        self.on_new: Callable[[Key], None] = lambda key: None
        self._has_stream = "StreamSpecification" in definition

    def key_of(self, item: Item) -> Key:
        if self.key.range_key is None:
            return (plain(item[self.key.hash_key]), b"")
        return plain(item[self.key.hash_key]), plain(item[self.key.range_key])

    def get(self, key: Key) -> Item | None:
        partition = self.partitions.get(key[0])
        return None if partition is None else partition.items.get(key[1])

    def put(self, key: Key, item: Item) -> None:
        partition = self.partitions.get(key[0])
        if partition is None:
            partition = self.partitions[key[0]] = Partition()
        before = partition.items.get(key[1])
        if before is None:
            insort(partition.order, key[1])
        partition.items[key[1]] = item
        if before is None:
            self.on_new(key)
        # A write that changes nothing leaves no record.
        if self._has_stream and before != item:
            self.stream.append(item)

    def delete(self, key: Key) -> None:
        partition = self.partitions.get(key[0])
        if partition is not None and partition.items.pop(key[1], None) is not None:
            del partition.order[bisect_left(partition.order, key[1])]

    def all(self) -> list[Item]:
        """Every item, partition by partition, each in order."""
        return [part.items[sort_key] for part in self.partitions.values() for sort_key in part.order]

    def matching(self, index: Index, comparisons: tuple[Comparison, ...], names: Names, values: Values) -> list[Item]:
        """The items of one partition of an index that a key condition selects, in its order."""
        hashed, ranged = _split(index, comparisons, names)
        wanted = plain(values[hashed[2][0]])
        if index.name is not None:
            return self._in_index(index, wanted, ranged, values)
        partition = self.partitions.get(wanted)
        if partition is None:
            return []
        low, high = _bounds(partition.order, ranged, values)
        return [partition.items[sort_key] for sort_key in partition.order[low:high]]

    def _in_index(self, index: Index, wanted: Any, ranged: Comparison | None, values: Values) -> list[Item]:
        # Sorted for each query: no schedule has enough items for more.
        if index.is_local:
            partition = self.partitions.get(wanted)
            candidates = list(partition.items.values()) if partition else []
        else:
            candidates = [item for item in self.all() if self.key_of(item) not in self.not_indexed]
        found = [item for item in candidates if index.holds(item) and plain(item[index.hash_key]) == wanted]
        if ranged is not None:
            operands = [values[operand] for operand in ranged[2]]
            found = [item for item in found if compare(item[index.range_key or ""], ranged[1], operands)]
        return sorted(found, key=lambda item: (plain(item[index.range_key or ""]), self.key_of(item)))


def _split(index: Index, comparisons: tuple[Comparison, ...], names: Names) -> tuple[Comparison, Comparison | None]:
    hashed: Comparison | None = None
    ranged: Comparison | None = None
    for comparison in comparisons:
        name = named(comparison[0], names)
        if name == index.hash_key and comparison[1] == "=" and hashed is None:
            hashed = comparison
        elif name == index.range_key and comparison[1] != "<>" and ranged is None:
            ranged = comparison
        else:
            raise Unsupported(f"key condition {comparison}")
    if hashed is None:
        raise Unsupported("a query without its partition")
    return hashed, ranged


def _bounds(order: list[Any], ranged: Comparison | None, values: Values) -> tuple[int, int]:
    """Between which positions the sort keys lie that a comparison selects."""
    if ranged is None:
        return 0, len(order)
    limits = [plain(values[operand]) for operand in ranged[2]]
    if limits[-1:] and order and type(order[0]) is not type(limits[0]):
        raise Unsupported("a sort key compared with another type")
    match ranged[1]:
        case "=":
            return bisect_left(order, limits[0]), bisect_right(order, limits[0])
        case "<":
            return 0, bisect_left(order, limits[0])
        case "<=":
            return 0, bisect_right(order, limits[0])
        case ">":
            return bisect_right(order, limits[0]), len(order)
        case ">=":
            return bisect_left(order, limits[0]), len(order)
        case "BETWEEN":
            return bisect_left(order, limits[0]), bisect_right(order, limits[1])
        case "begins_with":
            # 0xFF follows every byte of UTF-8.
            return bisect_left(order, limits[0]), bisect_left(order, limits[0] + b"\xff")
    raise Unsupported(f"key condition {ranged}")


def _index(name: str | None, definition: dict[str, Any], table: Index | None, is_local: bool = True) -> Index:
    roles = {part["KeyType"]: part["AttributeName"] for part in definition["KeySchema"]}
    hash_key, range_key = roles["HASH"], roles.get("RANGE")
    projection = definition.get("Projection", {"ProjectionType": "ALL"})
    projected = None
    if table is not None and projection["ProjectionType"] != "ALL":
        keys = {hash_key, range_key, table.hash_key, table.range_key} - {None}
        projected = frozenset(str(key) for key in keys) | frozenset(projection.get("NonKeyAttributes", []))
    return Index(name, hash_key, range_key, projected, is_local)
