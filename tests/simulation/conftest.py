"""An engine without anything deployed on it, for what asks DynamoDB alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stack.aws import local_client
from stack.local import launch, process
from stack.local.state import State
from tests.simulation.contract import TABLE


@pytest.fixture
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of it; it has the contract's table."""
    state = State(tmp_path_factory.mktemp("engine"))
    state.directory.mkdir(parents=True, exist_ok=True)
    engine = launch.start(state, 0, attached=True)
    client = local_client("dynamodb", engine.endpoint)
    client.create_table(**TABLE)
    yield client
    process.kill(engine)
