"""The local engine's evaluation of the conditions of the service's own queries."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from chalicelib.aws import dynamodb
from stack.local.emulator import comparing_keys

SLOT = "KeyConditionExpression"


def arguments(item: dict[str, Any], request: dict[str, Any]) -> tuple[Any, ...]:
    values, names = request["ExpressionAttributeValues"], request["ExpressionAttributeNames"]
    return request[SLOT], item, values, names


@pytest.mark.parametrize(
    ("owner", "sort_key", "expected"),
    [
        ("sam", "todo#1", True),
        ("sam", "todo#5", True),
        ("sam", "todo#9", True),
        ("sam", "todo#0", False),
        ("sam", "todo#91", False),
        ("kim", "todo#5", False),
    ],
)
def test_keys_are_compared(owner: str, sort_key: str, expected: bool) -> None:
    evaluate = Mock()
    request = dynamodb.between("views", "sam", "todo#1", "todo#9")
    item = {"owner": {"S": owner}, "sk": {"S": sort_key}}
    assert comparing_keys(evaluate)(*arguments(item, request), slot=SLOT) is expected
    evaluate.assert_not_called()


def test_everything_else_is_the_emulators() -> None:
    evaluate = Mock()
    request = dynamodb.between("views", "sam", "todo#1", "todo#9")
    whole = {"owner": {"S": "sam"}, "sk": {"S": "todo#5"}}
    comparing_keys(evaluate)(*arguments(whole, request), slot="FilterExpression")
    comparing_keys(evaluate)(*arguments(whole, {**request, SLOT: "#owner = :owner"}), slot=SLOT)
    comparing_keys(evaluate)(*arguments({"owner": {"S": "sam"}}, request), slot=SLOT)
    comparing_keys(evaluate)(*arguments({"owner": {"S": "sam"}, "sk": {"N": "1"}}, request), slot=SLOT)
    assert evaluate.call_count == 4
