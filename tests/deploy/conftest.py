"""An account of these tests' own on a bare engine, and a copy of the project that is configured for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stack.local import launch, process
from stack.local.state import State
from tests.deploy.account import Account, copy_repository


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Nothing is deployed there yet."""
    directory = tmp_path_factory.mktemp("account")
    state = State(directory / "state")
    state.directory.mkdir()
    engine = launch.start(state, 0, attached=True)
    try:
        copy_repository(directory / "project")
        yield Account(state, engine, directory / "project")
    finally:
        process.kill(engine)
