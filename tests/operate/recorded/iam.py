"""As much of IAM's evaluation as the policies here use: allowing statements, wildcards, and DynamoDB's leading keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.operate.recorded.calls import Call

LEADING_KEYS = "dynamodb:LeadingKeys"


@dataclass(frozen=True, slots=True)
class Grant:
    """One action on one resource that a policy allows; `leading_keys` None means any but those of `other_keys`."""

    sid: str
    action: str
    resource: str
    leading_keys: frozenset[str] | None
    other_keys: frozenset[str] = frozenset()

    def covers(self, call: Call) -> bool:
        return (
            self.action.lower() == call.action.lower()
            and _matches(self.resource, call.resource)
            and (self.leading_keys is None or call.leading_keys <= self.leading_keys)
            and not call.leading_keys & self.other_keys
        )


def grants(policy: dict[str, Any]) -> Iterator[Grant]:
    """Every action of a policy with every resource that it stands beside."""
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        condition = dict(statement.get("Condition", {}))
        equal = condition.pop("ForAllValues:StringEquals", None)
        unequal = condition.pop("ForAllValues:StringNotEquals", {LEADING_KEYS: []})
        assert condition == {}
        keys = None if equal is None else _keys(equal)
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                yield Grant(statement["Sid"], action, resource, keys, _keys(unequal))


def _keys(condition: dict[str, list[str]]) -> frozenset[str]:
    assert set(condition) == {LEADING_KEYS}
    return frozenset(condition[LEADING_KEYS])


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _matches(pattern: str, text: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, text) is not None
