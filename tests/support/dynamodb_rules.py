"""What DynamoDB refuses, though engines on this machine may take it: reserved words as names, and keys too long.

- Reserved words: Amazon DynamoDB Developer Guide, "Reserved words in DynamoDB".
- Keys: the same, "Quotas and limits": a partition key has 1 to 2,048 bytes, a sort key 1 to 1,024, in indexes too. A
  query's key condition is held to the same bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from chalicelib.views import schema
from tests.support.paths import DATA
from tests.support.tables import definition

RESERVED: Final = frozenset(
    line for line in (DATA / "dynamodb-reserved-words.txt").read_text().splitlines() if not line.startswith("#")
)
EXPRESSIONS: Final = (
    "KeyConditionExpression", "ConditionExpression", "FilterExpression", "ProjectionExpression", "UpdateExpression",
)  # fmt: skip
# By the role of the attribute in a key.
MAX_KEY_BYTES: Final = {"HASH": 2048, "RANGE": 1024}

# In capitals, as the project writes them: an attribute of such a name in small letters is found.
_KEYWORDS: Final = frozenset({"AND", "OR", "NOT", "IN", "BETWEEN", "SET", "ADD", "REMOVE", "DELETE"})
_NAME: Final = re.compile(r"(?<![\w#:])[A-Za-z_]\w*(?!\s*\()")
_COMPARISON: Final = re.compile(
    r"(?:begins_with\s*\(\s*(?P<begins>#?\w+)\s*,\s*(?P<prefix>:\w+)\s*\)"
    r"|(?P<name>#?\w+)\s*(?:=|<=|>=|<|>|BETWEEN)\s*(?P<low>:\w+)(?:\s+AND\s+(?P<high>:\w+))?)"
)


class Refused(AssertionError):
    """AWS would refuse this request, or may."""


def reserved_in(expression: str) -> set[str]:
    """The reserved words that an expression uses as names of attributes. Functions and keywords are none."""
    return {name for name in _NAME.findall(expression) if name.upper() in RESERVED and name not in _KEYWORDS}


def key_roles() -> dict[str, str]:
    """The role (HASH or RANGE) of each attribute that is part of a key, in a table or in an index of one."""
    made = [definition(name, name) for name in ("EventsTable", "SettingsTable", "DeliveriesTable")]
    roles: dict[str, str] = {}
    for table in (*made, schema.table_definition("views")):
        indexes = [*table.get("LocalSecondaryIndexes", []), *table.get("GlobalSecondaryIndexes", [])]
        for part in (part for each in (table, *indexes) for part in each["KeySchema"]):
            # An attribute that is both is held to the smaller bound.
            roles[part["AttributeName"]] = max(roles.get(part["AttributeName"], "HASH"), part["KeyType"])
    return roles


def keys_in(request: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every attribute of a key, by name, with its value, in a request or a part of one."""
    roles = _roles()
    for member in ("Key", "Item", "ExclusiveStartKey"):
        for name, value in (request.get(member) or {}).items():
            # A test's own request may have Python's values, which boto3 turns into DynamoDB's JSON later.
            if name in roles and isinstance(value, Mapping):
                yield name, value
    for tables in (request.get("RequestItems") or {}).values():
        for key in tables["Keys"] if isinstance(tables, Mapping) else ():
            yield from keys_in({"Key": key})
    for action in request.get("TransactItems") or ():
        for part in action.values():
            yield from keys_in(part)
    yield from _compared(request)


def check(request: Mapping[str, Any]) -> None:
    """Compare a request, in botocore's parameters, with the rules.

    Raises
    ------
    Refused
    """
    for part in (request, *(part for action in request.get("TransactItems") or () for part in action.values())):
        for name in EXPRESSIONS:
            if found := _reserved_in(part.get(name) or ""):
                raise Refused(f"{name} {part[name]!r} uses reserved words as names: {sorted(found)}")
    for name, value in keys_in(request):
        ((kind, content),) = value.items()
        size = len(content.encode()) if kind == "S" else len(str(content))
        if not 1 <= size <= MAX_KEY_BYTES[_roles()[name]]:
            raise Refused(f"the key attribute {name} has {size} bytes")


def _compared(request: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The values that a key condition compares attributes of a key with."""
    names, values = request.get("ExpressionAttributeNames") or {}, request.get("ExpressionAttributeValues") or {}
    for name, placeholders in _operands(request.get("KeyConditionExpression") or ""):
        stated = names.get(name, name)
        if stated in _roles():
            yield from ((stated, values[placeholder]) for placeholder in placeholders)


@cache
def _operands(condition: str) -> list[tuple[str, list[str]]]:
    return [
        (found["begins"] or found["name"], [each for each in found.group("prefix", "low", "high") if each])
        for found in _COMPARISON.finditer(condition)
    ]


_reserved_in = cache(reserved_in)
_roles = cache(key_roles)
