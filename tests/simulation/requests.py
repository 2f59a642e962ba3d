"""What a request asks for: its parameters, conditions and updates."""

from __future__ import annotations

import json
from typing import Any

from tests.simulation import expressions
from tests.simulation.expressions import Item, Unsupported, named
from tests.simulation.tables import Index, Key, Table

Request = dict[str, Any]
Answer = dict[str, Any]

CONDITION = ("ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues")
_IGNORED = {"ReturnConsumedCapacity", "ReturnItemCollectionMetrics", "ReturnValues"}


def only(request: Request, *known: str) -> None:
    unknown = request.keys() - set(known) - _IGNORED
    if unknown:
        raise Unsupported(f"{sorted(unknown)} in a request")


def holds(request: Request, item: Item | None) -> bool:
    if "ConditionExpression" not in request:
        return True
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    return expressions.condition(request["ConditionExpression"])(item, names, values)


def updated(request: Request, item: Item) -> Item:
    new = dict(item)
    names, values = request.get("ExpressionAttributeNames", {}), request["ExpressionAttributeValues"]
    for name, action, (placeholder,) in expressions.update(request["UpdateExpression"]):
        attribute, value = named(name, names), values[placeholder]
        if "SS" in value and action != "SET":
            had = set(new.pop(attribute, {"SS": []})["SS"])
            members = had.union(value["SS"]) if action == "ADD" else had.difference(value["SS"])
            # There are no empty sets.
            new |= {attribute: {"SS": sorted(members)}} if members else {}
            continue
        if action == "DELETE":
            raise expressions.Unsupported(f"DELETE of {value!r}")
        if action == "ADD":
            value = {"N": str(int(new.get(attribute, {"N": "0"})["N"]) + int(value["N"]))}
        new[attribute] = value
    return new


def place(table: Table, index: Index, item: Item) -> Key:
    own = table.key_of(item)
    return own if index.name is None else (expressions.plain(item[index.range_key or ""]), *own)


def digest(request: Request) -> str:
    return json.dumps(request["TransactItems"], sort_keys=True)
