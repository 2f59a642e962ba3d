"""As much of IAM's evaluation as the policies here use: allowing statements, wildcards, and DynamoDB's leading keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.operate.recorded.calls import Call

LEADING_KEYS = {"ForAllValues:StringEquals": "dynamodb:LeadingKeys"}


@dataclass(frozen=True, slots=True)
class Grant:
    """One action on one resource that a policy allows; `leading_keys` None means any."""

    sid: str
    action: str
    resource: str
    leading_keys: frozenset[str] | None

    def covers(self, call: Call) -> bool:
        return (
            self.action.lower() == call.action.lower()
            and _matches(self.resource, call.resource)
            and (self.leading_keys is None or call.leading_keys <= self.leading_keys)
        )


def grants(policy: dict[str, Any]) -> Iterator[Grant]:
    """Every action of a policy with every resource that it stands beside."""
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        keys = None
        for operator, condition in statement.get("Condition", {}).items():
            (name,) = condition
            assert LEADING_KEYS[operator] == name
            keys = frozenset(condition[name])
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                yield Grant(statement["Sid"], action, resource, keys)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _matches(pattern: str, text: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, text) is not None
