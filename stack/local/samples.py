"""The sample todos of a new ledger."""

from __future__ import annotations

from stack.local.local_stack import LocalStack

OWNER = "demo"
FILE = "samples/todos.json"


def load_into(stack: LocalStack) -> bool:
    """Load the sample todos if the ledger has no events; False if it has."""
    if not _is_new(stack):
        return False
    stack.run_module("loaders", FILE, "--owner", OWNER)
    return True


def _is_new(stack: LocalStack) -> bool:
    found = stack.deployment.client("dynamodb").scan(TableName=stack.deployed()["EventsTableName"], Limit=1)
    return not found["Items"]
