"""The list of tests that do not hold on DynamoDB Local names tests that exist, each with a reason."""

from __future__ import annotations

import ast

import pytest

from tests.support.dynamodb_local.differences import DIFFERENCES
from tests.support.paths import ROOT


@pytest.mark.parametrize("test", DIFFERENCES)
def test_a_listed_test_exists(test: str) -> None:
    file, _, function = test.partition("::")
    tree = ast.parse((ROOT / file).read_text())
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert DIFFERENCES[test]
