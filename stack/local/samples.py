"""The sample todos that a new ledger begins with."""

from __future__ import annotations

from stack.local.local_stack import LocalStack
from stack.local.state import REPOSITORY

OWNER = "demo"
FILE = REPOSITORY / "samples" / "todos.json"


def load_into(stack: LocalStack) -> bool:
    """Load the samples if the ledger holds no event at all; whether it did."""
    if not _is_new(stack):
        return False
    stack.run("loaders", str(FILE.relative_to(REPOSITORY)), "--owner", OWNER)
    return True


def _is_new(stack: LocalStack) -> bool:
    found = stack.deployment.client("dynamodb").scan(TableName=stack.deployed()["EventsTableName"], Limit=1)
    return not found["Items"]
