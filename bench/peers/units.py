"""What requests cost on AWS, by the sizes of the items in them.

Amazon DynamoDB Developer Guide, "Read and write operations" and "DynamoDB item sizes and formats".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from bench.peers.recording import Exchange

Item = Mapping[str, Any]
# The item that a request left, by its table and key.
Look = Callable[[str, Item], Item]
# The items of indexes that a put item is in, by its table: their units.
Indexed = Callable[[str, Item], int]

WRITE_BYTES: Final = 1024
READ_BYTES: Final = 4096
EVENTUALLY_CONSISTENT: Final = 0.5
IN_A_TRANSACTION: Final = 2


def size_of(item: Item) -> int:
    """The bytes of an item, names included."""
    return sum(len(name.encode()) + _size_of_value(value) for name, value in item.items())


def _size_of_value(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return (len(content.strip("-").replace(".", "")) + 1) // 2 + 1
        case "B":
            # It is Base64.
            return len(content) * 3 // 4
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + _size_of_value(each) for each in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size_of_value(each) for name, each in content.items())
    raise ValueError(f"a value of the kind {kind}")


def written(exchanges: list[Exchange], look: Look, indexed: Indexed) -> int:
    """Write units of requests that were carried out."""
    return sum(_of_writes(each, look, indexed) for each in exchanges)


def _of_writes(exchange: Exchange, look: Look, indexed: Indexed) -> int:
    request = exchange.request

    def put(table: str, item: Item) -> int:
        return of_write(item) + indexed(table, item)

    match exchange.operation:
        case "PutItem":
            return put(request["TableName"], request["Item"])
        case "UpdateItem":
            return of_write(look(request["TableName"], request["Key"]))
        case "BatchWriteItem":
            return sum(
                put(table, each["PutRequest"]["Item"])
                for table, requests in request["RequestItems"].items()
                for each in requests
            )
        case "TransactWriteItems":
            puts = [each["Put"] for each in request["TransactItems"]]
            return sum(
                IN_A_TRANSACTION * of_write(each["Item"]) + indexed(each["TableName"], each["Item"]) for each in puts
            )
    return 0


def of_write(item: Item) -> int:
    """Units of writing an item, outside a transaction."""
    return max(1, math.ceil(size_of(item) / WRITE_BYTES))


def read(exchanges: list[Exchange]) -> float:
    """Read units of requests."""
    return sum(_of_reads(each) for each in exchanges)


def _of_reads(exchange: Exchange) -> float:
    request, answer = exchange.request, exchange.answer
    match exchange.operation:
        case "Query":
            size = sum(map(size_of, answer["Items"]))
            return _read_units(size, is_consistent=request.get("ConsistentRead", False))
        case "GetItem":
            return _read_units(size_of(answer.get("Item", {})), is_consistent=request.get("ConsistentRead", False))
        case "BatchGetItem":
            total = 0.0
            for table, wanted in request["RequestItems"].items():
                is_consistent = wanted.get("ConsistentRead", False)
                found = answer["Responses"].get(table, [])
                missing = len(wanted["Keys"]) - len(found)
                total += sum(_read_units(size_of(item), is_consistent=is_consistent) for item in found)
                total += missing * _read_units(0, is_consistent=is_consistent)
            return total
    return 0


def _read_units(size: int, *, is_consistent: bool) -> float:
    units = max(1, math.ceil(size / READ_BYTES))
    return units if is_consistent else units * EVENTUALLY_CONSISTENT
